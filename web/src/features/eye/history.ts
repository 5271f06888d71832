// What can be taken back. A change that is still going on (a corner under the mouse) is one step.
import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue'

const STEPS_MAX = 200

export interface History<T> {
  now: ShallowRef<T>
  set: (next: T) => void
  /** The next calls of `set` up to `rest` are one step. */
  grasp: () => void
  rest: () => void
  undo: () => void
  redo: () => void
  begin: (fresh: T) => void
  canUndo: ComputedRef<boolean>
  canRedo: ComputedRef<boolean>
  changed: ComputedRef<boolean>
}

export function useHistory<T>(first: T): History<T> {
  const now = shallowRef(first)
  const kept = shallowRef(first)
  const past = shallowRef<T[]>([])
  const ahead = shallowRef<T[]>([])
  let held = false
  let noted = false

  function set(next: T): void {
    if (next === now.value) return
    if (!held || !noted) past.value = [...past.value, now.value].slice(-STEPS_MAX)
    noted = true
    ahead.value = []
    now.value = next
  }
  function undo(): void {
    const before = past.value.at(-1)
    if (before === undefined) return
    ahead.value = [...ahead.value, now.value]
    past.value = past.value.slice(0, -1)
    now.value = before
  }
  function redo(): void {
    const next = ahead.value.at(-1)
    if (next === undefined) return
    past.value = [...past.value, now.value]
    ahead.value = ahead.value.slice(0, -1)
    now.value = next
  }
  function begin(fresh: T): void {
    now.value = kept.value = fresh
    past.value = []
    ahead.value = []
  }
  return {
    now,
    set,
    grasp: () => {
      held = true
      noted = false
    },
    rest: () => {
      held = false
      noted = false
    },
    undo,
    redo,
    begin,
    canUndo: computed(() => past.value.length > 0),
    canRedo: computed(() => ahead.value.length > 0),
    changed: computed(() => now.value !== kept.value && JSON.stringify(now.value) !== JSON.stringify(kept.value)),
  }
}
