import { describe, expect, it } from 'vitest'
import { partsReader } from './multipart'

const bytes = (text: string) => new TextEncoder().encode(text)
/** A part as the server sends it. */
const part = (body: string) => `--picture\r\ncontent-type: image/jpeg\r\ncontent-length: ${body.length}\r\n\r\n${body}\r\n`
/** What comes of chunks of so many bytes. */
function read(all: string, size: number): string[] {
  const take = partsReader()
  const sent = bytes(all)
  const got: string[] = []
  for (let at = 0; at < sent.length; at += size) got.push(...take(sent.subarray(at, at + size)).map((p) => new TextDecoder().decode(p)))
  return got
}

describe('a stream of pictures', () => {
  // what ends headers and parts may stand inside of a picture as well
  const bodies = ['first', 'a\r\n\r\n--picture\r\n', '\r\n', 'last']
  const stream = bodies.map(part).join('')

  it('is the same wherever it was cut', () => {
    for (let size = 1; size <= stream.length; size++) expect(read(stream, size), `${size}`).toEqual(bodies)
  })
  it('gives a part once its last byte is there, and what is cut off never', () => {
    const take = partsReader()
    const sent = bytes(part('whole') + part('cut off'))
    const end = part('whole').length - '\r\n'.length
    expect(take(sent.subarray(0, end - 1))).toEqual([])
    expect(take(sent.subarray(end - 1, end)).map((p) => new TextDecoder().decode(p))).toEqual(['whole'])
    expect(take(sent.subarray(end, sent.length - 4))).toEqual([])
  })
  it('takes the length whatever its letters are', () => {
    expect(read('--picture\r\nContent-Length:3 \r\nContent-Type: image/jpeg\r\n\r\nabc\r\n', 7)).toEqual(['abc'])
  })
  it('is refused without a length, without a boundary, and where it has no bounds', () => {
    expect(() => read('--picture\r\ncontent-type: image/jpeg\r\n\r\nabc', 5)).toThrow('without its length')
    expect(() => read('--picture\r\ncontent-length: many\r\n\r\nabc', 5)).toThrow('without its length')
    expect(() => read('content-length: 3\r\n\r\nabc', 5)).toThrow('without its boundary')
    expect(() => read(`--picture\r\ncontent-length: ${10 ** 9}\r\n\r\n`, 5)).toThrow('bytes')
    expect(() => read(`--picture\r\n${'x: y\r\n'.repeat(1_000)}`, 500)).toThrow('without end')
  })
})
