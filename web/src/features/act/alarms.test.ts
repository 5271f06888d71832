import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Alarm } from '@/api/types'
import { useAlarms } from './alarms'

const { sound } = vi.hoisted(() => ({ sound: vi.fn() }))
vi.mock('@/lib/sound', () => ({ soundAlarm: sound }))

function alarm(id: string, kind: Alarm['kind'] = 'exceedance', state: Alarm['state'] = 'open'): Alarm {
  const words = { zh: '站', en: 'station' }
  return { id, kind, state, station: 'ms01', station_name: words, message: words, basis: {}, opened: '', last: '', count: 1 }
}
function serve(items: Alarm[]): void {
  vi.stubGlobal('fetch', vi.fn(async () => new Response(JSON.stringify({ items }))))
}

beforeEach(() => {
  sound.mockClear()
  setActivePinia(createPinia())
})
afterEach(() => vi.unstubAllGlobals())

it('alarms that were open before are shown and make no sound', async () => {
  serve([alarm('a'), alarm('b')])
  const alarms = useAlarms()
  await alarms.load()
  expect([alarms.count, sound.mock.calls.length]).toEqual([2, 0])
})

it('a new alarm sounds once, its repeats do not, and it leaves when somebody took notice', async () => {
  serve([])
  const alarms = useAlarms()
  await alarms.load()
  alarms.take(alarm('a', 'spike'))
  alarms.take({ ...alarm('a', 'spike'), count: 2 })
  expect(sound.mock.calls).toEqual([[1]])
  expect(alarms.open.map((a) => a.count)).toEqual([2])
  alarms.take(alarm('a', 'spike', 'acknowledged'))
  expect(alarms.count).toBe(0)
})

it('what came while the stream was down is heard afterwards, the exceedance before the rest', async () => {
  serve([alarm('a')])
  const alarms = useAlarms()
  await alarms.load()
  serve([alarm('c', 'spike'), alarm('b'), alarm('a')])
  await alarms.load()
  expect([alarms.count, alarms.arrived?.id, sound.mock.calls]).toEqual([3, 'b', [[3]]])
})
