import { afterEach, describe, expect, it } from 'vitest'
import { civilMs, formatNumber, formatOffset, formatShare, formatShort, formatTime, formatValue, fromCivil, setZone } from './format'

afterEach(() => setZone('Asia/Shanghai'))

describe('times', () => {
  it('are those of the city, not of the browser', () => {
    expect(formatTime('2026-02-28T16:30:05Z')).toBe('2026-03-01 00:30')
    expect(formatTime('2026-02-28T16:30:05Z', 'second')).toBe('2026-03-01 00:30:05')
    expect(formatTime('2026-02-28T15:59:59Z', 'day')).toBe('2026-02-28')
  })
  it('that are absent or unreadable are a dash', () => {
    expect([null, undefined, '', 'soon'].map((t) => formatTime(t))).toEqual(['—', '—', '—', '—'])
  })
  it('are short when it is today', () => {
    const now = new Date('2026-03-01T10:00:00Z')
    expect(formatShort('2026-03-01T00:30:00Z', now)).toBe('08:30:00')
    expect(formatShort('2026-02-27T00:30:00Z', now)).toBe('02-27 08:30')
  })
  it('that a person types come back as typed', () => {
    expect(fromCivil('2026-03-01 08:00:00')).toBe('2026-03-01T00:00:00.000Z')
    setZone('America/New_York')
    // 2026-03-08 02:00 is the moment clocks jump; an hour later the offset is the other one.
    expect(formatTime(fromCivil('2026-03-08 03:30:00'))).toBe('2026-03-08 03:30')
    expect(formatTime(fromCivil('2026-03-08 01:30:00'))).toBe('2026-03-08 01:30')
  })
  it('are shifted for axes that know no zones', () => {
    expect(new Date(civilMs('2026-02-28T16:30:05.250Z')).toISOString()).toBe('2026-03-01T00:30:05.250Z')
  })
})

describe('values', () => {
  it('are shown as sent', () => {
    expect(formatValue('0.10', 'mg/L')).toBe('0.10 mg/L')
    expect(formatValue('35', 'ug/m3')).toBe('35 μg/m³')
    expect(formatValue('7.80', 'pH')).toBe('7.80')
    expect(formatValue(null, 'mg/L')).toBe('—')
  })
  it('on axes have the decimals of the factor', () => {
    expect(formatNumber(0.9152877043653193, 3)).toBe('0.915')
  })
  it('of other kinds', () => {
    expect([formatShare(0.9666), formatShare(null)]).toEqual(['96.7%', '—'])
    expect([formatOffset(-1234), formatOffset(80), formatOffset(null)]).toEqual(['−1.2 s', '+80 ms', '—'])
  })
})
