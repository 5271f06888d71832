// Who is logged in, and which installation this is.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { get, onUnauthenticated, post, type Result } from '@/api/client'
import type { About, Me, Problem } from '@/api/types'
import { setZone } from '@/lib/format'
import { NEEDS, type Door } from './rights'

export const useSession = defineStore('session', () => {
  const me = shallowRef<Me>()
  const about = shallowRef<About>()
  const problem = ref<Problem>()
  /** Whether the server has been asked who this is. */
  const known = ref(false)
  /** The session has run out while somebody was at work: a window asks for the password, and what they did is sent afterwards. */
  const expired = ref(false)
  let renewal: { done: Promise<boolean>; settle: (renewed: boolean) => void } | undefined
  const person = computed(() => me.value?.person)

  async function load(): Promise<void> {
    const [aboutResult, meResult] = await Promise.all([get('/api/v1/system/about'), get('/api/v1/system/me')])
    problem.value = undefined
    if (aboutResult.kind === 'ok') {
      about.value = aboutResult.data
      setZone(aboutResult.data.zone)
    } else if (aboutResult.kind === 'error') {
      problem.value = aboutResult.problem
    }
    if (meResult.kind === 'ok') me.value = meResult.data
    else if (meResult.kind === 'error' && meResult.problem.code !== 'unauthenticated') problem.value = meResult.problem
    known.value = problem.value === undefined
  }

  /** Asks whether the session still stands, and what may be done now; when it does not, the answer itself ends it here. */
  async function check(): Promise<void> {
    const result = await get('/api/v1/system/me')
    if (result.kind === 'ok') me.value = result.data
  }

  async function login(name: string, password: string, code = ''): Promise<Result<Me>> {
    const result = await post('/api/v1/system/login', { body: { login: name, password, code: code === '' ? null : code } })
    if (result.kind === 'ok') me.value = result.data
    return result
  }

  /** The code of the authenticator, after a login at another house. */
  async function outsideCode(code: string): Promise<Result<Me>> {
    const result = await post('/api/v1/system/oidc/code', { body: { code } })
    if (result.kind === 'ok') me.value = result.data
    return result
  }

  /** A wall screen hands its token over. */
  async function enterWall(token: string): Promise<Result<Me>> {
    const result = await post('/api/v1/system/wall', { body: { token } })
    if (result.kind === 'ok') me.value = result.data
    return result
  }

  async function logout(): Promise<void> {
    me.value = undefined
    await post('/api/v1/system/logout')
  }

  onUnauthenticated(() => {
    if (!me.value) return Promise.resolve(false)
    if (!renewal) {
      let settle: (renewed: boolean) => void = () => undefined
      const done = new Promise<boolean>((resolve) => (settle = resolve))
      renewal = { done, settle }
      expired.value = true
    }
    return renewal.done
  })

  function settled(renewed: boolean): void {
    expired.value = false
    renewal?.settle(renewed)
    renewal = undefined
  }

  /** The same person again, in a new session. */
  async function renew(password: string, code: string): Promise<Result<Me>> {
    const result = await login(person.value?.login ?? '', password, code)
    if (result.kind === 'ok') settled(true)
    return result
  }

  /** Somebody else, or nobody: what waited is refused. */
  function giveUp(): void {
    me.value = undefined
    settled(false)
  }

  function can(door: Door): boolean {
    return me.value !== undefined && NEEDS[door].some((right) => me.value?.rights.includes(right))
  }

  return { me, person, about, problem, known, expired, load, check, login, outsideCode, enterWall, logout, renew, giveUp, can }
})
