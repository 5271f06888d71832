// Spans of discharges, and what of a factor is shown.
import { lengthOf } from './water'
import type { DischargeFactor, DischargeOutlet, DischargeSpans } from '@/api/types'

export const DISCHARGE_LENGTHS = ['day', 'month', 'quarter', 'year'] as const
export type DischargeLength = (typeof DISCHARGE_LENGTHS)[number]

export const dischargeSpans = (known: DischargeSpans, length: DischargeLength): string[] => (length === 'day' ? known.days : known.spans.filter((s) => lengthOf(s) === length))

/** The length of an asked span; a day has ten characters. */
export const dischargeLength = (span: string): DischargeLength | undefined => {
  if (/^\d{4}-\d{2}-\d{2}$/.test(span)) return 'day'
  const length = lengthOf(span)
  return DISCHARGE_LENGTHS.find((l) => l === length)
}

/** How many outlets were what. */
export function tally(outlets: readonly Pick<DischargeOutlet, 'verdict'>[]): { within: number; beyond: number; not_judged: number } {
  const count = (verdict: DischargeOutlet['verdict']): number => outlets.filter((o) => o.verdict === verdict).length
  return { within: count('within'), beyond: count('beyond'), not_judged: count('not_judged') }
}

/** The lowest transmission of an outlet's factors by the combined rate: the one that a reader must look at. */
export function lowestRate(factors: readonly DischargeFactor[]): number | undefined {
  const rates = factors.flatMap((f) => (f.transmission?.combined ? [Number(f.transmission.combined)] : []))
  return rates.length > 0 ? Math.min(...rates) : undefined
}

/** Words that are known to the texts; others are shown as the server says them. */
export const WHYS = ['no_limit', 'no_flow', 'flow_not_dry', 'flow_unit', 'no_oxygen', 'no_reference_oxygen', 'bad_reference', 'not_folded', 'missing', 'invalid', 'zero_flow', 'too_few', 'low_coverage', 'missing_fact', 'not_deciding', 'marked', 'unit', 'unknown_standard', 'out_of_range'] as const
export const isKnownWhy = (code: string): boolean => WHYS.some((w) => w === code)
