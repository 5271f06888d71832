// A stream of pictures as `multipart/x-mixed-replace` brings it: each part says in its headers how long it is, so that nothing is searched
// for inside of a picture. Pure.

const HEAD_MAX = 4 * 1024
const PART_BYTES_MAX = 32 * 1024 * 1024

function lengthOf(head: string): number {
  if (!head.trimStart().startsWith('--')) throw new Error('a part without its boundary')
  const length = Number(/^content-length:[ \t]*(\d+)[ \t]*$/im.exec(head)?.[1])
  if (Number.isNaN(length)) throw new Error('a part without its length')
  if (length > PART_BYTES_MAX) throw new Error(`a part of ${length} bytes`)
  return length
}

/** Takes what has come, wherever it was cut, and gives the parts that are whole with it. After an error the stream is of no more use. */
export function partsReader(): (chunk: Uint8Array) => Uint8Array<ArrayBuffer>[] {
  let head = ''
  let body: Uint8Array<ArrayBuffer> | undefined
  let filled = 0

  return (chunk) => {
    const whole: Uint8Array<ArrayBuffer>[] = []
    let at = 0
    while (at < chunk.length) {
      if (body) {
        const more = chunk.subarray(at, at + body.length - filled)
        body.set(more, filled)
        filled += more.length
        at += more.length
      } else {
        head += String.fromCharCode(chunk[at] ?? 0)
        at += 1
        if (head.length > HEAD_MAX) throw new Error('headers without end')
        if (!head.endsWith('\r\n\r\n')) continue
        body = new Uint8Array(lengthOf(head))
        filled = 0
        head = ''
      }
      if (filled === body.length) {
        whole.push(body)
        body = undefined
      }
    }
    return whole
  }
}
