import { describe, expect, it } from 'vitest'
import { common, onWay, piece, plume, traceLink, traceOf } from './trace'
import type { TraceCandidate, TraceStretch } from '@/api/types'

const travel = (hours: number) => ({ km: 0, fast_s: hours * 1_800, likely_s: hours * 3_600, slow_s: hours * 7_200 })
const stretch = (side: 'up' | 'down', begin: number, end: number): TraceStretch => ({
  reach: 'r', name: { zh: '河', en: 'river' }, side, line: [[118, 29], [118.1, 29], [118.2, 29]], length_km: 20, from_km: 0, to_km: 20,
  begin: travel(begin), end: travel(end), velocity: [1, 2, 4], by: 'velocities', mark: 'P',
})
const HOUR = 3_600_000
const during = { from: 0, to: 2 * HOUR }

describe('the plume', () => {
  it('lies where the water was that came to the station', () => {
    const up = stretch('up', 10, 0)
    // four hours before: likely from four to six hours away, possible from two (slow) to twelve (fast) of likely hours
    expect(plume(up, during, -4 * HOUR, true)?.map((s) => Math.round(s * 100))).toEqual([40, 60])
    expect(plume(up, during, -4 * HOUR)?.map((s) => Math.round(s * 100))).toEqual([0, 80])
    expect(plume(up, during, 3 * HOUR)).toBeUndefined()
  })
  it('goes down and out', () => {
    const down = stretch('down', 0, 10)
    expect(plume(down, during, -HOUR)).toBeUndefined()
    expect(plume(down, during, 4 * HOUR, true)?.map((s) => Math.round(s * 100))).toEqual([20, 40])
    expect(plume(down, during, 4 * HOUR)?.map((s) => Math.round(s * 100))).toEqual([10, 80])
    expect(plume(down, during, 30 * HOUR)).toBeUndefined()
  })
  it('holds the likely part inside of the possible one at any time', () => {
    for (let h = -20; h < 30; h++) {
      for (const s of [stretch('up', 10, 0), stretch('down', 0, 10)]) {
        const [all, likely] = [plume(s, during, h * HOUR), plume(s, during, h * HOUR, true)]
        if (likely) expect(all && all[0] <= likely[0] + 1e-9 && likely[1] <= all[1] + 1e-9, String(h)).toBe(true)
      }
    }
  })
  it('keeps to the way of the candidates', () => {
    const candidate = { reaches: ['r'], travel: travel(4) } as TraceCandidate
    expect(onWay(stretch('up', 10, 0), [candidate])?.map((s) => Math.round(s * 100))).toEqual([60, 100])
    expect(onWay({ ...stretch('up', 10, 0), reach: 'other' }, [candidate])).toBeUndefined()
    expect(common([0, 0.5], [0.6, 1])).toBeUndefined()
  })
  it('is cut out of the line of the reach', () => {
    const line = piece(stretch('up', 10, 0), [0.25, 0.75])
    expect(line[0]![0]).toBeCloseTo(118.05)
    expect(line[1]![0]).toBeCloseTo(118.1)
    expect(line[2]![0]).toBeCloseTo(118.15)
    expect(piece({ ...stretch('up', 10, 0), line: [] }, [0, 1])).toEqual([])
  })
})

describe('links', () => {
  it('lead from an alarm of water, and from no other', () => {
    const alarm = { station: 'bs04', factor: 'w21003', kind: 'exceedance' as const, opened: '2026-03-01T04:00:00Z', last: '2026-03-01T05:00:00Z', ended: null }
    expect(traceOf(alarm)).toBe('/trace?station=bs04&factor=w21003&from=2026-03-01T03%3A00%3A00.000Z&to=2026-03-01T05%3A00%3A00.000Z')
    expect(traceOf({ ...alarm, factor: 'a34004' })).toBeUndefined()
    expect(traceOf({ ...alarm, kind: 'no_data' })).toBeUndefined()
  })
  it('lead from a curve', () => {
    const span = { from: '2026-03-01T04:00:00Z', to: '2026-03-01T05:00:00Z' }
    expect(traceLink({ code: 'as01', kind: 'air_station' }, 'a34004', span)).toContain('kind=air&station=as01&factor=a34004')
    expect(traceLink({ code: 'ol05', kind: 'outlet' }, 'a21026', span)).toBeUndefined()
  })
})
