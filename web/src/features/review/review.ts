// What the keys of the review desk mean, and small things that its parts share. Pure, so that it can be tested without a page.
import type { FindingSummary, Ground } from '@/api/types'
import type { Door } from '@/features/system/rights'

export const LEVELS = [1, 2, 3] as const
export const LEVEL_DOORS: Record<number, Door> = { 1: 'review_first', 2: 'review_second', 3: 'review_third' }

/** What the desk is doing: looking, or waiting for the rest of a decision. */
export type Mode = 'look' | 'ground' | 'other' | 'manual' | 'return' | 'sign' | 'help'

export type Command =
  | { do: 'move'; by: 1 | -1 }
  | { do: 'accept' }
  | { do: 'restore' }
  | { do: 'mode'; mode: Mode }
  | { do: 'ground'; code: string }
  | { do: 'none' }

/** What a key does. Letters come as they are on the key, in either case; with a modifier a key belongs to the browser. */
export function commandOf(key: string, mode: Mode, grounds: Ground[], modified = false): Command {
  if (modified) return { do: 'none' }
  if (key === 'Escape') return mode === 'look' ? { do: 'none' } : { do: 'mode', mode: 'look' }
  if (mode === 'ground') {
    const ground = grounds.find((g) => String(g.digit) === key)
    if (!ground) return { do: 'none' }
    return ground.code === 'other' ? { do: 'mode', mode: 'other' } : { do: 'ground', code: ground.code }
  }
  if (mode === 'help' && (key === '?' || key === 'Enter')) return { do: 'mode', mode: 'look' }
  if (mode !== 'look') return { do: 'none' }
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case 'j':
    case 'ArrowDown':
      return { do: 'move', by: 1 }
    case 'k':
    case 'ArrowUp':
      return { do: 'move', by: -1 }
    case 'a':
      return { do: 'accept' }
    case 'u':
      return { do: 'restore' }
    case 'x':
      return { do: 'mode', mode: 'ground' }
    case 'm':
      return { do: 'mode', mode: 'manual' }
    case 'r':
      return { do: 'mode', mode: 'return' }
    case 's':
      return { do: 'mode', mode: 'sign' }
    case '?':
    case '？':
      return { do: 'mode', mode: 'help' }
    default:
      return { do: 'none' }
  }
}

/** Whether typing belongs to a field and not to the desk. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

/** The place in a list after one of it is gone: the one that comes to stand there, else the last. */
export function placeAfter(place: number, lengthAfter: number): number {
  return Math.max(0, Math.min(place, lengthAfter - 1))
}

/** Puts a finding back where it belongs: those that press most first, then by id. */
export function putBack(list: FindingSummary[], one: FindingSummary): FindingSummary[] {
  if (list.some((f) => f.id === one.id)) return list
  const before = (f: FindingSummary) => f.urgency > one.urgency || (f.urgency === one.urgency && f.id < one.id)
  const place = list.findIndex((f) => !before(f))
  return place < 0 ? [...list, one] : [...list.slice(0, place), one, ...list.slice(place)]
}

/** The last moment of a stretch whose end is not in it: a stretch that ends with a value ends a microsecond after it. */
export function lastOf(to: string): string {
  const within = /\.\d{3}\d*[1-9]/.test(to)
  return new Date(Date.parse(to) - (within ? 0 : 1)).toISOString()
}

/** The civil day of a time as shown (`2026-03-01 08:00`). */
export function dayOf(shown: string): string {
  return shown.slice(0, 10)
}
