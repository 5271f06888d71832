import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick } from 'vue'
import { useLive, useLiveReload } from './live'

class FakeSource extends EventTarget {
  static made: FakeSource[] = []
  onerror: (() => void) | null = null
  closed = false
  constructor(readonly url: string) {
    super()
    FakeSource.made.push(this)
  }
  close(): void {
    this.closed = true
  }
  say(name: string, data = '{}'): void {
    this.dispatchEvent(new MessageEvent(name, { data }))
  }
  static get last(): FakeSource {
    const last = FakeSource.made.at(-1)
    if (!last) throw new Error('no source was opened')
    return last
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSource.made = []
  vi.stubGlobal('EventSource', FakeSource)
  setActivePinia(createPinia())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the stream of changes', () => {
  it('comes back by itself, waiting longer each time, and has everything read again', () => {
    const live = useLive()
    live.connect()
    FakeSource.last.say('hello')
    expect([live.state, live.epoch]).toEqual(['open', 1])

    FakeSource.last.onerror?.()
    expect([live.state, FakeSource.last.closed]).toEqual(['lost', true])
    vi.advanceTimersByTime(999)
    expect(FakeSource.made.length).toBe(1)
    vi.advanceTimersByTime(1)
    expect(FakeSource.made.length).toBe(2)

    FakeSource.last.onerror?.()
    vi.advanceTimersByTime(1_999)
    expect(FakeSource.made.length).toBe(2)
    vi.advanceTimersByTime(1)
    FakeSource.last.say('hello')
    expect([live.state, live.epoch]).toEqual(['open', 2])
  })

  it('never waits longer than half a minute', () => {
    const live = useLive()
    live.connect()
    for (let i = 0; i < 12; i++) {
      FakeSource.last.onerror?.()
      vi.advanceTimersByTime(30_000)
      expect(FakeSource.made.length).toBe(i + 2)
    }
  })

  it('has everything read again when the server says that events were lost', () => {
    const live = useLive()
    live.connect()
    FakeSource.last.say('hello')
    FakeSource.last.say('lost')
    expect(live.epoch).toBe(2)
  })

  it('hands events to who asked for them, until they stop asking', () => {
    const live = useLive()
    live.connect()
    const heard: string[] = []
    const stop = live.on('grades', (event) => heard.push(...event.stations))
    FakeSource.last.say('grades', '{"stations":["ms01"]}')
    stop()
    FakeSource.last.say('grades', '{"stations":["ms02"]}')
    expect(heard).toEqual(['ms01'])
  })

  it('opens nothing more after it was closed', () => {
    const live = useLive()
    live.connect()
    FakeSource.last.onerror?.()
    live.disconnect()
    vi.advanceTimersByTime(60_000)
    expect([FakeSource.made.length, live.state]).toEqual([1, 'off'])
  })
})

it('a page reloads on its events, not oftener than it said, and after a reconnect', async () => {
  const live = useLive()
  live.connect()
  const reload = vi.fn()
  const scope = effectScope()
  scope.run(() => useLiveReload(reload, { readings: (event) => event.stations.includes('ms01') }, 2_000))
  for (let i = 0; i < 5; i++) FakeSource.last.say('readings', '{"stations":["ms01"]}')
  FakeSource.last.say('readings', '{"stations":["ms02"]}')
  expect(reload).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(2_000)
  expect(reload).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(10_000)
  expect(reload).toHaveBeenCalledTimes(2)
  FakeSource.last.say('hello')
  await nextTick()
  expect(reload).toHaveBeenCalledTimes(3)
  scope.stop()
  FakeSource.last.say('readings', '{"stations":["ms01"]}')
  expect(reload).toHaveBeenCalledTimes(3)
})
