/** What arena-leaks makes of facts, and the comparison of snapshots that it finds leaks by. */

import { describe, expect, test } from 'vitest'
import experiment from '../../../lib/lab/experiments/arena-leaks.ts'
import { added, bytesOf } from '../../../lib/lab/snapshots.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const passed = (name: string, next: MadeUp) => ({
  [`${name}: the heap noticed`]: false,
  ...Object.fromEntries(Object.entries(next).map(([key, value]) => [`${name}: ${key}`, value])),
})
const once = 'double free, at once'
const between = 'double free, another free between'

const base: MadeUp = {
  'heap: blocks leaked on purpose': 5,
  'heap: blocks found by comparing': 5,
  'heap: bytes found by comparing': 2000,
  'heap: its own books grew without a leak': 0,
  'heap: its own books grew by': 2080,
  'arena: blocks leaked on purpose': 5,
  'arena: blocks found by comparing': 5,
  'arena: bytes found by comparing': 500,
  'without reset: rounds until exhausted': 14,
  'without reset: blocks in it that nobody needs': 146,
  'without reset: blocks that the heap has there': 1,
  'with reset: greatest offset': 1140,
  'arena: bytes of the next block overwritten': 8,
  'arena with heads: overflow found by walking': true,
  'heap: the next block is near enough': true,
  'heap: distance from block to block': 32,
  'heap: bytes of its own between the two': 8,
  'heap: overflow noticed': 'when the next block was freed',
  'heap: overflow noticed by': 'SIGABRT',
  'double free: what the arena says': 'twice',
  [`${once}: the heap noticed`]: true,
  [`${once}: signal`]: 'SIGABRT',
  [`${once}: it said`]: 'freed twice',
  ...passed(between, { 'the next allocations': 'succeed', 'one block given out twice': true }),
}

const explained = (...changes: Readonly<Record<string, MadeUp[string] | undefined>>[]) =>
  experiment.explain(factsOf(base, ...changes)).join(' ')

describe('arena-leaks explains', () => {
  test('what comparing found', () => {
    expect(explained()).toContain('found all 5 that were leaked from the heap (2 KiB)')
    expect(explained()).toContain('found all 5 that were leaked from the arena (500 B)')
    expect(explained({ 'arena: blocks found by comparing': 4 })).toContain(
      'found 4 leaks from the arena where 5 were made',
    )
  })

  test("the heap's own books", () => {
    expect(explained()).toContain('grew by 2080 B with them: it tells that something leaked')
    expect(explained({ 'heap: its own books grew by': 0 })).toContain('mallinfo2 did not move')
    expect(explained({ 'heap: its own books grew by': 64 })).toContain('moved by 64 B, less than was leaked')
    expect(explained({ 'heap: its own books grew without a leak': 16 })).toContain(
      'changes without a leak as well (by 16 B)',
    )
  })

  test('an offset that nobody resets', () => {
    expect(explained()).toContain('exhausted in round 15 with 146 blocks that nobody needs')
    expect(explained()).toContain('it never held more than 1.1 KiB')
    expect(explained({ 'without reset: rounds until exhausted': null })).toContain('was not exhausted')
  })

  test('an overflow', () => {
    expect(explained()).toContain("the next one 32 bytes on, with 8 bytes between them that are the heap's")
    expect(explained()).toContain('noticed when the next block was freed (SIGABRT), not when it happened')
    expect(explained({ 'heap: bytes of its own between the two': 0 })).toContain(
      'with nothing of the heap between them',
    )
    expect(explained({ 'heap: overflow noticed': 'never' })).toContain('did not notice the overflow')
    expect(explained({ 'heap: the next block is near enough': false })).toContain(
      'no block had another within 256 bytes',
    )
    expect(explained({ 'arena with heads: overflow found by walking': false })).not.toContain('a walk over them found')
  })

  test('blocks freed twice', () => {
    expect(explained()).toContain('twice in a row was noticed: the program ended by SIGABRT, with a message')
    expect(explained({ [`${once}: it said`]: null })).toContain('SIGABRT, without a word')
    expect(explained()).toContain('between passed, and afterwards the same block was given out twice')
    expect(explained({ [`${between}: one block given out twice`]: false })).toContain('2048 blocks were different ones')
    expect(explained({ [`${between}: the next allocations`]: 'hang' })).toContain('did not come back (hang)')
    expect(explained({ 'double free: what the arena says': 'freed' })).not.toContain('tells the arena')
  })
})

describe('arena-leaks adds to a model', () => {
  const model = (changes: MadeUp = {}) => experiment.model?.(factsOf(base, changes))

  test('what becomes of a block freed twice', () => {
    const topic = 'a block freed twice in a row'
    expect(model()?.[topic]).toBe('ends the program')
    const twice = passed(once, { 'one block given out twice': true })
    expect(model(twice)?.[topic]).toBe('passes, and it is given out twice')
    expect(model({ ...twice, [`${once}: one block given out twice`]: false })?.[topic]).toBe('passes')
  })

  test('whether mallinfo2 counts leaks', () => {
    const topic = 'leaked bytes in mallinfo2'
    expect(model()?.[topic]).toBe('counted')
    expect(model({ 'heap: its own books grew by': 0 })?.[topic]).toBe('not counted')
    expect(model({ 'heap: its own books grew without a leak': 8 })?.[topic]).toBe('not counted')
  })
})

describe('comparing snapshots', () => {
  const block = (address: bigint, number?: number) =>
    number === undefined ? { address, size: 8 } : { address, size: 8, number }

  test('finds what is new, and what lies where another one lay', () => {
    expect(added([], [])).toEqual([])
    expect(added([block(16n)], [block(16n), block(32n)])).toEqual([block(32n)])
    expect(added([block(16n), block(32n)], [block(32n)])).toEqual([])
    expect(added([block(16n, 1)], [block(16n, 2)])).toEqual([block(16n, 2)])
    expect(added([block(16n, 1)], [block(16n, 1)])).toEqual([])
  })

  test('sums up', () => {
    expect(bytesOf([])).toBe(0)
    expect(bytesOf([block(16n), block(32n)])).toBe(16)
  })
})
