// Units, zones and times are made into text here and nowhere else.

let zone = 'Asia/Shanghai'

/** Sets the city's zone: everybody sees the city's clock, wherever their browser stands. */
export function setZone(name: string): void {
  zone = name
}

type Civil = { year: string; month: string; day: string; hour: string; minute: string; second: string }

const formatters = new Map<string, Intl.DateTimeFormat>()
function formatter(): Intl.DateTimeFormat {
  let found = formatters.get(zone)
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formatters.set(zone, found)
  }
  return found
}

function civil(at: Date): Civil {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
  for (const part of formatter().formatToParts(at)) parts[part.type] = part.value
  const of = (type: keyof Civil) => parts[type] ?? '00'
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute'), second: of('second') }
}

export type Precision = 'day' | 'minute' | 'second'

/** An instant on the city's clock: `2026-03-01 08:00`. An absent or unreadable instant is a dash. */
export function formatTime(at: string | null | undefined, precision: Precision = 'minute'): string {
  const date = at ? new Date(at) : undefined
  if (!date || Number.isNaN(date.getTime())) return '—'
  const c = civil(date)
  const day = `${c.year}-${c.month}-${c.day}`
  if (precision === 'day') return day
  const minute = `${day} ${c.hour}:${c.minute}`
  return precision === 'minute' ? minute : `${minute}:${c.second}`
}

/** Only the hour and minute when it is today in the city, else month and day too: for dense lists. */
export function formatShort(at: string | null | undefined, now = new Date()): string {
  const full = formatTime(at, 'second')
  if (full === '—') return full
  return full.slice(0, 10) === formatTime(now.toISOString(), 'day') ? full.slice(11) : full.slice(5, 16)
}

/** Milliseconds that read as the city's clock when shown as UTC; chart axes know no zones. */
export function civilMs(at: string): number {
  const date = new Date(at)
  const c = civil(date)
  return Date.UTC(Number(c.year), Number(c.month) - 1, Number(c.day), Number(c.hour), Number(c.minute), Number(c.second)) + (date.getTime() % 1000)
}

/** What a person typed on the city's clock (`2026-03-01 08:00:00`) as an instant. */
export function fromCivil(text: string): string {
  const asUtc = Date.parse(`${text.trim().replace(' ', 'T')}Z`)
  // The offset is looked up at the guess and once more at the result, so that a change of clocks between them counts.
  const first = asUtc - (civilMs(new Date(asUtc).toISOString()) - asUtc)
  const second = asUtc - (civilMs(new Date(first).toISOString()) - first)
  return new Date(second).toISOString()
}

const MINUTE = 60_000
/** How long ago, in the words of `Intl`: 3 分钟前. */
export function formatAgo(at: string | null | undefined, locale: string, now = Date.now()): string {
  const ms = at ? Date.parse(at) : Number.NaN
  if (Number.isNaN(ms)) return '—'
  const minutes = Math.round((ms - now) / MINUTE)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  if (Math.abs(minutes) < 60) return relative.format(minutes, 'minute')
  if (Math.abs(minutes) < 60 * 48) return relative.format(Math.round(minutes / 60), 'hour')
  return relative.format(Math.round(minutes / 1440), 'day')
}

const UNITS: Record<string, string> = {
  'ug/L': 'μg/L',
  'mg/m3': 'mg/m³',
  'ug/m3': 'μg/m³',
  'm3/s': 'm³/s',
  'm3/h': 'm³/h',
  m3: 'm³',
  'uS/cm': 'μS/cm',
  pH: '',
}

/** A unit as it is printed; pH has none. */
export function formatUnit(unit: string): string {
  return UNITS[unit] ?? unit
}

/** A value as the device sent it, with its unit; never rounded. */
export function formatValue(value: string | null | undefined, unit = ''): string {
  if (value === null || value === undefined || value === '') return '—'
  const printed = formatUnit(unit)
  return printed === '' ? value : `${value} ${printed}`
}

/** A number with the decimals of its factor, for axes and tips. */
export function formatNumber(value: number, decimals: number): string {
  return value.toFixed(decimals)
}

/** A share of 0 to 1 as per cent with one decimal. */
export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? '—' : `${(share * 100).toFixed(1)}%`
}

/** Bytes in the largest unit that keeps at least one digit before the point. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** A clock offset with its sign: `+1.2 s`. */
export function formatOffset(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '—'
  const sign = ms > 0 ? '+' : ms < 0 ? '−' : ''
  const size = Math.abs(ms)
  return size < 1000 ? `${sign}${size} ms` : `${sign}${(size / 1000).toFixed(1)} s`
}
