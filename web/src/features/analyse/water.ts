// Spans in which sections were judged, and the explanation of one evaluation. The explanation is open JSON, as that of a grade is.
import { boundText, part, text } from './explanation'

export const LENGTHS = ['week', 'ten_days', 'month', 'quarter', 'year'] as const
export type Length = (typeof LENGTHS)[number]

/** Which kind of span a text is: `2026-W05`, `2026-03-T1`, `2026-03`, `2026-Q1`, `2026`. */
export function lengthOf(span: string): Length {
  if (span.includes('-W')) return 'week'
  if (span.includes('-T')) return 'ten_days'
  if (span.includes('-Q')) return 'quarter'
  return span.includes('-') ? 'month' : 'year'
}

type Translate = (key: string, named?: Record<string, unknown>) => string

/** A span as people say it: 2026年11月中旬. */
export function spanName(span: string, t: Translate): string {
  const [year = '', second = '', third = ''] = span.split('-')
  const digits = (text: string): number => Number(text.replace(/\D/g, ''))
  const length = lengthOf(span)
  if (length === 'ten_days') return t('water.name.ten_days', { year, month: digits(second), third: t(`water.name.third.${digits(third)}`) })
  return t(`water.name.${length}`, { year, n: digits(second) })
}

export interface IndicatorRow {
  item: string
  factor: string
  mean: string
  unit: string
  level: number
  bounds: string[]
  times: string
  cite: string
  mark: string
  unsuitable: boolean
  /** Values that came and days that count; empty when the evaluation does not say. */
  values: string
  days: string
  kind: string
}
export interface GapRow {
  item: string
  factor: string
  reason: string
  have: number
  need: number
  needed: boolean
}
export interface Detail {
  indicators: IndicatorRow[]
  beside: IndicatorRow[]
  gaps: GapRow[]
  needs: { slots: number; days: number } | undefined
  /** Verdict of a drinking water source. */
  source: string
  /** Stretches of the history that could not be read. */
  unread: number
  /** Why nothing was judged at all. */
  reason: string
  method: string
}

type Json = Record<string, unknown>
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)
const objects = (v: unknown): Json[] => (Array.isArray(v) ? v.filter(isObject) : [])
const number = (v: unknown): number => (typeof v === 'number' ? v : 0)

/** A decimal with at most so many places, without needless noughts. */
export function shortened(value: unknown, places: number): string {
  const n = Number(text(value))
  if (text(value) === '' || !Number.isFinite(n)) return ''
  return String(Number(n.toFixed(places)))
}

function indicator(one: Json, inputs: Json[]): IndicatorRow {
  const input = inputs.find((i) => i.factor === one.factor)
  return {
    item: text(one.item),
    factor: text(one.factor),
    mean: shortened(part(one.mean, 'value'), 5),
    unit: text(one.unit),
    level: number(one.class),
    bounds: Array.isArray(one.bounds) ? one.bounds.map(boundText) : [],
    times: shortened(one.times_over, 2),
    cite: text(one.cite),
    mark: text(one.mark),
    unsuitable: one.unsuitable === true,
    values: input ? `${text(input.values)}/${text(input.due)}` : '',
    days: input ? `${text(input.days)}/${text(input.of_days)}` : '',
    kind: input ? text(input.kind) : '',
  }
}

export function detailOf(explanation: unknown): Detail {
  const section = part(explanation, 'section')
  const inputs = objects(part(explanation, 'inputs'))
  const needs = part(explanation, 'needs_percent')
  return {
    indicators: objects(part(section, 'indicators')).map((one) => indicator(one, inputs)),
    beside: objects(part(section, 'beside')).map((one) => indicator(one, inputs)),
    gaps: objects(part(section, 'gaps')).map((gap) => ({
      item: text(gap.item),
      factor: text(gap.factor),
      reason: text(part(gap.gap, 'reason')),
      have: number(part(gap.gap, 'have')),
      need: number(part(gap.gap, 'need')),
      needed: gap.needed === true,
    })),
    needs: Array.isArray(needs) ? { slots: number(needs[0]), days: number(needs[1]) } : undefined,
    source: text(part(part(part(explanation, 'source'), 'verdict'), 'verdict')),
    unread: objects(part(explanation, 'unread')).length,
    reason: text(part(explanation, 'not_judged')),
    method: text(part(section, 'method')),
  }
}
