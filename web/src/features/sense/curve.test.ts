import { expect, it } from 'vitest'
import type { Curve, Reading } from '@/api/types'
import { curveParts } from './curve'
import { readDecoded } from './decoded'

const words = { zh: '氨氮', en: 'ammonia nitrogen' }
function row(minute: number, number: number | null, more: Partial<Reading> = {}): Reading {
  const at = `2026-03-01T00:${String(minute).padStart(2, '0')}:00Z`
  return { at, arrived: at, value: number === null ? null : String(number), number, extra: '', mark: 'N', versions: 1, late: false, exceeds: false, ...more }
}
function curve(rows: Reading[], sampled = false): Curve {
  const point = { id: 1, factor: 'w21003', name: words, unit: 'mg/L', decimals: 2, kinds: [], latest: [], limits: [] }
  return { point, kind: 'real', rows, sampled, missing: [] }
}

it('every row is drawn exactly once, an exceeding one as exceeding whatever else it is', () => {
  const parts = curveParts(
    curve([row(0, 1), row(1, 9, { exceeds: true, late: true }), row(2, 1, { mark: 'C' }), row(3, 1, { late: true }), row(4, 1, { versions: 2, late: true }), row(5, null, { mark: 'D' })]),
  )
  expect([parts.plain, parts.exceeding, parts.marked, parts.late, parts.restated].map((p) => p.length)).toEqual([1, 1, 1, 1, 1])
  expect(parts.line.map(([, value]) => value)).toEqual([1, 9, 1, 1, 1, null])
})

it('a hole in the data is a hole in the line, unless rows were left out on purpose', () => {
  const rows = [row(0, 1), row(1, 1), row(2, 1), row(30, 1), row(31, 1)]
  expect(curveParts(curve(rows)).line.filter(([, value]) => value === null).length).toBe(1)
  expect(curveParts(curve(rows, true)).line.filter(([, value]) => value === null).length).toBe(0)
})

it('what cannot be read is a hole in the line also where rows were left out, and is told with its bounds', () => {
  const missing = [{ from: '2026-03-01T00:01:30Z', to: '2026-03-01T00:01:40Z', segment: 's' }]
  const parts = curveParts({ ...curve([row(0, 1), row(1, 1), row(2, 1), row(3, 1)], true), missing })
  expect(parts.line.map(([, value]) => value)).toEqual([1, 1, null, 1, 1])
  expect(parts.unread.map(([from, to]) => to - from)).toEqual([10_000])
  expect(curveParts(curve([row(0, 1)])).unread).toEqual([])
})

it('a decoded telegram is read whatever it holds', () => {
  const decoded = readDecoded({ qn: '20260301080000123', pnum: null, flag: 5, cp: { DataTime: '20260301080000', w01001: { Rtd: '7.62', Flag: ['N', 'D'] } } })
  expect(decoded.header).toEqual([['QN', '20260301080000123'], ['FLAG', '5']])
  expect(decoded.rows).toEqual([
    { factor: '', fields: [['DataTime', '20260301080000']] },
    { factor: 'w01001', fields: [['Rtd', '7.62'], ['Flag', 'N | D']] },
  ])
  expect(readDecoded(null)).toEqual({ header: [], rows: [] })
})
