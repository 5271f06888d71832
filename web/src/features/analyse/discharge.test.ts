import { describe, expect, it } from 'vitest'
import { dischargeLength, dischargeSpans, isKnownWhy, lowestRate, tally, WHYS } from './discharge'
import type { DischargeFactor } from '@/api/types'
import { en } from '@/i18n/en'
import { zh } from '@/i18n/zh'

describe('spans of discharges', () => {
  const known = { spans: ['2026-Q1', '2026-03', '2026', '2025-12'], days: ['2026-03-02', '2026-03-01'] }
  it('are those of one length', () => {
    expect(dischargeSpans(known, 'day')).toEqual(known.days)
    expect(dischargeSpans(known, 'month')).toEqual(['2026-03', '2025-12'])
    expect(dischargeSpans(known, 'year')).toEqual(['2026'])
  })
  it('say their length', () => {
    expect(['2026-03-01', '2026-03', '2026-Q1', '2026', '2026-W10'].map(dischargeLength)).toEqual(['day', 'month', 'quarter', 'year', undefined])
  })
})

describe('outlets', () => {
  it('are counted by what they were', () => {
    expect(tally([{ verdict: 'within' }, { verdict: 'beyond' }, { verdict: 'within' }, { verdict: 'not_judged' }])).toEqual({ within: 2, beyond: 1, not_judged: 1 })
  })
  it('show the lowest rate that there is', () => {
    const factor = (combined: string | null): DischargeFactor => ({ transmission: combined === null ? null : { due: 24, received: 24, valid: 24, transmission: '100', effective: '100', combined } }) as DischargeFactor
    expect(lowestRate([factor('99.5'), factor(null), factor('95.83')])).toBe(95.83)
    expect(lowestRate([factor(null)])).toBeUndefined()
  })
})

describe('reasons', () => {
  it('have a text in both languages', () => {
    for (const texts of [zh, en]) {
      for (const why of WHYS) expect(texts.discharge.why[why].length).toBeGreaterThan(0)
    }
    expect(isKnownWhy('error')).toBe(false)
  })
})
