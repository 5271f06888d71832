// Spans of air, and what of a pollutant a longer span is judged by.
import { lengthOf } from './water'
import type { AirRow, AirSpans, AirValue } from '@/api/types'

export const AIR_LENGTHS = ['day', 'month', 'quarter', 'year'] as const
export type AirLength = (typeof AIR_LENGTHS)[number]

export const airSpans = (known: AirSpans, length: AirLength): string[] => (length === 'day' ? known.days : known.spans.filter((s) => lengthOf(s) === length))

export function placeOf(row: Pick<AirRow, 'code'>): 'city' | 'county' | 'station' {
  if (row.code === '@') return 'city'
  return row.code.startsWith('@') ? 'county' : 'station'
}

/** CO and ozone stand by their percentile, the others by their mean (HJ 663-2013 table 1, 环办监测〔2018〕19号). */
export function statisticOf(value: AirValue): string | null | undefined {
  return value.pollutant === 'CO' || value.pollutant === 'O3' ? value.percentile : value.value
}
