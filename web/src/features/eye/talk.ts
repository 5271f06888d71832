// Speaking through a station's loudspeaker while a button is held: microphone, 8 kHz pieces, one request after the other.
import { talk } from './api'
import type { Problem } from '@/api/types'

export type TalkFault = { what: 'insecure' } | { what: 'microphone'; detail: string } | { what: 'refused'; problem: Problem }
export interface Talking {
  /** Ends it; what was said before is still sent. */
  stop: () => Promise<void>
}

/** Pieces of 200 ms that may wait for a slow line; older ones are left out, else the voice would come later and later. */
const WAITING_MAX = 10

interface Opened {
  context: AudioContext
  stream: MediaStream
  node: AudioWorkletNode
}

/** The microphone and what makes pieces of its sound. When a later step fails, the microphone that was opened is closed again. */
async function open(): Promise<Opened> {
  const context = new AudioContext()
  let stream: MediaStream | undefined
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } })
    await context.audioWorklet.addModule(new URL('./talk.worklet.js', import.meta.url))
    const node = new AudioWorkletNode(context, 'talk', { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1 })
    const silent = new GainNode(context, { gain: 0 })
    context.createMediaStreamSource(stream).connect(node).connect(silent).connect(context.destination)
    await context.resume()
    return { context, stream, node }
  } catch (error) {
    for (const track of stream?.getTracks() ?? []) track.stop()
    void context.close()
    throw error
  }
}

export async function startTalk(station: string, on: { fault: (fault: TalkFault) => void; level: (level: number) => void; dropped: (pieces: number) => void }): Promise<Talking | undefined> {
  // browsers give a microphone only to pages that came over HTTPS, or from this very machine
  if (!window.isSecureContext || !('mediaDevices' in navigator)) {
    on.fault({ what: 'insecure' })
    return undefined
  }
  let opened: Opened
  try {
    opened = await open()
  } catch (error) {
    on.fault({ what: 'microphone', detail: error instanceof Error ? error.message : String(error) })
    return undefined
  }
  const { context, stream, node } = opened

  const id = crypto.randomUUID()
  const waiting: ArrayBuffer[] = []
  let dropped = 0
  let sending: Promise<void> | undefined
  let over = false
  let refused = false

  async function send(): Promise<void> {
    while (!refused) {
      const piece = waiting.shift()
      if (!piece) return
      const result = await talk(station, id, piece, false)
      if (result.kind === 'error') {
        refused = true
        on.fault({ what: 'refused', problem: result.problem })
      }
    }
  }
  function pump(): void {
    sending ??= send().finally(() => (sending = undefined))
  }
  let flushed: () => void = () => undefined
  const flush = new Promise<void>((done) => (flushed = done))
  node.port.onmessage = (message: MessageEvent<ArrayBuffer | null>) => {
    if (message.data === null) {
      flushed()
      return
    }
    on.level(level(new Int16Array(message.data)))
    waiting.push(message.data)
    if (waiting.length > WAITING_MAX) {
      waiting.shift()
      dropped += 1
      on.dropped(dropped)
    }
    pump()
  }

  return {
    stop: async () => {
      if (over) return
      over = true
      for (const track of stream.getTracks()) track.stop()
      node.port.postMessage(null)
      await flush
      void context.close()
      pump()
      await sending
      if (!refused) await talk(station, id, new ArrayBuffer(0), true)
    },
  }
}

/** How loud a piece is, 0 to 1, so that somebody sees that they are heard. */
export function level(samples: Int16Array): number {
  let peak = 0
  for (const s of samples) peak = Math.max(peak, Math.abs(s))
  return Math.min(1, peak / 32767)
}
