/** What `false-sharing` says about facts: of the one kind, the other, both and neither. */

import { describe, expect, test } from 'vitest'
import falseSharing from '../../../lib/lab/experiments/false-sharing.ts'
import { factsOf } from '../../support/lab-facts.ts'

/** Lines of several threads, of a hundred each, of both sizes. */
function seen(active: number, passive: number, more: { foreign?: number; again?: number } = {}) {
  const { foreign = 0, again = 0 } = more
  const values: Record<string, number> = {
    'by turns: blocks whose lower neighbour is of another thread': foreign,
    'after handing over: blocks that a thread freed and got again': again,
    'after handing over: blocks freed': 512,
  }
  for (const size of [16, 32]) {
    values[`by turns, ${size} B: lines with blocks`] = 100
    values[`by turns, ${size} B: lines of several threads`] = active
    values[`after handing over, ${size} B: lines with blocks`] = 100
    values[`after handing over, ${size} B: lines of several threads`] = passive
  }
  return factsOf(values)
}

const said = (facts: ReturnType<typeof seen>) => falseSharing.explain(facts).join(' ')

describe('false-sharing', () => {
  test('none at all', () => {
    const facts = seen(0, 0)
    expect(said(facts)).toContain('no line had blocks of two of them')
    expect(said(facts)).toContain('passive false sharing was not seen')
    expect(falseSharing.model?.(facts)).toEqual({ 'false sharing': 'not seen' })
  })

  test('by the heap, block beside block', () => {
    const facts = seen(80, 0, { foreign: 99 })
    expect(said(facts)).toContain(
      '80 % of the lines had blocks of several threads: blocks asked for one after the other',
    )
    expect(falseSharing.model?.(facts)).toEqual({ 'false sharing': 'the heap causes it by itself' })
  })

  test('by the heap, where stretches meet', () => {
    expect(said(seen(20, 0, { foreign: 15 }))).toContain(
      'each thread has stretches of its own, and they meet within lines',
    )
  })

  test('by what threads hand over, in whole and in part', () => {
    const facts = seen(0, 100, { again: 512 })
    expect(said(facts)).toContain('each thread got just those blocks again that it had freed, and 100 % of the lines')
    expect(said(facts)).toContain('stay divided')
    expect(falseSharing.model?.(facts)).toEqual({ 'false sharing': 'only where threads hand blocks over' })
    expect(said(seen(0, 10, { again: 100 }))).toContain('got 100 of the 512 blocks again')
  })

  test('new blocks that lie together without having been handed over', () => {
    const text = said(seen(0, 10))
    expect(text).toContain('no thread got a block again that it had freed itself; still, 10 %')
    expect(text).not.toContain('stay divided')
  })
})
