// The open alarms: one list for the map, the badge, the page title and the sound.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { get, post } from '@/api/client'
import type { Alarm, Problem } from '@/api/types'
import { soundAlarm } from '@/lib/sound'

/** Open alarms shown beside the map at most; the alarm page pages through all. */
const OPEN_MAX = 200
const EXCEEDANCE_SOUNDS = 3

export const useAlarms = defineStore('alarms', () => {
  const open = shallowRef<Alarm[]>([])
  /** More are open than were read. */
  const more = ref(false)
  const problem = ref<Problem>()
  const loaded = ref(false)
  /** The newest alarm that came in while the page was open; the shell tells of it. */
  const arrived = shallowRef<Alarm>()
  const count = computed(() => open.value.length)
  let running: AbortController | undefined

  async function load(): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    const result = await get('/api/v1/act/alarms', { query: { state: 'open', limit: OPEN_MAX }, signal: mine.signal })
    if (running !== mine || result.kind === 'aborted') return
    if (result.kind === 'error') {
      problem.value = result.problem
      return
    }
    problem.value = undefined
    const known = new Set(open.value.map((a) => a.id))
    const fresh = result.data.items.filter((a) => !known.has(a.id))
    open.value = result.data.items
    more.value = Boolean(result.data.next)
    // Alarms that came while the stream was down are told of like the others; those of the first reading are not new.
    // One sound is enough for all, and an exceedance is the one to be heard.
    const loudest = fresh.find((a) => a.kind === 'exceedance') ?? fresh[0]
    if (loaded.value && loudest) tell(loudest)
    loaded.value = true
  }

  /** Takes one alarm as the stream sent it. */
  function take(alarm: Alarm): void {
    const known = open.value.some((a) => a.id === alarm.id)
    if (alarm.state !== 'open') {
      open.value = open.value.filter((a) => a.id !== alarm.id)
    } else if (known) {
      open.value = open.value.map((a) => (a.id === alarm.id ? alarm : a))
    } else {
      open.value = [alarm, ...open.value]
      tell(alarm)
    }
  }

  function tell(alarm: Alarm): void {
    arrived.value = alarm
    soundAlarm(alarm.kind === 'exceedance' ? EXCEEDANCE_SOUNDS : 1)
  }

  /** Takes notice of an alarm; gives the problem if it could not be done. */
  async function acknowledge(id: string): Promise<Problem | undefined> {
    const result = await post('/api/v1/act/alarms/{id}/acknowledge', { path: { id } })
    if (result.kind === 'ok') take(result.data)
    return result.kind === 'error' ? result.problem : undefined
  }

  function reset(): void {
    running?.abort()
    open.value = []
    loaded.value = false
    arrived.value = undefined
  }

  return { open, more, problem, loaded, arrived, count, load, take, acknowledge, reset }
})
