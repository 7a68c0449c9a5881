/** `heap-map`: what it makes of facts, for heaps that keep threads apart and for those that mix them. */

import { describe, expect, it } from 'vitest'
import heapMap from '../../../lib/lab/experiments/heap-map.ts'
import type { LabFact } from '../../../lib/types.ts'
import { factsOf } from '../../support/lab-facts.ts'

const apart = {
  'mappings that they lie in': 4,
  'of these, with blocks of several threads': 0,
  'their bytes': 900,
  'bytes of these mappings': 1000,
  'pages with small blocks': 40,
  'of these, with small blocks of several threads': 0,
  'blocks allocated after some were freed': 192,
  'of these, at the address of a freed one': 0,
  "of these, at the address of another thread's": 0,
  'blocks that the child inherited': 411,
  'blocks that the child allocated': 48,
  'of these, where the parent allocated as well': 48,
  'of these, in memory that was mapped before the fork': 48,
  "child frees another thread's blocks": 'went by',
}
const explain = (seen: Record<string, LabFact['value']> = {}) =>
  heapMap.explain(factsOf({ ...apart, ...seen })).join(' ')

describe('heap-map', () => {
  it('tells threads that are kept apart from threads that share', () => {
    expect(explain()).toContain('each thread has memory of its own')
    expect(explain({ 'of these, with blocks of several threads': 1 })).toContain(
      'There are mappings with blocks of several',
    )
    const one = { 'mappings that they lie in': 1, 'of these, with blocks of several threads': 1 }
    expect(explain(one)).toContain('lie in one mapping')
  })

  it('tells pages that threads share', () => {
    expect(explain()).toContain('On no page')
    expect(explain({ 'of these, with small blocks of several threads': 19 })).toContain('On some pages')
    expect(explain({ 'of these, with small blocks of several threads': 20 })).toContain('On most pages')
  })

  it.each([
    [500, 'more than half'],
    [499, 'a tenth to a half'],
    [99, 'less than a tenth'],
  ])('tells how full mappings are: %d of 1000 bytes', (bytes, words) => {
    expect(explain({ 'their bytes': bytes })).toContain(`Live blocks fill ${words} of the mappings`)
  })

  it('tells whether addresses are used again, and by whom', () => {
    expect(explain()).toContain("none got a freed one's address")
    const again = (count: number, foreign: number) =>
      explain({
        'of these, at the address of a freed one': count,
        "of these, at the address of another thread's": foreign,
      })
    expect(again(95, 0)).toContain("some got a freed one's address, always in the same thread")
    expect(again(96, 1)).toContain("most got a freed one's address; addresses also went from one thread")
  })

  it('tells what a fork makes of it', () => {
    expect(explain()).toContain('were given the same addresses')
    expect(explain({ 'of these, where the parent allocated as well': 3 })).toContain('some addresses alike')
    expect(explain({ 'of these, where the parent allocated as well': 0 })).toContain('different addresses')
    expect(explain()).toContain('All that the child allocated lies in memory that was mapped before')
    const before = 'of these, in memory that was mapped before the fork'
    expect(explain({ [before]: 3 })).toContain('and in some mapped since')
    expect(explain({ [before]: 0 })).toContain('only in memory that it has mapped since')
    expect(explain()).toContain('could free blocks of a thread that it has not; 411 blocks')
    expect(explain({ "child frees another thread's blocks": 'the child hung' })).toContain(
      'ended badly: the child hung',
    )
  })
})
