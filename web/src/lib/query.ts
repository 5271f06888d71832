// A piece of server data on a page: fetched, kept while it is fetched again, and never overwritten by an older answer.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { Result } from '@/api/client'
import type { Problem } from '@/api/types'

export interface Query<T> {
  data: ShallowRef<T | undefined>
  problem: Ref<Problem | undefined>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

export function useQuery<T>(fetcher: (signal: AbortSignal) => Promise<Result<T>>): Query<T> {
  const data = shallowRef<T>()
  const problem = ref<Problem>()
  const loading = ref(false)
  let running: AbortController | undefined

  async function reload(): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    loading.value = true
    const result = await fetcher(mine.signal)
    if (running !== mine || result.kind === 'aborted') return
    loading.value = false
    if (result.kind === 'ok') {
      data.value = result.data
      problem.value = undefined
    } else {
      problem.value = result.problem
    }
  }

  onScopeDispose(() => {
    running?.abort()
    running = undefined
  })
  void reload()
  return { data, problem, loading, reload }
}

/** Runs `action` at most once per `ms`: at once when it was quiet, and once more at the end of a burst. */
export function throttled(action: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again = false
  onScopeDispose(() => clearTimeout(timer))
  function rest(): void {
    timer = setTimeout(() => {
      timer = undefined
      if (again) {
        again = false
        action()
        rest()
      }
    }, ms)
  }
  return () => {
    if (timer !== undefined) {
      again = true
      return
    }
    action()
    rest()
  }
}
