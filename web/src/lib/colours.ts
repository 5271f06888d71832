// Colours of grades, fixed once. Every mark carries a letter and a shape as well, so that no colour stands alone.
import type { Grade, Scale } from '@/api/types'

export interface Paint {
  fill: string
  ink: string
}

const INK_DARK = '#0d1f22'
const INK_LIGHT = '#ffffff'

/** Water classes Ⅰ to 劣Ⅴ: ours, as no standard gives any. */
const WATER: Paint[] = [
  { fill: '#9fd8f0', ink: INK_DARK },
  { fill: '#3f9be0', ink: INK_DARK },
  { fill: '#7bc67a', ink: INK_DARK },
  { fill: '#f4d23c', ink: INK_DARK },
  { fill: '#ef8a2b', ink: INK_DARK },
  { fill: '#c62828', ink: INK_LIGHT },
]

/** HJ 633 table 2: the level colours of the air quality index. */
const AIR: Paint[] = [
  { fill: 'rgb(0,228,0)', ink: INK_DARK },
  { fill: 'rgb(255,255,0)', ink: INK_DARK },
  { fill: 'rgb(255,126,0)', ink: INK_DARK },
  { fill: 'rgb(255,0,0)', ink: INK_LIGHT },
  { fill: 'rgb(153,0,76)', ink: INK_LIGHT },
  { fill: 'rgb(126,0,35)', ink: INK_LIGHT },
]

/** Discharge against its limit: within or beyond, nothing between. */
const WITHIN: Paint = { fill: '#cfe8e2', ink: INK_DARK }
const BEYOND: Paint = { fill: '#c62828', ink: INK_LIGHT }

export const NO_DATA: Paint = { fill: '#d5dbdc', ink: '#37474b' }
export const OUTLINE = '#1b2b2e'

export function paint(scale: Scale, level: number | null | undefined): Paint {
  if (level === null || level === undefined) return NO_DATA
  if (scale === 'discharge') return level > 1 ? BEYOND : WITHIN
  return (scale === 'water' ? WATER : AIR)[level - 1] ?? NO_DATA
}

export type Shape = 'circle' | 'square' | 'diamond' | 'triangle'

/** Shape by what is watched; whatever exceeds is a triangle, on every scale. */
export function shapeOf(scale: Scale | undefined, exceeds: boolean, judged: boolean): Shape {
  if (exceeds) return 'triangle'
  if (!judged) return 'square'
  if (scale === 'air') return 'square'
  return scale === 'discharge' ? 'diamond' : 'circle'
}

const ROMAN = ['Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ', 'Ⅴ', '劣Ⅴ']

/** The short text inside a mark. */
export function letter(grade: Grade | null | undefined, locale: string): string {
  const level = grade?.level
  if (!grade || level === null || level === undefined) return '—'
  if (grade.scale === 'water') return level === 6 && locale === 'en' ? '>V' : (ROMAN[level - 1] ?? '—')
  if (grade.scale === 'discharge') return level > 1 ? (locale === 'en' ? 'over' : '超') : locale === 'en' ? 'ok' : '达'
  return locale === 'en' ? grade.label.en : grade.label.zh
}

/** A class number as it is printed. */
export function roman(level: number | null | undefined): string {
  return level === null || level === undefined ? '—' : (ROMAN[level - 1] ?? '—')
}
