import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTalk, type TalkFault } from './talk'

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

describe('a talk that cannot begin', () => {
  afterAll(() => vi.unstubAllGlobals())

  /** A browser in which one step fails; tells what came of a talk. */
  async function begin(failing: string): Promise<{ stopped: number; closed: number; faults: TalkFault[]; begun: boolean }> {
    const fails = (name: string): Promise<void> => (name === failing ? Promise.reject(new Error(name)) : Promise.resolve())
    const stop = vi.fn()
    const close = vi.fn(() => Promise.resolve())
    const node = { connect: (to: unknown) => to }
    vi.stubGlobal('isSecureContext', true)
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => fails('microphone').then(() => ({ getTracks: () => [{ stop }] })) } })
    vi.stubGlobal('AudioContext', class {
      audioWorklet = { addModule: () => fails('module') }
      destination = node
      createMediaStreamSource = () => node
      resume = () => fails('resume')
      close = close
    })
    vi.stubGlobal('GainNode', class {
      connect = node.connect
    })
    vi.stubGlobal('AudioWorkletNode', class {
      port = {}
      connect = node.connect
      constructor() {
        if (failing === 'node') throw new Error('node')
      }
    })
    const faults: TalkFault[] = []
    const begun = await startTalk('ms16', { fault: (fault) => faults.push(fault), level: () => undefined, dropped: () => undefined })
    return { stopped: stop.mock.calls.length, closed: close.mock.calls.length, faults, begun: begun !== undefined }
  }

  it('leaves no microphone open, whichever step fails', async () => {
    for (const step of ['module', 'node', 'resume']) {
      expect(await begin(step), step).toEqual({ stopped: 1, closed: 1, faults: [{ what: 'microphone', detail: step }], begun: false })
    }
    expect(await begin('microphone')).toEqual({ stopped: 0, closed: 1, faults: [{ what: 'microphone', detail: 'microphone' }], begun: false })
    expect(await begin('nothing')).toEqual({ stopped: 0, closed: 0, faults: [], begun: true })
  })
})
