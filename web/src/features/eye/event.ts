// Small things of events that pages share. Pure.
import type { EventDetail, EventFile, EventKind, EyeEvent, Suspicion, SuspicionState, Verdict } from './types'

export const KINDS: EventKind[] = ['intrusion', 'crossed', 'left_behind', 'visit']
export const EVENT_STATES = ['open', 'unreviewed', 'reviewed'] as const
/** In the order of the keys 1 to 4. */
export const VERDICTS: Verdict[] = ['person', 'maintenance', 'animal', 'false']

/** The verdict that a key stands for; with a modifier a key belongs to the browser. */
export function verdictOf(key: string, modified = false): Verdict | undefined {
  return modified || key.length !== 1 ? undefined : VERDICTS['1234'.indexOf(key)]
}

export function clipOf(event: EventDetail): EventFile | undefined {
  return event.files.find((f) => f.kind === 'clip')
}

/** A clip is cut when the recording has gone on for a while; it is listed once its copy without faces is there, or after this time. */
const MAKING_MS = 660_000
/** Whether a clip may still come. */
export function isMaking(event: Pick<EyeEvent, 'left_at'>, now: number): boolean {
  return now - Date.parse(event.left_at ?? '') < MAKING_MS
}

/** The instant at a place of the clip, and back; none without the clip's begin. */
export function atOf(clip: EventFile | undefined, seconds: number): number | undefined {
  const begin = Date.parse(clip?.from ?? '')
  return Number.isNaN(begin) ? undefined : begin + seconds * 1000
}
/** Where in the clip an instant lies; outside of it its nearer end. */
export function secondsOf(clip: EventFile | undefined, at: number): number | undefined {
  const begin = Date.parse(clip?.from ?? '')
  const end = Date.parse(clip?.to ?? '')
  if (Number.isNaN(begin)) return undefined
  return Math.max(0, Math.min(at, Number.isNaN(end) ? at : end) - begin) / 1000
}

const MINUTE_MS = 60_000
/** How much of the station's curve stands beside the clip. */
export const ROOMS = { near: 2 * MINUTE_MS, around: 30 * MINUTE_MS, wide: 180 * MINUTE_MS } as const
export type Room = keyof typeof ROOMS
/** From before the entry to after the leaving; wide enough for the clip, and for the suspicion unless it is only to be seen near by. */
export function window(event: EventDetail, room: Room, now: number): { from: number; to: number } {
  const clip = clipOf(event)
  const entered = Date.parse(event.entered_at)
  const left = event.left_at ? Date.parse(event.left_at) : Math.min(now, entered + MINUTE_MS)
  const froms = [entered - ROOMS[room], Date.parse(clip?.from ?? '')]
  const tos = [left + ROOMS[room], Date.parse(clip?.to ?? '')]
  if (room !== 'near' && event.suspicion_span) {
    froms.push(Date.parse(event.suspicion_span.from) - MINUTE_MS)
    tos.push(Date.parse(event.suspicion_span.to) + MINUTE_MS)
  }
  return { from: Math.min(...froms.filter((n) => !Number.isNaN(n))), to: Math.max(...tos.filter((n) => !Number.isNaN(n))) }
}

/** The suspicion of an event as a band for its curve. */
export function suspicionOf(event: EventDetail): Suspicion | undefined {
  const span = event.suspicion_span
  if (!span || !event.suspicion) return undefined
  return { event: event.id, number: event.number, station: event.station, from: span.from, to: span.to, state: event.suspicion, by: null, at: null, reason: '', picture: event.picture }
}

/** How much a state presses, as the class of a tag. */
export function suspicionTag(state: SuspicionState): string {
  return state === 'standing' ? 'tag warn' : state === 'confirmed' ? 'tag danger' : 'tag'
}
export function kindTag(event: Pick<EyeEvent, 'kind' | 'verdict'>): string {
  if (event.kind === 'visit') return 'tag accent'
  return event.verdict === 'false' || event.verdict === 'animal' || event.verdict === 'maintenance' ? 'tag' : 'tag danger'
}

/** The seconds somebody has been inside: until now while they are. */
export function secondsIn(event: EyeEvent, now: number): number {
  return event.seconds ?? ((event.left_at ? Date.parse(event.left_at) : now) - Date.parse(event.entered_at)) / 1000
}
