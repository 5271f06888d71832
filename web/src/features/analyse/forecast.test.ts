import { describe, expect, it } from 'vitest'
import { forecastDetail, modelName, modelText, spanText } from './forecast'

const t = (key: string, named?: Record<string, unknown>): string => `${key}${named ? JSON.stringify(named) : ''}`
const ets = { kind: 'ets', log: true, explained: false }
const score = (model: object, mae: number): object => ({ model, mae, horizons: [{ horizon: 1, count: 9, mae, rmse: mae * 2 }, { horizon: 6, count: 9, mae: mae + 1, rmse: 5 }] })
const body = {
  v: 1,
  step_ms: 14_400_000,
  training: { from: 1_700_000_000_000_000, until: 1_700_014_400_000_000, steps: 300, bridged: 7, longest_gap: 3 },
  model: ets,
  ets: { alpha: 0.5, trend: [0.1, 0.9], season: null, aicc: 3 },
  effects: [{ name: 'holiday', adds: 0.2, ahead: true }],
  coverage_percent: 81.5,
  scored_on: { origins: 20, from: 1_700_000_000_000_000, until: 1_700_014_400_000_000, scores: [score(ets, 1), score({ kind: 'persistence' }, 2)] },
  unread: 0,
}

describe('what led to a forecast', () => {
  it('becomes rows', () => {
    const detail = forecastDetail(body)
    expect(detail.parameters).toEqual([{ name: 'α', value: 0.5 }, { name: 'β', value: 0.1 }, { name: 'φ', value: 0.9 }])
    expect(detail.training).toEqual({ from: '2023-11-14T22:13:20.000Z', until: '2023-11-15T02:13:20.000Z', steps: 300, bridged: 7, longest: 3 })
    expect(detail.scoredOn?.horizons).toEqual([1, 6])
    expect(detail.scoredOn?.rows.map((r) => [r.model.kind, r.chosen, r.mae, r.horizons[1]?.mae])).toEqual([['ets', true, 1, 2], ['persistence', false, 2, 3]])
    expect([detail.coverage, detail.chosenOn]).toEqual([81.5, undefined])
  })
  it('is empty when too little is known', () => {
    const detail = forecastDetail({ v: 1, not_forecast: { reason: 'short', have: 24, need: 504 } })
    expect([detail.model, detail.scoredOn, detail.have, detail.need]).toEqual([undefined, undefined, 24, 504])
    expect(forecastDetail(undefined).effects).toEqual([])
  })
})

describe('a model', () => {
  it('is named with what is special about it', () => {
    expect(modelText(modelName(ets), 1, t)).toBe('forecast.variant{"name":"forecast.model.ets","more":"forecast.log"}')
    expect(modelText(modelName({ kind: 'persistence' }), 1, t)).toBe('forecast.model.persistence')
    expect(modelText(modelName({ kind: 'seasonal', season: 42 }), 14_400_000, t)).toBe('forecast.model.seasonal{"span":"forecast.days{\\"n\\":7}"}')
    expect(spanText(14_400_000, t)).toBe('forecast.hours{"n":4}')
  })
})
