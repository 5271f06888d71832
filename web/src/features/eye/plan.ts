// Drawing on a plan: every change gives a new plan, so that each can be taken back. Places are fractions of the picture. Pure.
import type { EyeEvent, Fence, FenceKind, Line, Place, Plan, ReplayEvent } from './types'

export const FENCE_KINDS: FenceKind[] = ['sampling_head', 'house_door', 'fence_line', 'water_bank', 'air_inlet']
/** Colours of the kinds; the name of the fence stands on it as well. All keep 3:1 on light and dark pictures by their white edge. */
export const KIND_COLOURS: Record<FenceKind, string> = { sampling_head: '#d5241a', house_door: '#b35c00', fence_line: '#7b3fa0', water_bank: '#0b6fb8', air_inlet: '#00796b' }
export const LINE_COLOUR = '#ad1457'
export const MASK_COLOUR = '#37474f'
/** Labels that are offered; others may be typed as far as the model knows them. */
export const LABELS = ['person', 'bicycle', 'car', 'motorcycle', 'bus', 'truck', 'boat', 'dog', 'bird']
export const CORNERS_MAX = 128
const CORNERS_MIN = 3

/** A polygon or a line of a plan. */
export interface Target {
  what: 'fence' | 'approach' | 'line' | 'mask'
  /** Its place in the list of fences, lines or masks. */
  index: number
}
export const same = (a: Target | undefined, b: Target | undefined): boolean => a?.what === b?.what && a?.index === b?.index

export function emptyPlan(): Plan {
  return { fences: [], lines: [], masks: [], thresholds: { day: {}, night: {} }, day: [360, 1140] }
}

const FENCE_FIRST: Omit<Fence, 'id' | 'kind' | 'polygon'> = { name: '', approach: null, labels: ['person'], hours: [], enter_hits: 3, dwell_s: 0, leave_s: 1.5, left_behind: null }

/** A fence file as it is kept: what is left out in it is what it means. */
export function planOf(file: unknown): Plan {
  const empty = emptyPlan()
  const { fences = [], lines = [], masks = [], thresholds = {}, day } = file as Partial<Omit<Plan, 'thresholds'>> & { thresholds?: Partial<Plan['thresholds']> }
  return {
    ...empty,
    fences: fences.map((f) => ({ ...FENCE_FIRST, ...f })),
    lines: lines.map((l) => ({ ...l, name: l.name ?? '', direction: l.direction ?? 'both', labels: l.labels ?? ['person'] })),
    masks,
    thresholds: { ...empty.thresholds, ...thresholds },
    day: day ?? empty.day,
  }
}

/** Inside the picture, to four decimals: a ten-thousandth is less than a pixel. */
export function clamp([x, y]: Place): Place {
  const part = (n: number) => Math.round(Math.max(0, Math.min(1, n)) * 10_000) / 10_000
  return [part(x), part(y)]
}

export function cornersOf(plan: Plan, target: Target): Place[] {
  const { what, index } = target
  if (what === 'fence') return plan.fences[index]?.polygon ?? []
  if (what === 'approach') return plan.fences[index]?.approach ?? []
  if (what === 'mask') return plan.masks[index] ?? []
  const line = plan.lines[index]
  return line ? [line.from, line.to] : []
}

export function withCorners(plan: Plan, target: Target, corners: Place[]): Plan {
  const { what, index } = target
  const at = <T>(list: T[], change: (one: T) => T): T[] => list.map((one, i) => (i === index ? change(one) : one))
  if (what === 'fence') return { ...plan, fences: at(plan.fences, (f) => ({ ...f, polygon: corners })) }
  if (what === 'approach') return { ...plan, fences: at(plan.fences, (f) => ({ ...f, approach: corners })) }
  if (what === 'mask') return { ...plan, masks: at(plan.masks, () => corners) }
  const [from, to] = corners
  return from && to ? { ...plan, lines: at(plan.lines, (l) => ({ ...l, from, to })) } : plan
}

export function moveCorner(plan: Plan, target: Target, corner: number, to: Place): Plan {
  return withCorners(plan, target, cornersOf(plan, target).map((p, i) => (i === corner ? clamp(to) : p)))
}

/** Moves the whole, and stops it as one at the edge of the picture. */
export function moveShape(plan: Plan, target: Target, from: Place[], by: Place): Plan {
  const part = (axis: 0 | 1) => {
    const all = from.map((p) => p[axis])
    return Math.max(-Math.min(...all), Math.min(1 - Math.max(...all), by[axis]))
  }
  const [dx, dy] = [part(0), part(1)]
  return withCorners(plan, target, from.map(([x, y]) => clamp([x + dx, y + dy])))
}

/** A corner in the middle of the edge that begins at `edge`. */
export function splitEdge(plan: Plan, target: Target, edge: number): Plan {
  const corners = cornersOf(plan, target)
  const [a, b] = [corners[edge], corners[(edge + 1) % corners.length]]
  if (!a || !b || target.what === 'line' || corners.length >= CORNERS_MAX) return plan
  return withCorners(plan, target, corners.toSpliced(edge + 1, 0, clamp([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])))
}

/** Takes a corner away, unless too few would be left. */
export function dropCorner(plan: Plan, target: Target, corner: number): Plan {
  const corners = cornersOf(plan, target)
  if (target.what === 'line' || corners.length <= CORNERS_MIN) return plan
  return withCorners(plan, target, corners.toSpliced(corner, 1))
}

export function drop(plan: Plan, target: Target): Plan {
  const { what, index } = target
  const without = <T>(list: T[]): T[] => list.filter((_, i) => i !== index)
  if (what === 'fence') return { ...plan, fences: without(plan.fences) }
  if (what === 'approach') return { ...plan, fences: plan.fences.map((f, i) => (i === index ? { ...f, approach: null } : f)) }
  if (what === 'line') return { ...plan, lines: without(plan.lines) }
  return { ...plan, masks: without(plan.masks) }
}

/** The first free id of a kind: `f1`, `f2`, …; ids are unique over fences and lines. */
function freeId(plan: Plan, letter: string): string {
  const taken = new Set([...plan.fences, ...plan.lines].map((one) => one.id))
  let n = 1
  while (taken.has(`${letter}${n}`)) n += 1
  return `${letter}${n}`
}

export function addFence(plan: Plan, kind: FenceKind, name: string, polygon: Place[]): { plan: Plan; target: Target } {
  const fence: Fence = { ...FENCE_FIRST, id: freeId(plan, 'f'), name, kind, polygon: polygon.map(clamp) }
  return { plan: { ...plan, fences: [...plan.fences, fence] }, target: { what: 'fence', index: plan.fences.length } }
}
export function addLine(plan: Plan, name: string, from: Place, to: Place): { plan: Plan; target: Target } {
  const line: Line = { id: freeId(plan, 'l'), name, from: clamp(from), to: clamp(to), direction: 'both', labels: ['person'] }
  return { plan: { ...plan, lines: [...plan.lines, line] }, target: { what: 'line', index: plan.lines.length } }
}
export function addMask(plan: Plan, polygon: Place[]): { plan: Plan; target: Target } {
  return { plan: { ...plan, masks: [...plan.masks, polygon.map(clamp)] }, target: { what: 'mask', index: plan.masks.length } }
}

/** The polygon drawn out from its middle, for an approach that nobody has drawn yet. */
export function around(polygon: Place[], by = 0.06): Place[] {
  const n = polygon.length || 1
  const [cx, cy] = [polygon.reduce((s, p) => s + p[0], 0) / n, polygon.reduce((s, p) => s + p[1], 0) / n]
  return polygon.map(([x, y]) => {
    const far = Math.hypot(x - cx, y - cy) || 1
    return clamp([x + ((x - cx) / far) * by, y + ((y - cy) / far) * by])
  })
}

/** What is wrong with a shape, and where. */
export interface Fault {
  target: Target | undefined
  corner: number | undefined
  text: string
}

function crosses(a: Place, b: Place, c: Place, d: Place): boolean {
  const side = (p: Place, q: Place, r: Place) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

/** Faults that can be seen while drawing; the server has the last word. */
export function faults(plan: Plan, t: (key: string, named?: Record<string, unknown>) => string): Fault[] {
  const targets: Target[] = [
    ...plan.fences.map((_, index) => ({ what: 'fence' as const, index })),
    ...plan.fences.flatMap((f, index) => (f.approach ? [{ what: 'approach' as const, index }] : [])),
    ...plan.lines.map((_, index) => ({ what: 'line' as const, index })),
    ...plan.masks.map((_, index) => ({ what: 'mask' as const, index })),
  ]
  return targets.flatMap((target) => {
    const corners = cornersOf(plan, target)
    const found: Fault[] = []
    corners.forEach((p, i) => {
      const before = corners[(i + corners.length - 1) % corners.length]
      if (corners.length > 1 && before && before[0] === p[0] && before[1] === p[1]) found.push({ target, corner: i, text: t('eye.fault.repeated', { corner: i + 1 }) })
    })
    if (target.what === 'line') return found
    for (let i = 0; i < corners.length; i++) {
      for (let j = i + 2; j < corners.length; j++) {
        if (i === 0 && j === corners.length - 1) continue
        const [a, b, c, d] = [corners[i], corners[i + 1], corners[j], corners[(j + 1) % corners.length]]
        if (a && b && c && d && crosses(a, b, c, d)) found.push({ target, corner: i, text: t('eye.fault.crossing', { first: i + 1, second: j + 1 }) })
      }
    }
    return found.slice(0, 1)
  })
}

/** Where a refusal of the server points, in its English or Chinese words. */
export function refusal(plan: Plan, detail: string): Fault {
  const fence = (id: string, what: 'fence' | 'approach'): Target | undefined => {
    const index = plan.fences.findIndex((f) => f.id === id)
    return index < 0 ? undefined : { what, index }
  }
  const line = (id: string): Target | undefined => {
    const index = plan.lines.findIndex((l) => l.id === id)
    return index < 0 ? undefined : { what: 'line', index }
  }
  const mask = (index: number): Target | undefined => (plan.masks[index] ? { what: 'mask', index } : undefined)
  const take = (pattern: RegExp): string | undefined => pattern.exec(detail)?.[1]
  const first = <T>(...tries: (() => T | undefined)[]): T | undefined => {
    for (const one of tries) {
      const found = one()
      if (found !== undefined) return found
    }
    return undefined
  }
  const of = <T>(text: string | undefined, make: (text: string) => T | undefined): T | undefined => (text === undefined ? undefined : make(text))
  const target = first(
    () => of(take(/approach of fence ([^\s:：]+)/) ?? take(/围栏 ([^\s:：]+) 的外圈/), (id) => fence(id, 'approach')),
    () => of(take(/fence ([^\s:：]+)/) ?? take(/围栏 ([^\s:：]+)/), (id) => fence(id, 'fence')),
    () => of(take(/line ([^\s:：]+)/) ?? take(/越线 ([^\s:：]+)/), line),
    () => of(take(/mask (\d+)/), (n) => mask(Number(n))),
    () => of(take(/第 (\d+) 个屏蔽区/), (n) => mask(Number(n) - 1)),
  )
  const corner = first(
    () => of(take(/(?:corner|edges?) (\d+)/), Number),
    () => of(take(/第 (\d+) (?:个角|条边)/), (n) => Number(n) - 1),
  )
  return { target, corner, text: detail }
}

// ---- what-if ----

export interface Compared {
  both: { now: ReplayEvent; was: EyeEvent }[]
  /** Would be reported and is not kept. */
  added: ReplayEvent[]
  /** Is kept and would not be reported. */
  gone: EyeEvent[]
}

const NEAR_MS = 5_000
/** Pairs events of a replay with those that are kept: same time, give or take some seconds, each once, the nearest entry first. */
export function compare(replayed: ReplayEvent[], kept: EyeEvent[]): Compared {
  const end = (e: { entered_at: string; left_at?: string | null }) => Date.parse(e.left_at ?? e.entered_at)
  const pairs = replayed.flatMap((now, i) =>
    kept.flatMap((was, j) => {
      const meet = Date.parse(now.entered_at) <= end(was) + NEAR_MS && Date.parse(was.entered_at) <= end(now) + NEAR_MS
      return meet ? [{ i, j, apart: Math.abs(Date.parse(now.entered_at) - Date.parse(was.entered_at)) }] : []
    }),
  )
  pairs.sort((a, b) => a.apart - b.apart)
  const [usedNow, usedWas] = [new Map<number, number>(), new Set<number>()]
  for (const { i, j } of pairs) {
    if (usedNow.has(i) || usedWas.has(j)) continue
    usedNow.set(i, j)
    usedWas.add(j)
  }
  return {
    both: replayed.flatMap((now, i) => {
      const was = kept[usedNow.get(i) ?? -1]
      return was ? [{ now, was }] : []
    }),
    added: replayed.filter((_, i) => !usedNow.has(i)),
    gone: kept.filter((_, j) => !usedWas.has(j)),
  }
}

/** Minutes after midnight as `HH:MM`, and back; the end of the day is 24:00. */
export function clock(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
export function minutes(text: string): number | undefined {
  const [, h, m] = /^(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? []
  if (h === undefined || m === undefined) return undefined
  const all = Number(h) * 60 + Number(m)
  return Number(m) < 60 && all <= 1440 ? all : undefined
}
