import { describe, expect, it } from 'vitest'
import { airSpans, placeOf, statisticOf } from './air'

describe('spans of air', () => {
  const known = { spans: ['2026-Q1', '2026-03', '2026', '2025-12'], days: ['2026-03-02', '2026-03-01'], editions: [] }
  it('are those of one length', () => {
    expect(airSpans(known, 'day')).toEqual(known.days)
    expect(airSpans(known, 'month')).toEqual(['2026-03', '2025-12'])
    expect(airSpans(known, 'quarter')).toEqual(['2026-Q1'])
    expect(airSpans(known, 'year')).toEqual(['2026'])
  })
})

describe('rows of air', () => {
  it('are of the city, a county or a station', () => {
    expect(['@', '@kc', 'as01'].map((code) => placeOf({ code }))).toEqual(['city', 'county', 'station'])
  })
  it('stand by the statistic that the rule takes', () => {
    const value = { value: '0.7', percentile: '1.2', iaqi: null, count: 31, valid: true }
    expect(statisticOf({ ...value, pollutant: 'CO' })).toBe('1.2')
    expect(statisticOf({ ...value, pollutant: 'SO2' })).toBe('0.7')
  })
})
