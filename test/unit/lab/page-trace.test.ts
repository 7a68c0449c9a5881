/** `page-trace`: what it makes of facts, for heaps that ask the system often, seldom and never. */

import { describe, expect, it } from 'vitest'
import pageTrace from '../../../lib/lab/experiments/page-trace.ts'
import { factsOf } from '../../support/lab-facts.ts'

const phases = [
  ...['small blocks', 'blocks of a page', 'large blocks'].flatMap((name) => [name, `${name} freed`]),
  ...['one large block again and again', 'a block that grows', 'that block freed', 'more threads', 'a pause'],
  'malloc_trim',
]
const counted = [
  ...['mmap', 'munmap', 'mremap', 'brk', 'madvise', 'mprotect', 'addresses taken', 'addresses given back'],
  ...['pages given back', 'resident afterwards'],
]
const nothing = Object.fromEntries(phases.flatMap((phase) => counted.map((what) => [`${phase}: ${what}`, 0])))
const explain = (seen: Record<string, number>) => pageTrace.explain(factsOf({ ...nothing, ...seen })).join(' ')

describe('page-trace', () => {
  it('says that nothing was asked for where no call was seen', () => {
    expect(explain({})).toMatch(/^It asked the system for nothing/)
    expect(explain({})).toMatch(/malloc_trim made no call/)
  })

  it('names the calls that were seen, and no other', () => {
    expect(explain({ 'small blocks: brk': 3, 'a block that grows: mremap': 2 })).toMatch(
      /It asks the system by mremap and brk\./,
    )
  })

  it.each([
    [0, 'no call at all'],
    [3, 'less than one call for 1000 blocks'],
    [150, 'less than one call for 100 blocks'],
    [400, 'a call for 50 blocks'],
    [20_000, 'a call for less than 5 blocks'],
  ])('tells how many small blocks share one of %d calls', (calls, words) => {
    expect(explain({ 'small blocks: mmap': calls, 'a pause: brk': 1 })).toContain(`20000 small blocks took ${words}.`)
  })

  it('tells a large block that is kept from one that goes back each time, and from one in between', () => {
    const again = (calls: number) => explain({ 'one large block again and again: munmap': calls, 'a pause: brk': 1 })
    expect(again(0)).toContain('its memory is kept')
    expect(again(200)).toContain('goes back to the system and is taken from it each time')
    expect(again(50)).toContain('100 times, took 50 calls')
  })

  it('tells calls of their own from shared ones', () => {
    expect(explain({ 'large blocks: mmap': 64 })).toContain('a call of its own')
    expect(explain({ 'large blocks: mmap': 6 })).toContain('they share what one brings')
  })

  it('tells how a block grows', () => {
    expect(explain({ 'a block that grows: mremap': 5 })).toContain('resized by mremap 5 of them')
    expect(explain({ 'a block that grows: mmap': 5 })).toContain('never resized by mremap')
  })

  it('tells what frees give back: most, a part, hardly anything', () => {
    const text = explain({
      'small blocks freed: pages given back': 1_000_000,
      'blocks of a page freed: addresses given back': 1_000_000,
      'large blocks freed: addresses given back': 1_000_000,
    })
    expect(text).toContain('While small blocks are freed, most')
    expect(text).toContain('Of blocks of a page, a part')
    expect(text).toContain('Of large blocks, less than a tenth')
  })

  it('tells what comes back by itself and by malloc_trim', () => {
    const text = explain({ 'a pause: pages given back': 2 << 20, 'malloc_trim: addresses given back': 4096 })
    expect(text).toContain('After 200 ms it gave more than 1 MiB back of its own accord.')
    expect(text).toContain('malloc_trim gave less than 1 MiB back.')
    expect(explain({ 'malloc_trim: madvise': 1 })).toContain('malloc_trim made calls, but gave nothing back.')
  })
})
