import { expect, it } from 'vitest'
import { detailOf, lengthOf, shortened, spanName } from './water'
import { i18n } from '@/i18n'

it('a span says how long it is', () => {
  expect(['2026-W05', '2026-03-T1', '2026-03', '2026-Q1', '2026'].map(lengthOf)).toEqual(['week', 'ten_days', 'month', 'quarter', 'year'])
})

it('a span is named as people say it', () => {
  i18n.global.locale.value = 'zh'
  const names = ['2026-W05', '2026-03-T1', '2026-03', '2026-Q1', '2026'].map((span) => spanName(span, i18n.global.t))
  expect(names).toEqual(['2026年第5周', '2026年3月上旬', '2026年3月', '2026年第1季度', '2026年'])
})

it('a mean is shortened and keeps no needless noughts', () => {
  expect([shortened('0.1250000000001', 5), shortened('7.50', 5), shortened('', 5), shortened(undefined, 5), shortened('x', 2)]).toEqual(['0.125', '7.5', '', '', ''])
})

it('an evaluation is read with what each mean rests on', () => {
  const got = detailOf({
    needs_percent: [60, 60],
    inputs: [{ factor: 'w21003', kind: 'hour', days: 20, of_days: 30, values: 480, marked: 3, due: 720 }],
    section: {
      method: 'm',
      indicators: [
        {
          item: 'NH3-N', factor: 'w21003', mean: { value: '1.3' }, unit: 'mg/L', class: 4, times_over: '0.3', bounds: [{ bound: 'at_most', value: '0.15' }], cite: 'c', mark: 'C', unsuitable: false,
        },
      ],
      gaps: [{ item: 'TP', factor: 'w21011', gap: { reason: 'too_few_days', have: 3, need: 18 }, needed: false }],
      beside: [],
    },
    source: { verdict: { verdict: 'exceeds', items: ['NH3-N'] } },
  })
  expect(got.indicators.map((i) => [i.factor, i.mean, i.level, i.times, i.values, i.days, i.kind, i.bounds[0]])).toEqual([['w21003', '1.3', 4, '0.3', '480/720', '20/30', 'hour', '≤ 0.15']])
  expect(got.gaps).toEqual([{ item: 'TP', factor: 'w21011', reason: 'too_few_days', have: 3, need: 18, needed: false }])
  expect([got.needs, got.source, got.unread, got.reason, got.method]).toEqual([{ slots: 60, days: 60 }, 'exceeds', 0, '', 'm'])
})

it('what is no evaluation gives no rows', () => {
  for (const odd of [undefined, null, [], 'x', { section: 7, inputs: 3 }]) {
    const got = detailOf(odd)
    expect([got.indicators, got.gaps, got.needs]).toEqual([[], [], undefined])
  }
  expect(detailOf({ not_judged: 'water_body_unknown' }).reason).toBe('water_body_unknown')
})
