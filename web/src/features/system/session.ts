// Who is logged in, and which installation this is.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { get, onUnauthenticated, post, type Result } from '@/api/client'
import type { About, Person, Problem } from '@/api/types'
import { setZone } from '@/lib/format'
import { may, type Right } from './rights'

export const useSession = defineStore('session', () => {
  const person = shallowRef<Person>()
  const about = shallowRef<About>()
  const problem = ref<Problem>()
  /** Whether the server has been asked who this is. */
  const known = ref(false)
  const role = computed(() => person.value?.role)

  async function load(): Promise<void> {
    const [aboutResult, me] = await Promise.all([get('/api/v1/system/about'), get('/api/v1/system/me')])
    problem.value = undefined
    if (aboutResult.kind === 'ok') {
      about.value = aboutResult.data
      setZone(aboutResult.data.zone)
    } else if (aboutResult.kind === 'error') {
      problem.value = aboutResult.problem
    }
    if (me.kind === 'ok') person.value = me.data
    else if (me.kind === 'error' && me.problem.code !== 'unauthenticated') problem.value = me.problem
    known.value = problem.value === undefined
  }

  /** Asks whether the session still stands; when it does not, the answer itself ends it here. */
  async function check(): Promise<void> {
    await get('/api/v1/system/me')
  }

  async function login(name: string, password: string): Promise<Result<Person>> {
    const result = await post('/api/v1/system/login', { body: { login: name, password } })
    if (result.kind === 'ok') person.value = result.data
    return result
  }

  async function logout(): Promise<void> {
    await post('/api/v1/system/logout')
    person.value = undefined
  }

  onUnauthenticated(() => {
    person.value = undefined
  })

  function can(right: Right): boolean {
    return role.value !== undefined && may(role.value, right)
  }

  return { person, about, problem, known, role, load, check, login, logout, can }
})
