// What led to a forecast: model, parameters, what was learnt from, errors of every model. The explanation is open JSON, as that of a
// grade is; here it becomes the rows that are shown.
import { part, text } from './explanation'

type Json = Record<string, unknown>
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : [])
const number = (v: unknown): number | undefined => (typeof v === 'number' && Number.isFinite(v) ? v : undefined)

export interface ModelName {
  /** `persistence`, `seasonal`, `ets`, `mstl`. */
  kind: string
  log: boolean
  explained: boolean
  /** Length of the season in steps, of the value a season ago. */
  season: number | undefined
}
export interface ErrorRow {
  model: ModelName
  chosen: boolean
  /** Mean absolute error over all steps. */
  mae: number | undefined
  /** By horizon, in the order of the heads. */
  horizons: { mae: number | undefined; rmse: number | undefined }[]
}
export interface Backtest {
  origins: number
  from: string
  until: string
  horizons: number[]
  rows: ErrorRow[]
}
export interface ForecastDetail {
  model: ModelName | undefined
  parameters: { name: string; value: number }[]
  effects: { name: string; adds: number }[]
  training: { from: string; until: string; steps: number; bridged: number; longest: number } | undefined
  stepMs: number
  coverage: number | undefined
  chosenOn: Backtest | undefined
  scoredOn: Backtest | undefined
  unread: number
  /** Numbers of a reason why too little is known. */
  have: number | undefined
  need: number | undefined
}

export function modelName(value: unknown): ModelName {
  return { kind: text(part(value, 'kind')), log: part(value, 'log') === true, explained: part(value, 'explained') === true, season: number(part(value, 'season')) }
}

/** An instant is written in microseconds. */
const instant = (v: unknown): string => (number(v) === undefined ? '' : new Date(Number(v) / 1_000).toISOString())

function backtest(value: unknown, chosen: string): Backtest | undefined {
  if (!isObject(value)) return undefined
  const scores = list(value.scores).filter(isObject)
  const horizons = [...new Set(scores.flatMap((s) => list(s.horizons).map((h) => number(part(h, 'horizon')) ?? 0)))].sort((a, b) => a - b)
  const rows = scores.map((s) => ({
    model: modelName(s.model),
    chosen: JSON.stringify(s.model) === chosen,
    mae: number(s.mae),
    horizons: horizons.map((h) => {
      const found = list(s.horizons).find((one) => part(one, 'horizon') === h)
      return { mae: number(part(found, 'mae')), rmse: number(part(found, 'rmse')) }
    }),
  }))
  return { origins: number(value.origins) ?? 0, from: instant(value.from), until: instant(value.until), horizons, rows }
}

export function forecastDetail(explanation: unknown): ForecastDetail {
  const chosen = JSON.stringify(part(explanation, 'model'))
  const ets = part(explanation, 'ets')
  const pair = (key: string): (number | undefined)[] => list(part(ets, key)).map(number)
  const [beta, phi] = pair('trend')
  const [gamma] = pair('season')
  const named = { α: number(part(ets, 'alpha')), β: beta, φ: phi, γ: gamma }
  const training = part(explanation, 'training')
  const reason = part(explanation, 'not_forecast')
  return {
    model: isObject(part(explanation, 'model')) ? modelName(part(explanation, 'model')) : undefined,
    parameters: Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
    effects: list(part(explanation, 'effects')).map((e) => ({ name: text(part(e, 'name')), adds: number(part(e, 'adds')) ?? 0 })),
    training: isObject(training)
      ? {
          from: instant(training.from),
          until: instant(training.until),
          steps: number(training.steps) ?? 0,
          bridged: number(training.bridged) ?? 0,
          longest: number(training.longest_gap) ?? 0,
        }
      : undefined,
    stepMs: number(part(explanation, 'step_ms')) ?? 0,
    coverage: number(part(explanation, 'coverage_percent')),
    chosenOn: backtest(part(explanation, 'chosen_on'), chosen),
    scoredOn: backtest(part(explanation, 'scored_on'), chosen),
    unread: number(part(explanation, 'unread')) ?? 0,
    have: number(part(reason, 'have')) ?? number(part(reason, 'bridged')) ?? number(part(reason, 'behind')),
    need: number(part(reason, 'need')) ?? number(part(reason, 'steps')),
  }
}

type Translate = (key: string, named?: Record<string, unknown>) => string

/** A model as people say it: 指数平滑（取对数）. */
export function modelText(model: ModelName, stepMs: number, t: Translate): string {
  if (model.kind === 'seasonal') return t('forecast.model.seasonal', { span: spanText((model.season ?? 0) * stepMs, t) })
  const more = [model.log ? t('forecast.log') : '', model.explained ? t('forecast.explained') : ''].filter((w) => w !== '')
  const name = t(`forecast.model.${model.kind}`)
  return more.length === 0 ? name : t('forecast.variant', { name, more: more.join(t('common.listed')) })
}

/** A length of time in whole days, else in hours. */
export function spanText(ms: number, t: Translate): string {
  const hours = Math.round(ms / 3_600_000)
  return hours % 24 === 0 ? t('forecast.days', { n: hours / 24 }) : t('forecast.hours', { n: hours })
}
