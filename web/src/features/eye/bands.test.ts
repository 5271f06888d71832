import { describe, expect, it } from 'vitest'
import { bandAt, bandSeries, bandsOf, type Band } from './bands'
import type { Suspicion } from './types'

const bands: Band[] = [
  { key: 'long', from: 0, to: 100, state: 'standing' },
  { key: 'short', from: 40, to: 50, state: 'lifted' },
  { key: 'far', from: 200, to: 210, state: 'confirmed' },
]

describe('bands', () => {
  it('stand on the city’s clock', () => {
    const [band] = bandsOf([{ event: 'e', from: '2026-11-30T01:00:00Z', to: '2026-11-30T01:10:00Z', state: 'standing' } as Suspicion])
    expect([band?.from, band?.to]).toEqual([Date.UTC(2026, 10, 30, 9, 0), Date.UTC(2026, 10, 30, 9, 10)])
  })
  it('the shortest that lies there is meant, and a thin one may be met beside it', () => {
    const check = (at: number, near: number, key: string | undefined) => expect([at, bandAt(bands, at, near)?.key]).toEqual([at, key])
    check(10, 0, 'long')
    check(45, 0, 'short')
    check(150, 0, undefined)
    check(195, 6, 'far')
  })
  it('one series a state that is in sight, cut to the axis, named where there is room', () => {
    const series = bandSeries(bands, { from: 20, to: 199 }, (state) => state) as { name: string; markArea: { data: [{ name: string; xAxis: number }, { xAxis: number }][] } }[]
    expect(series.map((s) => s.name)).toEqual(['lifted', 'standing'])
    expect(series[1]?.markArea.data).toEqual([[{ name: 'standing', xAxis: 20 }, { xAxis: 100 }]])
    expect(series[0]?.markArea.data[0]?.[0].name).toBe('')
  })
})
