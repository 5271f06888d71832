// Runs beside the page's thread: takes what the microphone gives, at whatever rate, and hands on pieces of 8 kHz signed 16-bit samples.
// A file of its own, because the security policy takes scripts from this server only. Plain JavaScript: it is served as it is.

const OUT_HZ = 8000
/** 200 ms. */
const PIECE = 1600
/** Above this a telephone carries nothing, and sampling at 8 kHz would fold it down. */
const CUT_HZ = 3400
const TAPS = 63

/** A low-pass filter: a sinc under a Hann window, its sum one. */
function lowPass(hz) {
  const taps = new Float32Array(TAPS)
  const middle = (TAPS - 1) / 2
  let sum = 0
  for (let i = 0; i < TAPS; i++) {
    const x = i - middle
    const f = (2 * CUT_HZ) / hz
    const sinc = x === 0 ? f : Math.sin(Math.PI * f * x) / (Math.PI * x)
    taps[i] = sinc * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (TAPS - 1)))
    sum += taps[i]
  }
  return taps.map((t) => t / sum)
}

class Talk extends AudioWorkletProcessor {
  constructor() {
    super()
    this.hz = globalThis.sampleRate
    this.taps = lowPass(this.hz)
    // the last samples in a ring, and where the next sample that goes out lies, in samples that came in
    this.ring = new Float32Array(TAPS)
    this.at = 0
    this.next = 0
    this.count = 0
    this.piece = new Int16Array(PIECE)
    this.filled = 0
    this.over = false
    this.port.onmessage = () => {
      this.hand()
      this.port.postMessage(null)
      this.over = true
    }
  }

  process(inputs) {
    const channels = inputs[0] ?? []
    const samples = channels[0]
    if (samples && !this.over) for (const sample of samples) this.take(sample)
    return !this.over
  }

  take(sample) {
    this.ring[this.at] = sample
    this.at = (this.at + 1) % TAPS
    this.count += 1
    if (this.count < this.next) return
    this.next += this.hz / OUT_HZ
    let sum = 0
    for (let i = 0; i < TAPS; i++) sum += this.taps[i] * this.ring[(this.at + i) % TAPS]
    this.piece[this.filled] = Math.max(-32768, Math.min(32767, Math.round(sum * 32767)))
    this.filled += 1
    if (this.filled === PIECE) this.hand()
  }

  hand() {
    if (this.filled === 0) return
    const bytes = this.piece.slice(0, this.filled).buffer
    this.filled = 0
    this.port.postMessage(bytes, [bytes])
  }
}

registerProcessor('talk', Talk)
