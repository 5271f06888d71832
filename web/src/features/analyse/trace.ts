// Tracing: links to it, and where the water is at a moment.
import type { Alarm, Station, TraceCandidate, TraceStretch, WaterTrace } from '@/api/types'

const HOUR_MS = 3_600_000

/** What the page asks for, as its address says it. */
export interface TraceQuery {
  kind?: 'water' | 'air'
  station?: string
  factor?: string
  from?: string
  to?: string
}

function link(query: TraceQuery): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value)
  return `/trace?${search.toString()}`
}

/** The page for a stretch of a curve; none for what is not traced. */
export function traceLink(station: Pick<Station, 'code' | 'kind'>, factor: string, span: { from: string; to: string }): string | undefined {
  if (station.kind === 'air_station') return link({ kind: 'air', station: station.code, factor: factor.startsWith('a010') ? undefined : factor, to: span.to })
  return factor.startsWith('w') ? link({ station: station.code, factor, from: span.from, to: span.to }) : undefined
}

/** The page for an alarm of a water factor: from an hour before it was raised, because what raised it began before. */
export function traceOf(alarm: Pick<Alarm, 'station' | 'factor' | 'opened' | 'last' | 'ended' | 'kind'>): string | undefined {
  if (!alarm.factor?.startsWith('w') || !['exceedance', 'spike'].includes(alarm.kind)) return undefined
  const end = Math.max(Date.parse(alarm.opened) + 60_000, Date.parse(alarm.ended ?? alarm.last))
  const from = new Date(Date.parse(alarm.opened) - HOUR_MS).toISOString()
  return link({ station: alarm.station, factor: alarm.factor, from, to: new Date(end).toISOString() })
}

/** Shares of a stretch, 0 at its begin. */
export type Share = [number, number]

/** Where `rising` reaches what it must from: the shares on which `a + s·(b − a)` is at least `least`. */
function atLeast(a: number, b: number, least: number): Share | undefined {
  if (Math.abs(b - a) < 1e-9) return a >= least ? [0, 1] : undefined
  const s = (least - a) / (b - a)
  return cut(b > a ? [s, 1] : [0, s])
}

function atMost(a: number, b: number, most: number): Share | undefined {
  return atLeast(-a, -b, -most)
}

function cut([from, to]: Share): Share | undefined {
  const share: Share = [Math.max(0, from), Math.min(1, to)]
  return share[0] < share[1] ? share : undefined
}

function both(a: Share | undefined, b: Share | undefined): Share | undefined {
  return a && b ? cut([Math.max(a[0], b[0]), Math.min(a[1], b[1])]) : undefined
}

/**
 * The part of a stretch on which the water of an anomaly may be at a moment: above the station the water that comes to it during the
 * anomaly, below it the water that has passed it. `likely` takes mean velocities instead of all that is possible.
 */
export function plume(stretch: TraceStretch, during: { from: number; to: number }, at: number, likely = false): Share | undefined {
  const { begin, end } = stretch
  const [fast, slow] = likely ? (['likely_s', 'likely_s'] as const) : (['fast_s', 'slow_s'] as const)
  if (stretch.side === 'up') {
    return both(atLeast(begin[slow], end[slow], (during.from - at) / 1_000), atMost(begin[fast], end[fast], (during.to - at) / 1_000))
  }
  return both(atMost(begin[fast], end[fast], (at - during.from) / 1_000), atLeast(begin[slow], end[slow], (at - during.to) / 1_000))
}

/** The part of a stretch that the water of a candidate takes; all of it below the station. */
export function onWay(stretch: TraceStretch, candidates: readonly TraceCandidate[]): Share | undefined {
  if (stretch.side === 'down') return [0, 1]
  let found: Share | undefined
  for (const c of candidates) {
    if (!c.reaches.includes(stretch.reach)) continue
    // a metre more, so that a candidate at the very begin of a stretch keeps it
    const part = atMost(stretch.begin.likely_s, stretch.end.likely_s, c.travel.likely_s + 1)
    if (part) found = found ? [Math.min(found[0], part[0]), Math.max(found[1], part[1])] : part
  }
  return found
}

/** The common part of two. */
export const common = both

/** The piece of a reach's line between two shares of a stretch. */
export function piece(stretch: TraceStretch, [from, to]: Share): [number, number][] {
  const line = stretch.line as [number, number][]
  if (line.length < 2 || stretch.length_km <= 0) return []
  const steps = line.slice(1).map((p, i) => distance(line[i]!, p))
  const total = steps.reduce((sum, d) => sum + d, 0)
  const share = (s: number): number => ((stretch.from_km + s * (stretch.to_km - stretch.from_km)) / stretch.length_km) * total
  const [begin, end] = [share(from), share(to)]
  const out: [number, number][] = []
  let gone = 0
  for (const [i, step] of steps.entries()) {
    const [a, b] = [line[i]!, line[i + 1]!]
    const on = (d: number): [number, number] => {
      const part = step > 0 ? Math.min(1, Math.max(0, (d - gone) / step)) : 0
      return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])]
    }
    if (gone + step >= begin && gone <= end) {
      if (out.length === 0) out.push(on(begin))
      out.push(on(end))
    }
    gone += step
  }
  return out
}

function distance(a: [number, number], b: [number, number]): number {
  const wide = Math.cos((((a[1] + b[1]) / 2) * Math.PI) / 180)
  return Math.hypot((a[0] - b[0]) * wide, a[1] - b[1])
}

/** First and last moment that a slider shows: from the first departure that is possible, at most three days back, until it has passed. */
export function shownSpan(trace: WaterTrace): { from: number; to: number } {
  const [from, to] = [Date.parse(trace.from), Date.parse(trace.to)]
  const first = Math.min(from - 6 * HOUR_MS, ...trace.candidates.map((c) => Date.parse(c.from)))
  const last = Math.max(to + 6 * HOUR_MS, ...trace.arrivals.map((a) => Date.parse(a.passed)))
  return { from: Math.max(first, from - 72 * HOUR_MS), to: Math.min(last, to + 72 * HOUR_MS) }
}
