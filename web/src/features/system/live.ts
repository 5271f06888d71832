// The one stream of changes. It says *that* something changed; pages fetch what they show.
import { defineStore } from 'pinia'
import { onScopeDispose, ref, watch } from 'vue'
import type { Alarm } from '@/api/types'
import type { EyeSaid } from '@/features/eye/types'
import { throttled } from '@/lib/query'

export interface LiveEvents {
  readings: { stations: string[] }
  grades: { stations: string[] }
  alarm: Alarm
  case: { id: string }
  device: { mn: string }
  glass: { person: string }
  eye: EyeSaid
}
type Name = keyof LiveEvents
type Listener<N extends Name> = (event: LiveEvents[N]) => void

const NAMES: Name[] = ['readings', 'grades', 'alarm', 'case', 'device', 'glass', 'eye']
const BACKOFF_FIRST_MS = 1_000
const BACKOFF_LAST_MS = 30_000

export type LiveState = 'off' | 'connecting' | 'open' | 'lost'

export const useLive = defineStore('live', () => {
  const state = ref<LiveState>('off')
  /** Grows whenever events may have been missed: everything shown has to be read again. */
  const epoch = ref(0)
  /** When the last word of any kind came in. */
  const heard = ref<number>()

  const listeners = new Map<Name, Set<(event: never) => void>>()
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let wait = BACKOFF_FIRST_MS

  function connect(): void {
    if (source || timer) return
    state.value = state.value === 'lost' ? 'lost' : 'connecting'
    const opened = new EventSource('/api/v1/events')
    source = opened
    opened.addEventListener('hello', () => {
      state.value = 'open'
      heard.value = Date.now()
      wait = BACKOFF_FIRST_MS
      // What was read before the stream stood may already be old.
      epoch.value += 1
    })
    opened.addEventListener('lost', () => {
      epoch.value += 1
    })
    // What may be seen is found anew every few minutes; nothing was lost.
    opened.addEventListener('renew', () => {
      opened.close()
      if (source !== opened) return
      source = undefined
      connect()
    })
    for (const name of NAMES) {
      opened.addEventListener(name, (message: MessageEvent<string>) => {
        heard.value = Date.now()
        deliver(name, message.data)
      })
    }
    opened.onerror = () => {
      // The browser's own retry does not back off and gives up on some answers, so it is never left to it.
      opened.close()
      if (source !== opened) return
      source = undefined
      state.value = 'lost'
      timer = setTimeout(() => {
        timer = undefined
        connect()
      }, wait)
      wait = Math.min(wait * 2, BACKOFF_LAST_MS)
    }
  }

  function disconnect(): void {
    clearTimeout(timer)
    timer = undefined
    source?.close()
    source = undefined
    state.value = 'off'
    wait = BACKOFF_FIRST_MS
  }

  function deliver(name: Name, text: string): void {
    let event: never
    try {
      event = JSON.parse(text) as never
    } catch {
      // An event that cannot be read may have meant anything.
      epoch.value += 1
      return
    }
    for (const listener of listeners.get(name) ?? []) listener(event)
  }

  function on<N extends Name>(name: N, listener: Listener<N>): () => void {
    const set = listeners.get(name) ?? new Set()
    listeners.set(name, set)
    set.add(listener as (event: never) => void)
    return () => set.delete(listener as (event: never) => void)
  }

  return { state, epoch, heard, connect, disconnect, on }
})

/** Reloads when one of the events comes in, at most every `ms`, and at once when events may have been missed. */
export function useLiveReload(
  reload: () => unknown,
  events: { [N in Name]?: (event: LiveEvents[N]) => boolean },
  ms = 2_000,
): void {
  const live = useLive()
  const soon = throttled(() => void reload(), ms)
  const stops = NAMES.flatMap((name) => {
    const wanted = events[name] as ((event: LiveEvents[Name]) => boolean) | undefined
    return wanted ? [live.on(name, (event: LiveEvents[Name]) => void (wanted(event) && soon()))] : []
  })
  watch(() => live.epoch, () => void reload())
  onScopeDispose(() => stops.forEach((stop) => stop()))
}
