// How the map draws a trace: the network above and below, the water at a moment, ranks of candidates, sectors of air.
import { Feature } from 'ol'
import { LineString, Point, Polygon } from 'ol/geom'
import { fromLonLat } from 'ol/proj'
import { Circle as CircleStyle, Fill, RegularShape, Stroke, Style, Text } from 'ol/style'
import type { LonLat, TraceSector } from '@/api/types'

const FONT = '"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif'
const line = (points: [number, number][]): LineString => new LineString(points.map((p) => fromLonLat(p)))

export type Water = 'up' | 'down' | 'way' | 'possible' | 'likely'

const WATER: Record<Water, [string, number, number]> = {
  up: ['#6d9fb6', 3, 1],
  down: ['#3f7fb0', 3.5, 1],
  way: ['#0b5f63', 4, 2],
  possible: ['rgba(230,120,20,0.55)', 11, 3],
  likely: ['#b3261e', 7, 4],
}

/** A piece of river. */
export function water(points: [number, number][], kind: Water): Feature {
  const feature = new Feature({ geometry: line(points) })
  const [color, width, zIndex] = WATER[kind]
  feature.set('aside', true)
  feature.setStyle(new Style({ stroke: new Stroke({ color, width, lineCap: 'round', lineJoin: 'round' }), zIndex }))
  return feature
}

/** A number beside a station. */
export function badge(place: LonLat, text: string, kind: 'rank' | 'chosen' | 'out' | 'anomaly' | 'reached' | 'below'): Feature {
  const feature = new Feature({ geometry: new Point(fromLonLat([place.lon, place.lat])) })
  feature.set('aside', kind === 'out')
  const colours = { rank: '#8a3b00', chosen: '#b3261e', out: '#68787c', anomaly: '#b3261e', reached: '#1f5f93' }
  // a station has a mark of its own: this only keeps it in sight
  if (kind === 'below') {
    feature.setStyle([])
    return feature
  }
  const fill = new Fill({ color: colours[kind] })
  const stroke = new Stroke({ color: '#fff', width: 2 })
  const displacement = [15, 15]
  const image =
    kind === 'anomaly'
      ? new CircleStyle({ radius: 20, stroke: new Stroke({ color: colours.anomaly, width: 3.5, lineDash: [6, 4] }) })
      : kind === 'reached'
        ? new RegularShape({ points: 4, radius: 8, angle: Math.PI / 4, fill, stroke })
        : new CircleStyle({ radius: kind === 'out' ? 8 : 11, fill, stroke, displacement })
  const label = new Text({ text, font: `700 12px ${FONT}`, fill: new Fill({ color: '#fff' }), offsetX: displacement[0], offsetY: -displacement[1]! })
  feature.setStyle(new Style({ image, text: kind === 'anomaly' || kind === 'reached' ? undefined : label, zIndex: kind === 'out' ? 1 : 10 }))
  return feature
}

/** The area of an hour; the one that is shown stands out. */
export function sector(s: TraceSector, shown: boolean): Feature {
  const ring = [...s.area, s.area[0]!].map((p) => fromLonLat(p as [number, number]))
  const feature = new Feature({ geometry: new Polygon([ring]) })
  const color = s.air === 'moving' ? '230,120,20' : '104,120,124'
  feature.setStyle(
    new Style({
      fill: new Fill({ color: `rgba(${color},${shown ? 0.38 : 0.1})` }),
      stroke: new Stroke({ color: `rgba(${color},${shown ? 1 : 0.5})`, width: shown ? 2.5 : 1, lineDash: s.air === 'moving' ? undefined : [6, 4] }),
      zIndex: shown ? 5 : 3,
    }),
  )
  return feature
}
