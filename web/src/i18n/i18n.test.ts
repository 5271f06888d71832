import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { en } from './en'
import { firstLocale } from './index'
import { zh } from './zh'

function keys(messages: object, prefix = ''): string[] {
  return Object.entries(messages).flatMap(([key, value]) => (typeof value === 'object' ? keys(value as object, `${prefix}${key}.`) : [prefix + key]))
}
function at(messages: object, key: string): string {
  return String(key.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], messages))
}
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

describe('messages', () => {
  it('have the same keys in both languages', () => {
    expect(keys(en).sort()).toEqual(keys(zh).sort())
  })
  it('have the same placeholders', () => {
    for (const key of keys(zh)) expect([key, placeholders(at(en, key))]).toEqual([key, placeholders(at(zh, key))])
  })
  it('use no sign that has a meaning of its own', () => {
    for (const key of keys(zh)) expect(at(zh, key) + at(en, key), key).not.toMatch(/[|@]/)
  })
})

describe('rights', () => {
  it('each have a name', () => {
    // the table that the program prints; a test of the program holds it against the rights there are
    const table = readFileSync('../docs/ref/rights.md', 'utf8')
    const rights = [...table.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \|/gm)].map((m) => m[1])
    expect(rights.length).toBeGreaterThan(40)
    for (const right of rights) expect(keys(zh), right).toContain(`right.${right}`)
  })
})

describe('first language', () => {
  it('is the remembered one, then the browser’s, then Chinese', () => {
    expect(firstLocale('en', ['zh-CN'])).toBe('en')
    expect(firstLocale(null, ['de', 'en-GB'])).toBe('en')
    expect(firstLocale(null, ['zh-TW', 'en'])).toBe('zh')
    expect(firstLocale(null, ['de'])).toBe('zh')
    expect(firstLocale('xx', [])).toBe('zh')
  })
})
