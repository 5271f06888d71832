// The two languages. Messages are compiled at run time without `eval`, so the strict content security policy holds.
import { computed } from 'vue'
import { createI18n, useI18n } from 'vue-i18n'
import type { Problem, Words } from '@/api/types'
import { remember, remembered } from '@/lib/remember'
import { en } from './en'
import { zh } from './zh'

export type Locale = 'zh' | 'en'

/** The remembered choice, else the browser's first language of the two, else Chinese. */
export function firstLocale(kept: string | null, languages: readonly string[]): Locale {
  if (kept === 'zh' || kept === 'en') return kept
  for (const language of languages) {
    if (language.toLowerCase().startsWith('zh')) return 'zh'
    if (language.toLowerCase().startsWith('en')) return 'en'
  }
  return 'zh'
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLocale(remembered('locale'), navigator.languages),
  fallbackLocale: 'zh',
  messages: { zh, en },
})

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  remember('locale', locale)
  markDocument()
}

export function markDocument(): void {
  document.documentElement.lang = i18n.global.locale.value === 'zh' ? 'zh-CN' : 'en'
}

/** Translation, the words of the server, and the locale, for a component. */
export function useText() {
  const { t, te, locale } = useI18n()
  const words = (w: Words | null | undefined): string => (w ? w[locale.value as Locale] || w.zh : '')
  /** A message that may be missing for a code the server learned later: then the code itself. */
  const tCode = (prefix: string, code: string): string => (te(`${prefix}.${code}`) ? t(`${prefix}.${code}`) : code)
  /** A clause as a standard is cited in the language shown: tables are 表 in Chinese. */
  const cite = (clause: string): string =>
    locale.value === 'zh' ? clause.replace(/\btable (\d+)/g, '表 $1') : clause.replace('排污许可证', 'discharge permit')
  const problemText = (problem: Problem): string => words(problem.title)
  return { t, te, words, tCode, cite, problemText, locale: computed(() => locale.value as Locale) }
}
