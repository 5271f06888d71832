// Outlines of the marks in a box of −16 to 16, for the map's icons and the pages alike.
import type { Shape } from './colours'

export const SHAPES: Record<Shape, string> = {
  circle: 'M-12.5 0a12.5 12.5 0 1 0 25 0a12.5 12.5 0 1 0 -25 0Z',
  square: 'M-11.5 -9.5q0 -2 2 -2h19q2 0 2 2v19q0 2 -2 2h-19q-2 0 -2 -2Z',
  diamond: 'M0 -14.5 14.5 0 0 14.5 -14.5 0Z',
  triangle: 'M0 -14.5 15 12.5H-15Z',
}
