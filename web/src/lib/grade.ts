// A grade in words.
import type { Grade } from '@/api/types'
import { roman } from './colours'

type Translate = (key: string, named?: Record<string, unknown>) => string

export function gradeWord(grade: Grade | null | undefined, locale: string, t: Translate): string {
  const level = grade?.level
  if (!grade || level === null || level === undefined) return t('grade.none')
  if (grade.scale === 'water') return level === 6 ? t('grade.inferior') : t('grade.class', { class: roman(level) })
  if (grade.scale === 'air') {
    const index = locale === 'en' ? grade.label.en : grade.label.zh
    return `${t('grade.aqi', { aqi: index })} ${t(`grade.air.${level}`)}`
  }
  return t(level > 1 ? 'grade.exceeds' : 'grade.within')
}

/** Order by severity, for sorting: what exceeds first, then the worse level; what was not judged comes last. */
export function severity(grade: Grade | null | undefined): number {
  if (!grade || grade.level === null || grade.level === undefined) return -1
  return grade.level + (grade.exceeds ? 100 : 0)
}
