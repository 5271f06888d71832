import { describe, expect, it } from 'vitest'
import { addFence, addLine, addMask, around, clock, compare, cornersOf, drop, dropCorner, emptyPlan, faults, minutes, moveCorner, moveShape, refusal, splitEdge, type Target } from './plan'
import type { EyeEvent, Place, ReplayEvent } from './types'

const SQUARE: Place[] = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]]
const FENCE: Target = { what: 'fence', index: 0 }
const drawn = () => addFence(emptyPlan(), 'sampling_head', '采样头', SQUARE).plan
const say = (key: string, named: Record<string, unknown> = {}) => `${key} ${Object.values(named).join(' ')}`

describe('drawing', () => {
  it('gives every fence and line an id of its own', () => {
    let plan = addFence(drawn(), 'house_door', '门', SQUARE).plan
    plan = drop(plan, FENCE)
    plan = addFence(plan, 'house_door', '门', SQUARE).plan
    plan = addLine(plan, '线', [0, 0], [1, 1]).plan
    expect([...plan.fences, ...plan.lines].map((f) => f.id)).toEqual(['f2', 'f1', 'l1'])
  })
  it('moves, adds and takes corners and leaves the plan before as it was', () => {
    const before = drawn()
    const moved = moveCorner(before, FENCE, 0, [-0.3, 0.123456])
    expect(cornersOf(moved, FENCE)[0]).toEqual([0, 0.1235])
    expect(cornersOf(before, FENCE)).toEqual(SQUARE)
    expect(cornersOf(splitEdge(before, FENCE, 3), FENCE)[4]).toEqual([0.2, 0.3])
    const three = dropCorner(before, FENCE, 1)
    expect(cornersOf(three, FENCE)).toHaveLength(3)
    expect(dropCorner(three, FENCE, 1)).toBe(three)
  })
  it('stops a shape as a whole at the edge', () => {
    expect(cornersOf(moveShape(drawn(), FENCE, SQUARE, [0.9, -0.1]), FENCE)).toEqual([[0.8, 0.1], [1, 0.1], [1, 0.3], [0.8, 0.3]])
  })
  it('draws an approach around a fence', () => {
    const wider = around(SQUARE, 0.1)
    expect(wider[0]?.[0]).toBeLessThan(0.2)
    expect(wider[2]?.[0]).toBeGreaterThan(0.4)
  })
})

describe('faults', () => {
  it('are seen while drawing', () => {
    expect(faults(drawn(), say)).toEqual([])
    const bow = addFence(emptyPlan(), 'water_bank', '', [[0.1, 0.1], [0.5, 0.5], [0.5, 0.1], [0.1, 0.5]]).plan
    expect(faults(bow, say)).toEqual([{ target: FENCE, corner: 0, text: 'eye.fault.crossing 1 3' }])
    const twice = addFence(emptyPlan(), 'water_bank', '', [[0.1, 0.1], [0.1, 0.1], [0.5, 0.1], [0.1, 0.5]]).plan
    expect(faults(twice, say)[0]).toMatchObject({ corner: 1 })
  })
  it('of the server point at the corner, in both languages', () => {
    let plan = addFence(drawn(), 'house_door', '门', SQUARE).plan
    plan = addMask({ ...plan, fences: plan.fences.map((f) => ({ ...f, approach: SQUARE })) }, SQUARE).plan
    const check = (detail: string, target: Target | undefined, corner: number | undefined) => expect(refusal(plan, detail)).toEqual({ target, corner, text: detail })
    check('fence f2: corner 2 (1.2, 0.5) lies outside of the picture', { what: 'fence', index: 1 }, 2)
    check('approach of fence f1: edges 0 and 2 cross', { what: 'approach', index: 0 }, 0)
    check('围栏 f2 的第 3 个角（1.2，0.5）在画面之外', { what: 'fence', index: 1 }, 2)
    check('围栏 f1 的外圈 的第 1 条边与第 3 条边相交', { what: 'approach', index: 0 }, 0)
    check('mask 0: corner 1 lies on the one before it', { what: 'mask', index: 0 }, 1)
    check('第 1 个屏蔽区 的第 2 个角与前一个角重合', { what: 'mask', index: 0 }, 1)
    check('fence zz: corner 1 lies on the one before it', undefined, 1)
    check('what nobody knows', undefined, undefined)
  })
})

describe('what-if', () => {
  const now = (entered: string, left: string | null) => ({ entered_at: `2026-11-30T${entered}Z`, left_at: left && `2026-11-30T${left}Z` }) as ReplayEvent
  const was = (id: string, entered: string, left: string | null) => ({ id, ...now(entered, left) }) as unknown as EyeEvent
  it('pairs what is the same and tells what would be new and what would be gone', () => {
    const found = compare([now('01:00:06', '01:00:20'), now('02:00:00', '02:00:10')], [was('a', '01:00:05', '01:00:21'), was('b', '01:00:24', '01:00:30'), was('c', '03:00:00', null)])
    expect(found.both.map((p) => p.was.id)).toEqual(['a'])
    expect(found.added.map((e) => e.entered_at.slice(11, 19))).toEqual(['02:00:00'])
    expect(found.gone.map((e) => e.id)).toEqual(['b', 'c'])
  })
})

describe('minutes of the day', () => {
  it('are read and written as a clock', () => {
    expect([0, 61, 1440].map(clock)).toEqual(['00:00', '01:01', '24:00'])
    expect(['00:00', '7:05', '24:00', '24:01', '12:60', 'x'].map(minutes)).toEqual([0, 425, 1440, undefined, undefined, undefined])
  })
})
