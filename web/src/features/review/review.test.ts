import { describe, expect, it } from 'vitest'
import { commandOf, dayOf, lastOf, placeAfter, putBack } from './review'
import type { FindingSummary, Ground } from '@/api/types'

const words = { zh: '', en: '' }
const grounds: Ground[] = [
  { digit: 1, code: 'fault', name: words },
  { digit: 9, code: 'other', name: words },
]
const finding = (id: string, urgency: number) => ({ id, urgency }) as FindingSummary

describe('keys', () => {
  it('move and decide while looking', () => {
    const cases: [string, object][] = [
      ['j', { do: 'move', by: 1 }],
      ['ArrowUp', { do: 'move', by: -1 }],
      ['A', { do: 'accept' }],
      ['u', { do: 'restore' }],
      ['x', { do: 'mode', mode: 'ground' }],
      ['M', { do: 'mode', mode: 'manual' }],
      ['?', { do: 'mode', mode: 'help' }],
      ['q', { do: 'none' }],
      ['Escape', { do: 'none' }],
      ['1', { do: 'none' }],
    ]
    for (const [key, expected] of cases) expect(commandOf(key, 'look', grounds), key).toEqual(expected)
  })
  it('choose grounds by their digit, and ask for words where they need some', () => {
    expect(commandOf('1', 'ground', grounds)).toEqual({ do: 'ground', code: 'fault' })
    expect(commandOf('9', 'ground', grounds)).toEqual({ do: 'mode', mode: 'other' })
    expect(commandOf('5', 'ground', grounds)).toEqual({ do: 'none' })
    expect(commandOf('a', 'ground', grounds)).toEqual({ do: 'none' })
    expect(commandOf('Escape', 'ground', grounds)).toEqual({ do: 'mode', mode: 'look' })
  })
  it('leave what is held with a modifier to the browser', () => {
    expect(commandOf('a', 'look', grounds, true)).toEqual({ do: 'none' })
  })
})

describe('the queue', () => {
  it('goes on with the one that comes to stand there', () => {
    expect([placeAfter(0, 3), placeAfter(3, 3), placeAfter(0, 0)]).toEqual([0, 2, 0])
  })
  it('takes back what could not be decided where it was', () => {
    const list = [finding('a', 90), finding('c', 50), finding('d', 10)]
    expect(putBack(list, finding('b', 50)).map((f) => f.id)).toEqual(['a', 'b', 'c', 'd'])
    expect(putBack(list, finding('e', 10)).map((f) => f.id)).toEqual(['a', 'c', 'd', 'e'])
    expect(putBack(list, finding('a', 90))).toBe(list)
  })
  it('says the last value of a stretch, and the last moment of a day', () => {
    expect(lastOf('2026-03-01T08:00:00.000001Z')).toBe('2026-03-01T08:00:00.000Z')
    expect(lastOf('2026-03-01T16:00:00Z')).toBe('2026-03-01T15:59:59.999Z')
  })
  it('signs the day of a finding', () => {
    expect(dayOf('2026-03-01 08:00')).toBe('2026-03-01')
  })
})
