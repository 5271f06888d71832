// A picture that can be evidence: hills, a river and the sky, drawn here so that no picture of anybody's is needed.
import zlib from 'node:zlib'

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length)
  body.copy(out, 4)
  out.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc32(body), body.length + 4)
  return out
}

function crc32(bytes) {
  let r = ~0
  for (const b of bytes) {
    r ^= b
    for (let i = 0; i < 8; i++) r = (r >>> 1) ^ (r & 1 ? 0xedb88320 : 0)
  }
  return ~r >>> 0
}

function colour(x, y, seed) {
  const far = 0.42 + 0.09 * Math.sin(4 * x + seed) + 0.03 * Math.sin(13 * x)
  const near = 0.6 + 0.07 * Math.sin(3 * x + 2 + seed)
  if (y < far) return [190 - 60 * y, 215 - 30 * y, 235]
  if (y < near) return [96, 140 - 30 * (y - far), 120]
  const river = Math.abs(x - 0.5 - 0.25 * Math.sin(5 * y + seed)) < 0.06 + 0.25 * (y - near)
  return river ? [90, 150 + 20 * Math.sin(60 * y), 170] : [70, 112 + 10 * Math.sin(40 * x + 30 * y), 64]
}

export function photo(seed, width = 480, height = 320) {
  const raw = Buffer.alloc(height * (width * 3 + 1))
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * (width * 3 + 1) + 1 + column * 3
      colour(column / width, row / height, seed).forEach((c, i) => (raw[at + i] = Math.max(0, Math.min(255, c))))
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(raw)), chunk('IEND', Buffer.alloc(0))])
}
