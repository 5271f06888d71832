// How the map draws. Exceeding stations lie on top of all others, and nothing ever hides a station.
import { Feature } from 'ol'
import { Point } from 'ol/geom'
import { fromLonLat } from 'ol/proj'
import { Circle as CircleStyle, Fill, Icon, Stroke, Style, Text } from 'ol/style'
import type { FeatureLike } from 'ol/Feature'
import type { Station } from '@/api/types'
import { letter, NO_DATA, OUTLINE, paint, shapeOf } from '@/lib/colours'
import { severity } from '@/lib/grade'
import { SHAPES } from '@/lib/shapes'

const FONT = '"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif'

/** One square of the icon in CSS pixels; drawn at twice the size so that it stays sharp. */
const ICON_PX = 32
const icons = new Map<string, Icon>()

function icon(station: Station, locale: string): Icon {
  const grade = station.grade
  const judged = grade?.level !== undefined && grade?.level !== null
  const exceeds = grade?.exceeds ?? false
  const colours = grade ? paint(grade.scale, grade.level) : NO_DATA
  const shape = shapeOf(grade?.scale, exceeds, judged)
  const text = letter(grade, locale)
  const away = station.link !== 'online'
  const key = [shape, colours.fill, text, away].join('|')
  let found = icons.get(key)
  if (!found) {
    const size = (text.length > 2 ? 9.5 : text.length > 1 ? 11 : 13) - (exceeds ? 1 : 0)
    const ring = away ? `<circle r="15" fill="none" stroke="${OUTLINE}" stroke-width="1.4" stroke-dasharray="3 2.4"/>` : ''
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${ICON_PX * 2}" height="${ICON_PX * 2}" viewBox="-16 -16 32 32">${ring}` +
      `<path d="${SHAPES[shape]}" fill="${colours.fill}" stroke="${OUTLINE}" stroke-width="1.5" stroke-linejoin="round"/>` +
      `<text y="${exceeds ? 8 : 4.5}" text-anchor="middle" font-family='${FONT}' font-size="${size}" font-weight="700" fill="${colours.ink}">${escapeXml(text)}</text></svg>`
    // 'obstacle' keeps labels off the marks, and the marks themselves are never left out.
    found = new Icon({ src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, scale: 0.5, declutterMode: 'obstacle' })
    icons.set(key, found)
  }
  return found
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

export function stationFeature(station: Station): Feature<Point> {
  const feature = new Feature({ geometry: new Point(fromLonLat([station.place.lon, station.place.lat])) })
  feature.setId(station.code)
  feature.set('station', station)
  return feature
}

export function stationStyle(feature: FeatureLike, resolution: number, locale: string, chosen: string | undefined): Style[] {
  const station = feature.get('station') as Station
  const exceeds = station.grade?.exceeds ?? false
  const isChosen = station.code === chosen
  const z = 10 + severity(station.grade) + (exceeds ? 1_000 : 0) + (isChosen ? 5_000 : 0)
  const styles: Style[] = []
  if (exceeds || isChosen) {
    styles.push(
      new Style({
        image: new CircleStyle({
          radius: 19,
          fill: new Fill({ color: exceeds ? 'rgba(198,40,40,0.22)' : 'rgba(11,95,99,0.18)' }),
          stroke: new Stroke({ color: exceeds ? '#b3261e' : '#0b5f63', width: isChosen ? 3 : 1.5 }),
          declutterMode: 'none',
        }),
        zIndex: z,
      }),
    )
  }
  styles.push(new Style({ image: icon(station, locale), zIndex: z + 1 }))
  // Names only when there is room for them; those of exceeding stations always.
  if (exceeds || isChosen || resolution < 110) {
    styles.push(
      new Style({
        text: new Text({
          text: locale === 'en' ? station.name.en : station.name.zh,
          font: `${exceeds ? 600 : 400} 12px ${FONT}`,
          offsetY: 23,
          fill: new Fill({ color: exceeds ? '#8f1e18' : '#14262a' }),
          stroke: new Stroke({ color: 'rgba(255,255,255,0.92)', width: 3 }),
          declutterMode: exceeds || isChosen ? 'obstacle' : 'declutter',
        }),
        zIndex: z,
      }),
    )
  }
  return styles
}

export function landStyle(feature: FeatureLike, locale: string): Style {
  const name = String(feature.get(locale === 'en' ? 'name_en' : 'name_zh') ?? '')
  const layer = feature.get('layer') as string
  if (layer === 'county') {
    return new Style({
      fill: new Fill({ color: '#f4f5ec' }),
      stroke: new Stroke({ color: '#9bb0a6', width: 1.3, lineDash: [6, 4] }),
      text: new Text({
        text: name,
        font: `600 16px ${FONT}`,
        fill: new Fill({ color: 'rgba(70,92,84,0.62)' }),
        stroke: new Stroke({ color: 'rgba(255,255,255,0.75)', width: 3 }),
        overflow: true,
      }),
      zIndex: 0,
    })
  }
  if (layer === 'reservoir') {
    return new Style({
      fill: new Fill({ color: '#b9dcec' }),
      stroke: new Stroke({ color: '#5f9fbb', width: 1 }),
      text: new Text({ text: name, font: `11px ${FONT}`, fill: new Fill({ color: '#2b6079' }), stroke: new Stroke({ color: 'rgba(255,255,255,0.8)', width: 2.5 }) }),
      zIndex: 3,
    })
  }
  return new Style({
    stroke: new Stroke({ color: '#7fb6d0', width: 2.6, lineCap: 'round', lineJoin: 'round' }),
    text: new Text({
      text: name,
      placement: 'line',
      font: `italic 12px ${FONT}`,
      fill: new Fill({ color: '#2b6079' }),
      stroke: new Stroke({ color: 'rgba(255,255,255,0.85)', width: 3 }),
    }),
    zIndex: 2,
  })
}
