// Reads the decoder's open JSON of a telegram: its shape is that of `shanshui hj212 decode`, which may grow.

export interface DecodedRow {
  /** Factor code; empty for what belongs to the whole data area. */
  factor: string
  fields: [string, string][]
}

export interface Decoded {
  header: [string, string][]
  rows: DecodedRow[]
}

const HEADER = ['qn', 'st', 'cn', 'mn', 'flag', 'pnum', 'pno', 'rf', 'edition', 'encrypted']

export function readDecoded(decoded: unknown): Decoded {
  const object = isObject(decoded) ? decoded : {}
  const header = HEADER.flatMap((name): [string, string][] => {
    const value = object[name]
    return value === null || value === undefined ? [] : [[name.toUpperCase(), text(value)]]
  })
  const rows: DecodedRow[] = []
  collect(object.cp, rows)
  return { header, rows }
}

/** Plain keys stand beside factors; a factor is an object of its keys; a key sent twice is a list. */
function collect(area: unknown, rows: DecodedRow[]): void {
  if (Array.isArray(area)) {
    for (const one of area) collect(one, rows)
    return
  }
  if (!isObject(area)) return
  for (const [key, value] of Object.entries(area)) {
    if (isObject(value)) {
      rows.push({ factor: key, fields: Object.entries(value).map(([field, inner]) => [field, text(inner)]) })
    } else {
      rows.push({ factor: '', fields: [[key, text(value)]] })
    }
  }
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(' | ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
