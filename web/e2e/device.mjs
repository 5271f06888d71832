// A logger (数采仪) of the 2017 edition, as far as the browser test needs one.
import net from 'node:net'

/** The CRC of HJ 212: the register is shifted right by eight before the byte is XORed in. */
export function crc(bytes) {
  let r = 0xffff
  for (const b of bytes) {
    r = (r >> 8) ^ b
    for (let i = 0; i < 8; i++) r = r & 1 ? (r >> 1) ^ 0xa001 : r >> 1
  }
  return r.toString(16).toUpperCase().padStart(4, '0')
}

export function frame(segment) {
  const bytes = Buffer.from(segment)
  return Buffer.concat([Buffer.from(`##${String(bytes.length).padStart(4, '0')}`), bytes, Buffer.from(`${crc(bytes)}\r\n`)])
}

/** Local time of the city, YYYYMMDDhhmmss. */
export function civil(ms) {
  return new Date(ms + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14)
}

export class Device {
  constructor(address, { mn, password, st }) {
    const [host, port] = address.split(':')
    this.id = `ST=${st};CN=2011;PW=${password};MN=${mn}`
    this.socket = net.connect(Number(port), host)
    this.answers = []
    this.socket.on('data', (data) => {
      for (const part of data.toString('latin1').split('##').filter(Boolean)) this.answers.push(part)
    })
  }

  /** Sends real-time values of a moment and waits for the acknowledgement. */
  async upload(ms, values) {
    await this.send('2011', ms, Object.entries(values).map(([code, value]) => `${code}-Rtd=${value},${code}-Flag=N`))
  }

  /** Sends the means of the hour that begins then; a value may carry a mark: `7.91/D`. */
  async hour(ms, values) {
    const item = ([code, text]) => {
      const [value, mark = 'N'] = text.split('/')
      return `${code}-Avg=${value},${code}-Flag=${mark}`
    }
    await this.send('2061', ms, Object.entries(values).map(item))
  }

  async send(cn, ms, items) {
    const before = this.answers.length
    const head = `QN=${civil(Date.now())}${String(Date.now() % 1000).padStart(3, '0')};${this.id.replace('CN=2011', `CN=${cn}`)};Flag=5`
    this.socket.write(frame(`${head};CP=&&DataTime=${civil(ms)};${items.join(';')}&&`))
    for (let waited = 0; this.answers.length === before; waited += 20) {
      if (waited > 10_000) throw new Error('no acknowledgement within ten seconds')
      await new Promise((done) => setTimeout(done, 20))
    }
    const answer = this.answers[before]
    if (!answer.includes('CN=9014')) throw new Error(`not acknowledged: ${answer}`)
  }

  end() {
    this.socket.end()
  }
}
