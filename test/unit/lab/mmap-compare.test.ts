/** `mmap-compare`: what it makes of facts, for heaps that are finer than mappings and for one that is a mapping each. */

import { describe, expect, it } from 'vitest'
import mmapCompare from '../../../lib/lab/experiments/mmap-compare.ts'
import type { LabFact } from '../../../lib/types.ts'
import { factsOf } from '../../support/lab-facts.ts'

const sizes = { '64 B': 4096, '4 KiB': 4096, '64 KiB': 65536, '1 MiB': 1048576 }
const ways = ['heap', 'private mmap', 'shared mmap']
const alike = Object.fromEntries(
  ways.flatMap((way) =>
    Object.entries(sizes).flatMap(([size, bytes]) => [
      [`${way}, ${size}: addresses a request takes`, bytes],
      [`${way}, ${size}: time to take and touch once more`, 1000],
    ]),
  ),
)
const forked = Object.fromEntries(
  ways.flatMap((way) => [
    [`${way}: page of the parent alone after fork`, false],
    [`${way}: page of the parent alone after the child has written`, way !== 'shared mmap'],
    [`${way}: the parent reads what the child wrote`, way === 'shared mmap'],
  ]),
)
const explain = (seen: Record<string, LabFact['value']> = {}) =>
  mmapCompare.explain(factsOf({ ...alike, ...forked, ...seen })).join(' ')

describe('mmap-compare', () => {
  it('tells spacing: finer than mappings, or no less', () => {
    expect(explain()).toContain('4096 bytes of addresses from the heap, no less than a mapping')
    expect(explain({ 'heap, 64 B: addresses a request takes': 80 })).toContain(
      'takes 80 bytes of addresses from the heap and 4096 as a mapping: 51 of them',
    )
  })

  it('tells what larger requests take: just that, a little more, or a multiple', () => {
    const text = explain({
      'heap, 64 KiB: addresses a request takes': 69632,
      'heap, 1 MiB: addresses a request takes': 2 << 20,
    })
    expect(text).toContain('At 4 KiB it takes just as much')
    expect(text).toContain('At 64 KiB it takes less than an eighth more')
    expect(text).toContain('At 1 MiB it takes 2.0 times as much')
  })

  it('tells cost in steps of four', () => {
    const text = explain({
      'heap, 64 B: time to take and touch once more': 250,
      'heap, 4 KiB: time to take and touch once more': 251,
      'heap, 1 MiB: time to take and touch once more': 4001,
    })
    expect(text).toContain('at least four times as fast as a mapping at 64 B:')
    expect(text).toContain('At 4 KiB and 64 KiB heap and mapping are within four times')
    expect(text).toContain('At 1 MiB a mapping is at least four times as fast')
    expect(explain()).not.toContain('as fast')
  })

  it('tells sharing: copied when the child writes, copied before, or shared', () => {
    expect(explain()).toContain('until the child writes, which gives the child a copy')
    expect(explain({ 'heap: page of the parent alone after fork': true })).toContain(
      'was copied before the child wrote',
    )
    const shared = explain({ 'heap: the parent reads what the child wrote': true })
    expect(shared).toContain('this memory is shared across fork')
    expect(shared).not.toContain('a copy')
    expect(explain({ 'shared mmap: the parent reads what the child wrote': false })).not.toContain('MAP_SHARED')
  })
})
