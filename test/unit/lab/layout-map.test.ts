/** What layout-map makes of facts: every branch, on facts that no heap need have. */

import { describe, expect, test } from 'vitest'
import layoutMap from '../../../lib/lab/experiments/layout-map.ts'
import { newRanges } from '../../../lib/lab/mapped.ts'
import { countMet, groupsOf, leastDistance, unsharedStretch, usual } from '../../../lib/lab/spacing.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const sizes = ['16 B', '24 B', '64 B', '100 B', '256 B', '1 KiB', '4 KiB', '12 KiB'] as const
const bytes = [16, 24, 64, 100, 256, 1024, 4096, 12288]
const steps = (of: (size: number) => number): MadeUp =>
  Object.fromEntries(sizes.map((name, i) => [`${name}: usual step to the next block`, of(bytes[i] ?? 0)]))
const reuse = (size: string, own: number, other: number, first: number, remote: number): MadeUp => ({
  [`${size}, freed by its thread, used again by that thread`]: own,
  [`${size}, freed by its thread, used again by another`]: other,
  [`${size}, freed by another thread, used again by the first`]: first,
  [`${size}, freed by another thread, used again by that one`]: remote,
  [`${size}, last freed is first used again`]: false,
})
const stretches = (turn: number, together: number, large: number): MadeUp => ({
  'in turn: largest stretch without small blocks of two threads': turn,
  'at once: largest stretch without small blocks of two threads': together,
  'in turn: largest stretch without blocks of 1 MiB and more of two threads': large,
})
const base: MadeUp = {
  ...stretches(1 << 26, 1 << 26, 1 << 26),
  'in turn: least distance between small blocks of two threads': 13.9 * 1024 * 1024,
  'in turn: groups of blocks of 16 B': 1,
  'at once: groups of blocks of 16 B': 1,
  'small blocks at the program break': 0,
  'small blocks': 768,
  ...steps((size) => size + 16),
  'sizes that bring their own memory': 3,
  'of these, sizes whose memory leaves when a block is freed': 3,
  'largest size asked for': 4 << 20,
  'smallest size from which every block brings its own memory': 131049,
  'smallest size still brings its own memory after that': true,
  ...reuse('64 B', 64, 0, 0, 0),
  ...reuse('1 MiB', 4, 0, 0, 0),
}
const said = (...records: MadeUp[]) => layoutMap.explain(factsOf(base, ...records)).join(' ')

describe('regions of threads', () => {
  test('far apart', () => {
    expect(said()).toMatch(/^Each thread gets small blocks from a region of its own; .* some 14 MiB apart\./)
    expect(said()).not.toContain('are not kept apart')
    expect(said(stretches(1 << 26, 1 << 26, 4096))).toContain(
      '1 MiB and more are not kept apart so: for them that stretch is 4 KiB',
    )
  })
  test('by pages, by lines, side by side', () => {
    expect(said(stretches(65536, 65536, 65536))).toMatch(/^Each thread .* places of its own: no stretch of 64 KiB/)
    expect(said(stretches(64, 64, 64))).toContain('though not in the same cache lines')
    expect(said(stretches(16, 16, 16))).toContain('in the same pages and cache lines')
  })
  test('what changes when they allocate at once', () => {
    expect(said(stretches(16, 65536, 16))).toContain('they part: then no stretch of 64 KiB')
    expect(said(stretches(65536, 16, 16))).toContain('that is over')
    const more = { 'at once: groups of blocks of 16 B': 3 }
    expect(said(stretches(16, 16, 16), more)).toContain('in more places that are a MiB and more apart')
    expect(said(stretches(16, 16, 16))).not.toContain('at the same moment')
  })
  test('at the break', () => {
    expect(said({ 'small blocks at the program break': 768 })).toContain('All small blocks lie at the program break.')
    expect(said({ 'small blocks at the program break': 7 })).toContain('7 small blocks lie at the program break.')
    expect(said()).not.toContain('program break')
  })
})

test('spacing', () => {
  expect(said()).toContain('32 B for 16 B, 40 B for 24 B')
  expect(said()).toContain('at least 16 bytes that nobody asked for')
  expect(said(steps((size) => size))).toContain('lie back to back, with nothing between them')
  expect(said(steps((size) => 16 * Math.ceil(size / 16)))).toContain('the other sizes are rounded up')
  const none = Object.fromEntries(sizes.map((name) => [`${name}: usual step to the next block`, null]))
  expect(said(none)).toContain('no size up to 12 KiB have a usual distance')
})

test('mappings', () => {
  expect(said()).toContain('From 131049 B on every block is a mapping of its own')
  expect(said()).toContain('the limit stays')
  const raised = { 'smallest size still brings its own memory after that': false }
  expect(said(raised)).toContain('the heap has raised its limit')
  const kept = { 'of these, sizes whose memory leaves when a block is freed': 0 }
  expect(said(kept)).toContain('freeing such a block leaves it there.')
  expect(said(kept, raised)).toContain('leaves it there, for the next block that asks.')
  expect(said({ ...kept, 'of these, sizes whose memory leaves when a block is freed': 1 })).toContain(
    'for 1 of 3 sizes',
  )
  expect(said({ 'sizes that bring their own memory': 0 })).toContain('For no size up to 4 MiB')
})

test('who gets freed memory', () => {
  expect(said()).toContain('gets the memory of all in its next 2048 allocations, and another thread of none')
  expect(said(reuse('64 B', 0, 0, 0, 0))).toContain('Of 64 freed blocks of 64 B no thread gets the memory of any')
  expect(said(reuse('64 B', 64, 64, 64, 64))).toContain('whoever had them and whoever freed them')
  expect(said(reuse('64 B', 64, 0, 60, 0))).toContain('stays with the thread that first had it')
  expect(said(reuse('64 B', 64, 0, 0, 64))).toContain('goes to the thread that frees it')
  const left = { '1 MiB: memory leaves when a block is freed': true }
  expect(said(reuse('1 MiB', 4, 4, 4, 4), left)).toContain('addresses that the system has given once more')
  expect(said(reuse('1 MiB', 0, 0, 0, 0), left)).toContain('as it had left the process')
  expect(said({ '64 B, last freed is first used again': true })).toContain('The block freed last')
})

describe('the arithmetic', () => {
  const at = (...addresses: number[]) => addresses.map((address) => ({ address: BigInt(address), size: 16 }))
  test('the stretch that owners have to themselves', () => {
    expect(unsharedStretch([at(0, 16), at(64)])).toBe(64n)
    expect(unsharedStretch([at(0, 64), at(32)])).toBe(32n)
    expect(unsharedStretch([at(0), at(8)])).toBe(0n)
    expect(unsharedStretch([at(0), []])).toBeNull()
    expect(unsharedStretch([at(60), at(4096 + 48)])).toBe(4096n)
    // A block that reaches into the stretch where another's begins.
    expect(unsharedStretch([[{ address: 0n, size: 4097 }], at(4352)])).toBe(256n)
  })
  test('distances, groups and what is usual', () => {
    expect(leastDistance([at(0, 100), at(48)])).toBe(32n)
    expect(leastDistance([at(0, 16)])).toBeNull()
    expect(groupsOf(at(0, 16, 1 << 21, (1 << 21) + 64))).toBe(2)
    expect(usual([1n, 2n, 2n])).toBe(2n)
    expect(usual([1n, 2n])).toBeNull()
  })
  test('blocks with bytes in common', () => {
    expect(countMet(at(0, 16, 32), [{ address: 20n, size: 12 }])).toBe(1)
    expect(countMet(at(0), at(16))).toBe(0)
  })
  test('memory that is new', () => {
    const range = (start: number, end: number) => ({ start: BigInt(start), end: BigInt(end) })
    expect(newRanges([range(10, 20)], [range(10, 30)])).toEqual([range(20, 30)])
    expect(newRanges([range(10, 20)], [range(0, 5), range(8, 22)])).toEqual([range(0, 5), range(8, 10), range(20, 22)])
    expect(newRanges([range(10, 20), range(30, 40)], [range(10, 40)])).toEqual([range(20, 30)])
    expect(newRanges([range(10, 20)], [range(12, 18)])).toEqual([])
  })
})
