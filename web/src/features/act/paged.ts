// A list read page by page with the cursor of the server.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { Result } from '@/api/client'
import type { Problem } from '@/api/types'

interface Page<T> {
  items: T[]
  next?: string | null
}

export interface Paged<T> {
  items: ShallowRef<T[]>
  next: Ref<string | undefined>
  problem: Ref<Problem | undefined>
  loading: Ref<boolean>
  loaded: Ref<boolean>
  reload: () => Promise<void>
  more: () => Promise<void>
}

export function usePaged<T>(fetcher: (before: string | undefined, signal: AbortSignal) => Promise<Result<Page<T>>>): Paged<T> {
  const items = shallowRef<T[]>([])
  const next = ref<string>()
  const problem = ref<Problem>()
  const loading = ref(false)
  const loaded = ref(false)
  let running: AbortController | undefined

  async function read(before: string | undefined): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    loading.value = true
    const result = await fetcher(before, mine.signal)
    if (running !== mine || result.kind === 'aborted') return
    loading.value = false
    if (result.kind === 'error') {
      problem.value = result.problem
      return
    }
    problem.value = undefined
    items.value = before === undefined ? result.data.items : [...items.value, ...result.data.items]
    next.value = result.data.next ?? undefined
    loaded.value = true
  }

  onScopeDispose(() => {
    running?.abort()
    running = undefined
  })
  void read(undefined)
  return {
    items,
    next,
    problem,
    loading,
    loaded,
    reload: () => read(undefined),
    more: async () => {
      if (next.value !== undefined) await read(next.value)
    },
  }
}
