// The plan by which a table is read, and what was found; both are open JSON in the description of the API.

export interface Plan {
  kind: 'real' | 'minute' | 'hour' | 'day' | 'cycle' | 'sample'
  station: { column: string } | { fixed: string }
  time: { columns: string[]; year_from: string | null; stamp: 'begin' | 'end' }
  columns: { column: string; factor: string; unit: string }[]
  missing: string[]
  status: { column: string; marks: Record<string, string> } | null
  published: { what: string; value: string; level: string | null; primary: string | null } | null
}
export interface Fault {
  line: number
  column: string
  code: string
  found: string
}
export interface Difference {
  line: number
  station: string
  at: string
  published: string[]
  ours: string[]
}
export interface Report {
  rows: number
  empty: number
  values: number
  kept: [number, number, number, number]
  judged: number
  again: number
  faults: Record<string, number>
  named: Fault[]
  selftest: { compared: number; agree: number; not_compared: number; differ: Difference[] } | null
}

export function isPlan(value: unknown): value is Plan {
  return typeof value === 'object' && value !== null && 'kind' in value && 'time' in value && 'columns' in value
}

type Translate = (key: string, named?: Record<string, unknown>) => string

/** A fault as a sentence: where, what, and what stands there. */
export function faultText(fault: Fault, t: Translate): string {
  const where = fault.column ? t('import.whereColumn', { line: fault.line, column: fault.column }) : t('import.where', { line: fault.line })
  return `${where}${t(`import.code.${fault.code}`)}${fault.found ? t('import.stands', { found: fault.found }) : ''}`
}
