/** `overlap`: what it makes of facts, for heaps that keep blocks apart and for one that does not. */

import { describe, expect, it } from 'vitest'
import overlap from '../../../lib/lab/experiments/overlap.ts'
import type { LabFact } from '../../../lib/types.ts'
import { factsOf } from '../../support/lab-facts.ts'

const sound = {
  'live blocks of all threads': 6720,
  'blocks that overlap another': 0,
  'of these, blocks of two threads': 0,
  'blocks not wholly in writable memory': 0,
  'blocks that begin where the one below ends': 12,
  'blocks changed by the filling of others': 0,
  'carved rightly: overlaps found': 0,
  'carved rightly: blocks changed': 0,
  'carved wrongly: overlaps found': 255,
  'carved wrongly: blocks changed': 255,
  'arenas whose ends overlap: bytes found to be shared': 256,
  'mapping over an arena with MAP_FIXED_NOREPLACE': 'EEXIST',
  'mapping at its address as a hint: overlaps found': 0,
  'mapping over an arena with MAP_FIXED: overlaps found': 1,
  'the arena below is unchanged up to byte': 16384,
  'one memory at two addresses': 'mapped',
  'its addresses: overlaps found': 0,
  'what is written to one is read at the other': true,
  'its backing memory: overlaps found': 1,
  'that block freed': 'went by',
}
const explain = (other: Record<string, LabFact['value']> = {}) =>
  overlap.explain(factsOf({ ...sound, ...other })).join(' ')

describe('overlap', () => {
  it('says of a sound heap that no two blocks share a byte, and what lies between them', () => {
    expect(explain()).toContain('Of 6720 live blocks of 8 threads, no two share a byte')
    expect(explain()).toContain('Each kept what it was filled with')
    expect(explain()).toContain('what lies between belongs to no block')
    expect(explain({ 'blocks that begin where the one below ends': 6000 })).toContain('is written into a neighbour')
  })

  it('says of one that gives bytes twice how often, and whether to two threads', () => {
    const twice = { 'blocks that overlap another': 67, 'blocks changed by the filling of others': 60 }
    expect(explain(twice)).toContain('67 of 6720 live blocks begin within another.')
    expect(explain({ ...twice, 'of these, blocks of two threads': 9 })).toContain('9 of them within a block of another')
    expect(explain(twice)).toContain('60 of them did not keep what they were filled with.')
    expect(explain(twice)).not.toMatch(/no two share|what lies between/)
  })

  it('says what else was seen of blocks: a crash while they are filled, and blocks that reach out', () => {
    expect(explain({ 'blocks changed by the filling of others': 'puppet 7 has died: SIGSEGV' })).toContain('has died')
    expect(explain({ 'blocks not wholly in writable memory': 3 })).toContain('3 blocks reach out')
  })

  it('trusts the check only where it found what was planted', () => {
    expect(explain()).toContain('finds what was planted: all 255 overlaps')
    expect(explain({ 'carved wrongly: overlaps found': 254 })).toContain('it misses some')
    expect(explain({ 'carved wrongly: blocks changed': 3 })).toContain('3 of those blocks had lost bytes')
    expect(explain({ 'carved rightly: overlaps found': 1 })).toContain('not to be trusted')
  })

  it('tells what the system does with addresses that are taken', () => {
    expect(explain()).toContain('the same is refused (EEXIST)')
    expect(explain({ 'mapping over an arena with MAP_FIXED_NOREPLACE': 'allowed' })).not.toContain('EEXIST')
    expect(explain({ 'mapping over an arena with MAP_FIXED: overlaps found': 0 })).not.toContain('without a word')
    expect(explain()).toContain('the same check over what the mappings show finds it')
    expect(explain({ 'its backing memory: overlaps found': 0 })).toContain('nothing here finds it but a write')
    expect(explain({ 'what is written to one is read at the other': null })).not.toContain('two addresses')
  })

  it.each([
    ['went by', 'gave no sign'],
    ['SIGSEGV', 'ended the process (SIGSEGV)'],
    ['hung', 'did not come back'],
  ])('tells that the free of a block with a page mapped over it: %s', (how, words) => {
    expect(explain({ 'that block freed': how })).toContain(words)
  })
})
