import { beforeAll, describe, expect, it, vi } from 'vitest'

interface Processor {
  port: { onmessage: () => void; postMessage: (data: ArrayBuffer | null) => void }
  process: (inputs: Float32Array[][]) => boolean
}
let Talk: new () => Processor

beforeAll(async () => {
  vi.stubGlobal('AudioWorkletProcessor', class {
    port = { onmessage: () => undefined, postMessage: () => undefined }
  })
  vi.stubGlobal('registerProcessor', (_name: string, made: new () => Processor) => (Talk = made))
  const path = './talk.worklet.js'
  await import(path)
})

/** A second of a tone through the microphone's rate, as what comes out. */
function speak(hz: number, tone: number): { samples: Int16Array; pieces: number[]; ended: boolean } {
  vi.stubGlobal('sampleRate', hz)
  const talk = new Talk()
  const got: Int16Array[] = []
  let ended = false
  talk.port.postMessage = (data) => (data === null ? (ended = true) : got.push(new Int16Array(data)))
  for (let from = 0; from < hz; from += 128) talk.process([[Float32Array.from({ length: Math.min(128, hz - from) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * tone * (from + i)) / hz))]])
  talk.port.onmessage()
  return { samples: Int16Array.from(got.flatMap((g) => [...g])), pieces: got.map((g) => g.length), ended }
}
const peak = (samples: Int16Array): number => Math.max(...samples.slice(200).map(Math.abs))

describe('the microphone', () => {
  it('becomes 8 kHz in pieces of 200 ms, whatever its own rate is', () => {
    for (const hz of [48_000, 44_100, 16_000]) {
      const { samples, pieces, ended } = speak(hz, 440)
      expect(Math.abs(samples.length - 8000), `${hz}`).toBeLessThanOrEqual(1)
      expect(pieces.slice(0, 4)).toEqual([1600, 1600, 1600, 1600])
      expect(ended).toBe(true)
    }
  })
  it('keeps speech and takes away what 8 kHz cannot carry', () => {
    expect(peak(speak(48_000, 1000).samples)).toBeGreaterThan(15_500)
    expect(peak(speak(48_000, 7000).samples)).toBeLessThan(300)
  })
})
