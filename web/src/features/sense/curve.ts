// What the chart draws of a curve. Pure, so that it can be tested without a canvas.
import type { Curve, Reading } from '@/api/types'
import { civilMs } from '@/lib/format'

/** The mark of a normal measurement. */
export const MARK_NORMAL = 'N'

export interface Drawn {
  at: number
  value: number
  row: Reading
}

export interface CurveParts {
  line: [number, number | null][]
  plain: Drawn[]
  exceeding: Drawn[]
  marked: Drawn[]
  late: Drawn[]
  restated: Drawn[]
  /** Stretches of which nothing can be read: the line has a hole there, also where nothing lies between two rows. */
  unread: [number, number][]
}

/** Splits the rows into what is drawn how. A gap is drawn where the value is missing or three usual steps are. */
export function curveParts(curve: Curve): CurveParts {
  const parts: CurveParts = { line: [], plain: [], exceeding: [], marked: [], late: [], restated: [], unread: [] }
  const times = curve.rows.map((row) => civilMs(row.at))
  const gap = usualStep(times) * 3
  parts.unread = curve.missing.map((m) => [civilMs(m.from), civilMs(m.to)])
  const unreadWithin = (from: number, to: number): boolean => parts.unread.some(([low, high]) => low < to && high > from)
  curve.rows.forEach((row, i) => {
    const at = times[i] ?? 0
    const before = times[i - 1]
    const hole = before !== undefined && ((gap > 0 && at - before > gap && !curve.sampled) || unreadWithin(before, at))
    if (hole) parts.line.push([before + 1, null])
    const value = row.number
    if (value === undefined || value === null) {
      parts.line.push([at, null])
      return
    }
    parts.line.push([at, value])
    const drawn = { at, value, row }
    if (row.exceeds) parts.exceeding.push(drawn)
    else if (row.mark !== MARK_NORMAL) parts.marked.push(drawn)
    else if (row.versions > 1) parts.restated.push(drawn)
    else if (row.late) parts.late.push(drawn)
    else parts.plain.push(drawn)
  })
  return parts
}

function usualStep(times: number[]): number {
  const steps = times.slice(1).map((at, i) => at - (times[i] ?? at))
  steps.sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}
