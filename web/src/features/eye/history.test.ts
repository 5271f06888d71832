import { describe, expect, it } from 'vitest'
import { useHistory } from './history'

describe('what can be taken back', () => {
  it('goes back and forth, and a new change forgets what was ahead', () => {
    const h = useHistory(0)
    h.set(1)
    h.set(2)
    h.undo()
    expect([h.now.value, h.canRedo.value]).toEqual([1, true])
    h.set(5)
    h.redo()
    h.undo()
    h.undo()
    h.undo()
    expect([h.now.value, h.canUndo.value, h.changed.value]).toEqual([0, false, false])
  })
  it('takes a drag back in one step', () => {
    const h = useHistory(0)
    h.set(1)
    h.grasp()
    for (const n of [2, 3, 4]) h.set(n)
    h.rest()
    h.set(5)
    h.undo()
    h.undo()
    expect(h.now.value).toBe(1)
  })
})
