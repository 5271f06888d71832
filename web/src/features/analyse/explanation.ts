// Reads the server's explanation of a grade. It is open JSON on purpose: an edition may explain itself in its own way, and what
// is not understood here is still shown as it is.

export interface Row {
  name: string
  factor: string
  value: string
  cite: string
}
export interface WaterRow extends Row {
  level: number
  bounds: string[]
}
export interface AirRow extends Row {
  iaqi: string
  interval: string
  indices: string
}
export interface LimitRow extends Row {
  mark: string
  limit: string
  verdict: 'within' | 'exceeds' | 'not_judged'
  timesOver: string
}

type Json = Record<string, unknown>
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)
const objects = (v: unknown): Json[] => (Array.isArray(v) ? v.filter(isObject) : [])
export const texts = (v: unknown): string[] => (Array.isArray(v) ? v.map(text) : [])
export function text(v: unknown): string {
  if (v === null || v === undefined) return ''
  return typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : JSON.stringify(v)
}

/** A bound as people write it. */
export function boundText(bound: unknown): string {
  if (!isObject(bound)) return text(bound)
  if (bound.bound === 'at_least') return `≥ ${text(bound.value)}`
  if (bound.bound === 'between') return `${text(bound.low)} ~ ${text(bound.high)}`
  return `≤ ${text(bound.value)}`
}

export function waterRows(explanation: unknown): WaterRow[] {
  if (!isObject(explanation)) return []
  return objects(explanation.factors).map((f) => ({
    name: text(f.item),
    factor: text(f.factor),
    value: text(f.value),
    cite: text(f.cite),
    level: typeof f.class === 'number' ? f.class : 0,
    bounds: Array.isArray(f.bounds) ? f.bounds.map(boundText) : [],
  }))
}

/** An integer of the last decimal kept, as the decimal it stands for; ends in no needless zeros. */
export function scaled(value: unknown, decimals: unknown): string {
  if (typeof value !== 'number') return text(value)
  const places = typeof decimals === 'number' ? decimals : 0
  const fixed = (value / 10 ** places).toFixed(places)
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
}

export function airRows(explanation: unknown): AirRow[] {
  if (!isObject(explanation)) return []
  return objects(explanation.parts).map((p) => {
    const pair = (v: unknown, decimals: unknown) => (Array.isArray(v) ? v.map((x) => scaled(x, decimals)).join(' ~ ') : '—')
    return {
      name: text(p.pollutant),
      factor: text(p.pollutant),
      value: scaled(p.rounded, p.decimals),
      cite: text(p.cite),
      iaqi: p.iaqi === null || p.iaqi === undefined ? '—' : text(p.iaqi),
      interval: pair(p.breakpoints, p.decimals),
      indices: pair(p.indices, 0),
    }
  })
}

export function limitRows(explanation: unknown): LimitRow[] {
  if (!isObject(explanation)) return []
  return objects(explanation.factors).map((f) => {
    const limit = isObject(f.limit) ? f.limit : {}
    const verdict = isObject(f.verdict) ? f.verdict : { verdict: f.verdict }
    const word = text(verdict.verdict)
    return {
      name: text(f.factor),
      factor: text(f.factor),
      value: text(f.value),
      mark: text(f.mark),
      cite: text(limit.cite ?? f.cite),
      limit: limit.bound === undefined ? '—' : boundText(limit.bound),
      verdict: word === 'exceeds' || word === 'within' ? word : 'not_judged',
      timesOver: verdict.times_over === null || verdict.times_over === undefined ? '' : Number(verdict.times_over).toFixed(2),
    }
  })
}

export function part(explanation: unknown, key: string): unknown {
  return isObject(explanation) ? explanation[key] : undefined
}
