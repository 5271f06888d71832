// What reports look like on a page, and how their files are fetched.
import { getFile } from '@/api/client'
import type { Problem, ReportCell, ReportSummary } from '@/api/types'
import { downloadBlob } from '@/lib/csv'

export const FORMS = ['docx', 'pdf', 'xlsx', 'csv'] as const
export type Form = (typeof FORMS)[number]

type Translate = (key: string, named?: Record<string, unknown>) => string

/** `第1版` or `第1版草稿2`. */
export function editionText(report: Pick<ReportSummary, 'edition' | 'draft' | 'published'>, t: Translate): string {
  return report.published ? t('report.edition', { edition: report.edition }) : t('report.draftOf', { edition: report.edition, draft: report.draft })
}

/** A cell as it is shown; what is missing is a dash, and why is its title. */
export function shown(cell: ReportCell): string {
  if (cell.cell === 'number') return cell.value
  return cell.cell === 'text' ? cell.text : '—'
}

export function reasonOf(cell: ReportCell): string | undefined {
  return cell.cell === 'missing' ? cell.reason : undefined
}

/** Chapters are numbered as officials do. */
export function numberZh(n: number): string {
  const digits = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九']
  if (n < 10) return digits[n] ?? ''
  if (n < 20) return `十${digits[n - 10] ?? ''}`
  return n < 100 ? `${digits[Math.floor(n / 10)] ?? ''}十${digits[n % 10] ?? ''}` : String(n)
}

/** Whether a text can be the period of a report; the server has the last word. */
export function isPeriod(text: string): boolean {
  return /^\d{4}(-(\d{2}(-(\d{2}|T[123]))?|Q[1-4]|W\d{2}))?$/.test(text)
}

/** Month before a day, as `2026-05`: what is made most. */
export function monthBefore(now: Date): string {
  const month = new Date(now.getFullYear(), now.getMonth() - 1, 1)
  return `${String(month.getFullYear())}-${String(month.getMonth() + 1).padStart(2, '0')}`
}

/** Fetches a report as a file and hands it to the browser; the problem when there is one. */
export async function fetchReport(id: string, form: Form): Promise<Problem | undefined> {
  const result = await getFile('/api/v1/analyse/reports/{id}/file', { path: { id }, query: { as: form } })
  if (result.kind === 'ok') downloadBlob(result.data.name, result.data.blob)
  return result.kind === 'error' ? result.problem : undefined
}
