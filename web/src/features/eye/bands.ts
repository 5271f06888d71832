// What stands behind and across a curve: suspicions as bands, moments as lines, and where the clip is. All of it is drawn in the canvas.
import { civilMs } from '@/lib/format'
import type { Suspicion, SuspicionState } from './types'

/** Times are the city's clock as the axis of a curve has it. */
export interface Band {
  key: string
  from: number
  to: number
  state: SuspicionState
}
export interface Mark {
  at: number
  name: string
}

export function bandsOf(suspicions: Suspicion[]): Band[] {
  return suspicions.map((s) => ({ key: s.event, from: civilMs(s.from), to: civilMs(s.to), state: s.state }))
}

/** The band at a time; where several lie over one another, the shortest, else the nearest that is no further than `near`. */
export function bandAt(bands: Band[], at: number, near = 0): Band | undefined {
  const there = bands.filter((b) => b.from - near <= at && at <= b.to + near)
  return there.sort((a, b) => a.to - a.from - (b.to - b.from))[0]
}

/** A name needs room: it stands only in bands that are at least this part of the axis. */
const NAMED_SHARE = 0.06
const COLOURS: Record<SuspicionState, { line: string; ground: string; edge: string; ink: string }> = {
  standing: { line: 'rgba(166,94,0,0.55)', ground: 'rgba(253,226,178,0.35)', edge: '#a65e00', ink: '#754600' },
  confirmed: { line: 'rgba(179,38,30,0.85)', ground: 'rgba(179,38,30,0.22)', edge: '#b3261e', ink: '#8f1e18' },
  lifted: { line: 'rgba(88,107,112,0.10)', ground: 'rgba(88,107,112,0.08)', edge: 'rgba(88,107,112,0.5)', ink: '#44585d' },
}

/** Standing is hatched one way, confirmed both ways, lifted is only tinted: the three differ without colour. */
function fill(state: SuspicionState): string | { image: HTMLCanvasElement; repeat: 'repeat' } {
  const { line, ground } = COLOURS[state]
  if (state === 'lifted') return ground
  const image = document.createElement('canvas')
  image.width = image.height = 8
  const pen = image.getContext('2d')
  if (!pen) return ground
  pen.fillStyle = ground
  pen.fillRect(0, 0, 8, 8)
  pen.strokeStyle = line
  pen.lineWidth = 1.4
  pen.beginPath()
  for (const begin of [-8, 0, 8]) {
    pen.moveTo(begin - 1, 9)
    pen.lineTo(begin + 9, -1)
    if (state === 'confirmed') {
      pen.moveTo(begin - 1, -1)
      pen.lineTo(begin + 9, 9)
    }
  }
  pen.stroke()
  return { image, repeat: 'repeat' }
}

const STATES: SuspicionState[] = ['lifted', 'standing', 'confirmed']

/** One series for each state that occurs, so that the legend names them. */
export function bandSeries(bands: Band[], axis: { from: number; to: number }, name: (state: SuspicionState) => string): object[] {
  return STATES.flatMap((state) => {
    const here = bands.filter((b) => b.state === state && b.to > axis.from && b.from < axis.to)
    if (here.length === 0) return []
    const { edge, ink } = COLOURS[state]
    const colour = fill(state)
    return [
      {
        id: `band-${state}`,
        name: name(state),
        type: 'line',
        data: [],
        symbol: 'none',
        itemStyle: { color: edge },
        lineStyle: { color: edge, width: 6 },
        markArea: {
          silent: true,
          animation: false,
          itemStyle: { color: colour, borderColor: edge, borderWidth: 1 },
          label: { color: ink, fontSize: 12, fontWeight: 600, position: 'insideTopLeft' },
          data: here.map((b) => [
            { name: b.to - b.from > NAMED_SHARE * (axis.to - axis.from) ? name(state) : '', xAxis: Math.max(b.from, axis.from) },
            { xAxis: Math.min(b.to, axis.to) },
          ]),
        },
      },
    ]
  })
}

export function markSeries(marks: Mark[]): object[] {
  if (marks.length === 0) return []
  return [
    {
      id: 'marks',
      type: 'line',
      data: [],
      markLine: {
        silent: true,
        symbol: 'none',
        animation: false,
        lineStyle: { color: '#14262a', width: 1.4, type: 'solid' },
        label: { color: '#14262a', fontSize: 12, fontWeight: 600, position: 'end', distance: 2, padding: [0, 4] },
        // the first is named to its left, the last to its right: they may stand close together
        data: marks.map((m, i) => ({ xAxis: m.at, label: { formatter: m.name, align: i === 0 ? 'right' : 'left' } })),
      },
    },
  ]
}

/** Where the clip is; set alone, without the rest being drawn anew. */
export function cursorSeries(at: number | undefined): object {
  return {
    id: 'cursor',
    type: 'line',
    data: [],
    z: 9,
    markLine: {
      silent: true,
      symbol: ['none', 'triangle'],
      symbolSize: 9,
      animation: false,
      lineStyle: { color: '#6a1b9a', width: 2, type: 'solid' },
      label: { show: false },
      data: at === undefined ? [] : [{ xAxis: at }],
    },
  }
}
