// How a guard state is shown and ordered, and spans of time in words. Pure.
import type { Camera, Guard, GuardState } from './types'
import { formatBytes } from '@/lib/format'

export const STATES: GuardState[] = ['intrusion', 'blind', 'guarded', 'off']

type Translate = (key: string, named?: Record<string, unknown>) => string

/** What presses most comes first: somebody inside, then who sees nothing, then by station and camera. */
export function byUrgency(a: Camera, b: Camera): number {
  const order = STATES.indexOf(a.guard.state) - STATES.indexOf(b.guard.state)
  if (order !== 0) return order
  // the newest intrusion first, the longest blindness first
  if (a.guard.state === 'intrusion') return Date.parse(b.guard.since) - Date.parse(a.guard.since)
  if (a.guard.state === 'blind') return Date.parse(a.guard.since) - Date.parse(b.guard.since)
  return a.station.localeCompare(b.station) || a.code.localeCompare(b.code)
}

/** How many cameras are in each state. */
export function counts(cameras: Camera[]): Record<GuardState, number> {
  const all = { intrusion: 0, blind: 0, guarded: 0, off: 0 }
  for (const one of cameras) all[one.guard.state] += 1
  return all
}

/** Only what is live is shown: a camera that is blind or off has no picture, however recent the last one is. */
export function sees(guard: Guard): boolean {
  return guard.state === 'guarded' || guard.state === 'intrusion'
}

/** Seconds in at most two units: `3 分 20 秒`. */
export function spanText(seconds: number | null | undefined, t: Translate): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return '—'
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return t('eye.span.s', { s })
  const m = Math.floor(s / 60)
  if (m < 60) return s % 60 === 0 ? t('eye.span.m', { m }) : t('eye.span.ms', { m, s: s % 60 })
  const h = Math.floor(m / 60)
  if (h < 24) return m % 60 === 0 ? t('eye.span.h', { h }) : t('eye.span.hm', { h, m: m % 60 })
  const d = Math.floor(h / 24)
  return h % 24 === 0 ? t('eye.span.d', { d }) : t('eye.span.dh', { d, h: h % 24 })
}

/** Recordings are large: gigabytes where there are any. */
export function sizeText(bytes: number): string {
  return bytes < 1024 ** 3 ? formatBytes(bytes) : `${(bytes / 1024 ** 3).toFixed(1)} GB`
}

/** The tile that an arrow key leads to in a grid of so many columns. */
export function step(at: number, key: string, columns: number, length: number): number {
  const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }
  const to = key === 'Home' ? 0 : key === 'End' ? length - 1 : at + (by[key] ?? 0)
  return to < 0 || to >= length ? at : to
}
