/** The paper's formulas at values worked out by hand, and what they say to numbers that cannot be. */

import { describe, expect, test } from 'vitest'
import { Alloc8Error, theory } from '../../../lib/index.ts'

const { hoard } = theory
const megabyte = 1 << 20
const paper = { emptyFraction: 0.25, slackBytes: 4 * 8192 }

describe('the emptiness invariant', () => {
  test.each([
    [100, 0, 'a heap smaller than the slack may be empty'],
    [32768, 0, 'so may one that is just as large'],
    [40000, 7232, 'beyond it a small heap must have in use what it holds beyond'],
    [131072, 98304, 'where both terms are equal: a quarter of 128 KiB is the slack'],
    [10 * megabyte, 7.5 * megabyte, 'a large one all but the empty fraction'],
  ])('of %d held bytes %d must be in use: %s', (held, least) => {
    expect(hoard.leastInUseBytes(held, paper)).toBe(least)
    expect(hoard.invariantHolds({ heldBytes: held, inUseBytes: least }, paper)).toBe(true)
    if (least > 0) expect(hoard.invariantHolds({ heldBytes: held, inUseBytes: least - 1 }, paper)).toBe(false)
  })

  test('without constants those of the built-in heap hold', () => {
    expect(hoard.leastInUseBytes(10 * megabyte)).toBe(5 * megabyte)
    expect(hoard.leastInUseBytes(1.5 * megabyte)).toBe(0.5 * megabyte)
  })
})

test('the bound on memory is that of heaps which are as empty as they may be', () => {
  // Two heaps, each at its own worst: one holds the slack alone, one twice what is in use.
  const heaps = [
    { heldBytes: megabyte, inUseBytes: 0 },
    { heldBytes: 8 * megabyte, inUseBytes: 4 * megabyte },
  ]
  for (const heap of heaps) expect(hoard.invariantHolds(heap)).toBe(true)
  const held = heaps.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  const used = heaps.reduce((sum, { inUseBytes }) => sum + inUseBytes, 0)
  expect(held).toBeLessThanOrEqual(hoard.heldBound(used, 2))
  expect(hoard.heldBound(used, 2)).toBe(10 * megabyte)
})

test.each([
  [150, 100, 1.5],
  [100, 100, 1],
])('fragmentation and blowup are quotients of maxima', (held, used, quotient) => {
  expect(hoard.fragmentation(held, used)).toBeCloseTo(quotient, 12)
  expect(hoard.blowup(held, used)).toBe(hoard.fragmentation(held, used))
})

test('threads meet once for each fraction of a superblock that is freed', () => {
  const sizes = { blockBytes: 8, superblockBytes: 8192, emptyFraction: 0.25 }
  expect(hoard.sharedAcquisitions(1_000_000, sizes)).toBe(1_000_000 / 256)
  expect(hoard.sharedAcquisitions(1000, { ...sizes, blockBytes: 8192 })).toBe(4000)
})

test.each([
  [
    'emptyFraction must be above 0 and below 1, got 1',
    () => hoard.leastInUseBytes(1, { emptyFraction: 1, slackBytes: 0 }),
  ],
  ['heldBytes must be a number of at least 0, got -1', () => hoard.leastInUseBytes(-1)],
  ['inUseBytes must be a number of at least 0, got NaN', () => hoard.invariantHolds({ heldBytes: 1, inUseBytes: NaN })],
  [
    'slackBytes must be a number of at least 0, got -5',
    () => hoard.heldBound(1, 1, { emptyFraction: 0.5, slackBytes: -5 }),
  ],
  ['mostInUseBytes must be above 0, got 0', () => hoard.blowup(1, 0)],
  [
    'blockBytes must be above 0 and at most superblockBytes, got 9000',
    () => hoard.sharedAcquisitions(1, { blockBytes: 9000, superblockBytes: 8192, emptyFraction: 0.5 }),
  ],
])('%s', (message, call) => {
  expect(call).toThrow(Alloc8Error)
  expect(call).toThrow(message)
})
