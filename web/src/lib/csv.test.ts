import { expect, it } from 'vitest'
import { toCsv } from './csv'

it('quotes what must be quoted and leaves values as they are', () => {
  expect(toCsv(['a', 'b'], [['1.20', 'x,"y"\nz'], [null, 3]])).toBe('\uFEFFa,b\r\n1.20,"x,""y""\nz"\r\n,3\r\n')
})

it('lets no cell begin like a formula, but keeps negative numbers', () => {
  expect(toCsv(['v'], [['=1+1'], ['-0.5'], ['@x'], ['-x']])).toBe("\uFEFFv\r\n'=1+1\r\n-0.5\r\n'@x\r\n'-x\r\n")
})
