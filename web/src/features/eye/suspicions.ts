// Where the fences of a station make its values doubtful, for whoever may see that.
import { computed, watch, type ComputedRef, type Ref } from 'vue'
import { suspicions } from './api'
import { bandsOf, type Band } from './bands'
import type { Suspicion } from './types'
import type { Problem } from '@/api/types'
import { useLiveReload } from '@/features/system/live'
import { useSession } from '@/features/system/session'
import { useQuery } from '@/lib/query'

/** Reads anew whenever the stretch that is asked for is another, and when an event of the station begins, ends or is judged. */
export function useSuspicions(
  station: () => string,
  stretch: () => { from: string; to: string } | undefined,
): { items: ComputedRef<Suspicion[]>; bands: ComputedRef<Band[]>; problem: Ref<Problem | undefined> } {
  const session = useSession()
  const query = useQuery<{ items: Suspicion[] }>((signal) => {
    const asked = stretch()
    if (!asked || !session.can('eye')) return Promise.resolve({ kind: 'ok', data: { items: [] } })
    return suspicions({ station: station(), ...asked }, signal)
  })
  watch([station, stretch], () => void query.reload())
  useLiveReload(query.reload, { eye: (said) => said.station === station() && said.event !== undefined })
  const items = computed(() => query.data.value?.items ?? [])
  const bands = computed(() => bandsOf(items.value))
  return { items, bands, problem: query.problem }
}
