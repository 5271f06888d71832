import { expect, it } from 'vitest'
import { airRows, boundText, limitRows, scaled, waterRows } from './explanation'

it('bounds read as people write them', () => {
  expect([{ bound: 'at_most', value: '0.5' }, { bound: 'at_least', value: '6' }, { bound: 'between', low: '6', high: '9' }].map(boundText)).toEqual(['≤ 0.5', '≥ 6', '6 ~ 9'])
})

it('scaled integers come back as the decimals they stand for', () => {
  expect([scaled(6, 1), scaled(178, 0), scaled(35_500_000, 6), scaled(100, 0), scaled(20, 1)]).toEqual(['0.6', '178', '35.5', '100', '2'])
})

it('a discharge verdict keeps its mark when it was not judged', () => {
  const rows = limitRows({
    factors: [
      { factor: 'w01018', value: '96.2', mark: 'N', limit: { bound: { bound: 'at_most', value: '60' }, cite: 'permit' }, verdict: { verdict: 'exceeds', times_over: '0.6033' } },
      { factor: 'w01001', value: '', mark: 'C', verdict: 'not_judged', cite: 'permit' },
    ],
  })
  expect(rows.map((r) => [r.verdict, r.limit, r.timesOver, r.mark, r.cite])).toEqual([
    ['exceeds', '≤ 60', '0.60', 'N', 'permit'],
    ['not_judged', '—', '', 'C', 'permit'],
  ])
})

it('what is not an explanation gives no rows', () => {
  for (const odd of [undefined, null, [], 'x', { factors: 7, parts: [3] }]) expect([waterRows(odd), airRows(odd), limitRows(odd)]).toEqual([[], [], []])
})
