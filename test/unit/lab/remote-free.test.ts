/** What `remote-free` says about facts: who gets memory again that another thread has freed. */

import { describe, expect, test } from 'vitest'
import remoteFree from '../../../lib/lab/experiments/remote-free.ts'
import { factsOf } from '../../support/lab-facts.ts'

const takers = ['the thread that had allocated it', 'the other thread', 'a third thread']
const sizes = ['64 B', '1 KiB', '16 KiB']

/** Percent that came back: to the three after another thread freed, to any of them by size, and what a thread gets of its own. */
function seen(remote: readonly number[], any: readonly number[], own = 100) {
  const values: Record<string, number> = {}
  for (const [i, size] of sizes.entries()) {
    for (const [taker, name] of takers.entries()) {
      values[`${size}, freed by its own thread: given again to ${name}`] = taker === 0 ? own : 0
      values[`${size}, freed by another thread: given again to ${name}`] = remote[taker] ?? 0
    }
    values[`${size}, freed by another thread: given again to one of the three`] = any[i] ?? 0
  }
  return factsOf(values)
}

const said = (...parts: Parameters<typeof seen>) => remoteFree.explain(seen(...parts)).join(' ')

describe('remote-free', () => {
  test('to nobody, ever', () => {
    expect(said([0, 0, 0], [0, 0, 0], 0)).toContain('neither after its own thread had freed it nor after another had')
    expect(remoteFree.model?.(seen([0, 0, 0], [0, 0, 0], 0))).toEqual({
      'memory freed by another thread': 'not given again',
    })
  })

  test('to nobody, because it was freed elsewhere', () => {
    expect(said([0, 0, 0], [0, 0, 0])).toContain('while a thread that frees its own blocks gets all of them again')
  })

  test('home, but for a few', () => {
    const text = said([97, 3, 0], [100, 100, 100])
    expect(text).toContain('allocated it got nearly all of it, the thread that had freed it got hardly any of it')
    expect(text).toContain('Memory goes home')
    expect(text).not.toContain('depends on the size')
  })

  test('to the thread that freed', () => {
    expect(said([0, 100, 0], [100, 100, 100])).toContain('Memory moves')
  })

  test('to everyone', () => {
    expect(said([100, 100, 100], [100, 100, 100])).toContain('It is there for everyone.')
    expect(remoteFree.model?.(seen([100, 100, 100], [100, 100, 100]))).toEqual({
      'memory freed by another thread':
        'given to the thread that allocated (all), the thread that freed (all), a third thread (all)',
    })
  })

  test('less than what is freed at home, and by size', () => {
    const text = said([40, 20, 0], [100, 50, 10])
    expect(text).toContain('That is less than a thread gets again that frees its own blocks.')
    expect(text).toContain('all at 64 B, about half at 1 KiB, a part at 16 KiB')
  })
})
