import { describe, expect, it } from 'vitest'
import { atOf, isMaking, secondsIn, secondsOf, verdictOf, window } from './event'
import type { EventDetail, EventFile } from './types'

const clip = { kind: 'clip', name: 'clip.mp4', from: '2026-11-30T01:00:00.000Z', to: '2026-11-30T01:00:30.000Z' } as EventFile
const event = {
  entered_at: '2026-11-30T01:00:05Z',
  left_at: '2026-11-30T01:00:25Z',
  files: [clip],
  suspicion_span: { from: '2026-11-30T00:10:00Z', to: '2026-11-30T01:05:00Z', points: 5, values: 40 },
} as EventDetail
const time = (ms: number) => new Date(ms).toISOString().slice(11, 19)

describe('clip and curve', () => {
  it('are one axis', () => {
    expect(atOf(clip, 7.5)).toBe(Date.parse('2026-11-30T01:00:07.5Z'))
    expect(secondsOf(clip, Date.parse('2026-11-30T01:00:07.5Z'))).toBe(7.5)
  })
  it('outside of the clip its nearer end is meant', () => {
    expect(secondsOf(clip, Date.parse('2026-11-30T00:00:00Z'))).toBe(0)
    expect(secondsOf(clip, Date.parse('2026-11-30T02:00:00Z'))).toBe(30)
  })
  it('a clip may come for eleven minutes after somebody left', () => {
    const left = Date.parse(event.left_at ?? '')
    expect([isMaking(event, left + 600_000), isMaking(event, left + 660_000), isMaking({ left_at: null }, left)]).toEqual([true, false, false])
  })
  it('without a clip there is none', () => {
    expect([atOf(undefined, 1), secondsOf(undefined, 1)]).toEqual([undefined, undefined])
  })
  it('the window holds the clip, and the suspicion when there is room', () => {
    const near = window(event, 'near', 0)
    expect([time(near.from), time(near.to)]).toEqual(['00:58:05', '01:02:25'])
    const around = window(event, 'around', 0)
    expect([time(around.from), time(around.to)]).toEqual(['00:09:00', '01:30:25'])
  })
})

describe('an event', () => {
  it('lasts until now while somebody is inside', () => {
    const open = { entered_at: '2026-11-30T01:00:00Z', left_at: null, seconds: null } as EventDetail
    expect(secondsIn(open, Date.parse('2026-11-30T01:00:42Z'))).toBe(42)
  })
  it('is judged by the keys 1 to 4 and no others', () => {
    expect(['1', '2', '3', '4'].map((k) => verdictOf(k))).toEqual(['person', 'maintenance', 'animal', 'false'])
    expect(['5', '0', 'a', '', '12'].map((k) => verdictOf(k))).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(verdictOf('1', true)).toBeUndefined()
  })
})
