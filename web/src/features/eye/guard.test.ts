import { describe, expect, it } from 'vitest'
import { byUrgency, counts, sees, spanText, step } from './guard'
import type { Camera, GuardState } from './types'

const cam = (code: string, state: GuardState, since = '2026-11-30T01:00:00Z') =>
  ({ code, station: code.slice(0, 2), guard: { state, since, reason: null, reason_words: null, blind_today_s: 0, intrusions_today: 0 } }) as Camera
const say = (key: string, named: Record<string, unknown> = {}) => `${key.slice('eye.span.'.length)} ${Object.values(named).join(' ')}`

describe('the wall', () => {
  it('has the newest intrusion first, then who has been blind longest, then by station', () => {
    const all = [
      cam('b1', 'guarded'),
      cam('a1', 'off'),
      cam('c1', 'blind', '2026-11-30T02:00:00Z'),
      cam('c2', 'blind', '2026-11-30T01:00:00Z'),
      cam('d1', 'intrusion', '2026-11-30T01:00:00Z'),
      cam('d2', 'intrusion', '2026-11-30T02:00:00Z'),
      cam('a2', 'guarded'),
    ]
    expect(all.sort(byUrgency).map((c) => c.code)).toEqual(['d2', 'd1', 'c2', 'c1', 'a2', 'b1', 'a1'])
    expect(counts(all)).toEqual({ intrusion: 2, blind: 2, guarded: 2, off: 1 })
  })
  it('shows no picture of a camera that is blind or off', () => {
    expect((['guarded', 'intrusion', 'blind', 'off'] as const).map((s) => sees(cam('a1', s).guard))).toEqual([true, true, false, false])
  })
  it('moves by arrows and stays inside', () => {
    const check = (at: number, key: string, to: number) => expect([at, key, step(at, key, 3, 7)]).toEqual([at, key, to])
    check(0, 'ArrowRight', 1)
    check(0, 'ArrowLeft', 0)
    check(1, 'ArrowDown', 4)
    check(5, 'ArrowDown', 5)
    check(4, 'ArrowUp', 1)
    check(2, 'End', 6)
  })
})

describe('a span of time', () => {
  it('is said in at most two units', () => {
    const check = (seconds: number | null, words: string) => expect(spanText(seconds, say)).toBe(words)
    check(0, 's 0')
    check(59.4, 's 59')
    check(60, 'm 1')
    check(200, 'ms 3 20')
    check(3600, 'h 1')
    check(3_660, 'hm 1 1')
    check(90_000, 'dh 1 1')
    check(null, '—')
  })
})
