import { describe, expect, it } from 'vitest'
import { editionText, isPeriod, monthBefore, numberZh, reasonOf, shown } from './report'
import { fileName } from '@/api/client'

describe('reports', () => {
  it('show numbers with their decimals and what is missing with its reason', () => {
    expect(shown({ cell: 'number', value: '93.0' })).toBe('93.0')
    expect(shown({ cell: 'text', text: 'Ⅲ类' })).toBe('Ⅲ类')
    expect([shown({ cell: 'missing', reason: '未监测' }), reasonOf({ cell: 'missing', reason: '未监测' })]).toEqual(['—', '未监测'])
  })
  it('know periods', () => {
    for (const text of ['2026', '2026-05', '2026-05-01', '2026-05-T2', '2026-Q1', '2026-W20']) expect(isPeriod(text), text).toBe(true)
    for (const text of ['', '26-05', '2026-Q5', '2026-5', '五月']) expect(isPeriod(text), text).toBe(false)
    expect([monthBefore(new Date(2026, 0, 5)), monthBefore(new Date(2026, 10, 30))]).toEqual(['2025-12', '2026-10'])
  })
  it('number chapters and editions', () => {
    expect([1, 10, 11, 20, 21].map(numberZh)).toEqual(['一', '十', '十一', '二十', '二十一'])
    const t = (key: string, named?: Record<string, unknown>): string => `${key} ${JSON.stringify(named)}`
    expect(editionText({ edition: 2, draft: 3, published: null }, t)).toBe('report.draftOf {"edition":2,"draft":3}')
  })
  it('read the name of a file', () => {
    expect(fileName("attachment; filename=\"report.docx\"; filename*=UTF-8''%E6%9C%88%E6%8A%A5.docx")).toBe('月报.docx')
    expect([fileName('attachment; filename="a.csv"'), fileName(null), fileName("filename*=UTF-8''%E6")]).toEqual(['a.csv', 'file', 'file'])
  })
})
