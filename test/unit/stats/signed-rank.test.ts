/** Wilcoxon's test against published examples and against counting every choice of signs; Holm's correction. */

import { describe, expect, test } from 'vitest'
import { EXACT_PAIRS, holm, Rng, signedRankP } from '../../../lib/stats/index.ts'

/**
 * The p of Wilcoxon's test with Pratt's zeros by its definition: of all ways to give the values signs, how many have a
 * sum of positive ranks as far from the middle.
 */
function enumeratedP(values: readonly number[]): number {
  const { kept, isExtreme } = byDefinition(values)
  let extreme = 0
  for (let signs = 0; signs < 2 ** kept.length; signs++) {
    if (isExtreme(kept.reduce((all, rank, bit) => all + ((signs >> bit) & 1 ? rank : 0), 0))) extreme++
  }
  return extreme / 2 ** kept.length
}

/** The same where there are too many to count: of 100,000 choices by chance. */
function thrownP(values: readonly number[], rng: Rng): number {
  const { kept, isExtreme } = byDefinition(values)
  let extreme = 0
  for (let repeat = 0; repeat < 100_000; repeat++) {
    let sum = 0
    for (const rank of kept) if (rng.uint32() & 1) sum += rank
    if (isExtreme(sum)) extreme++
  }
  return extreme / 100_000
}

function byDefinition(values: readonly number[]) {
  const size = values.map(Math.abs)
  const ranks = size.map((of) => {
    const below = size.filter((other) => other < of).length
    const tied = size.filter((other) => other === of).length
    return below + (tied + 1) / 2
  })
  const kept = ranks.filter((_, index) => values[index] !== 0)
  const middle = kept.reduce((sum, rank) => sum + rank, 0) / 2
  const seen = ranks.reduce((sum, rank, index) => sum + ((values[index] ?? 0) > 0 ? rank : 0), 0)
  return { kept, isExtreme: (sum: number) => Math.abs(sum - middle) >= Math.abs(seen - middle) }
}

describe('signedRankP', () => {
  test("Hollander and Wolfe's example of depression scales: 0.0195 on one side, as R documents it", () => {
    const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    expect(signedRankP(first.map((value, i) => value - (second[i] ?? 0)))).toBe(2 * 0.01953125)
  })

  test("Darwin's maize: 0.0413, as SciPy documents it", () => {
    const heights = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]
    expect(signedRankP(heights)).toBe(0.041259765625)
  })

  test('is what counting all signs gives, with ties and zeros, for every size up to 12', () => {
    const rng = new Rng(5)
    for (let size = 1; size <= 12; size++) {
      for (let repeat = 0; repeat < 8; repeat++) {
        const values = Array.from({ length: size }, () => rng.below(9) - 3)
        expect(signedRankP(values), values.join(' ')).toBeCloseTo(enumeratedP(values), 12)
      }
    }
  })

  test('the least p of 25 pairs is two in 2^25, and all that differ one way make it', () => {
    expect(EXACT_PAIRS).toBe(25)
    expect(signedRankP(Array.from({ length: 25 }, (_, i) => i + 1))).toBe(2 / 2 ** 25)
  })

  test('the normal distribution takes over beyond with its correction for continuity', () => {
    const ranks = Array.from({ length: 30 }, (_, i) => i + 1)
    const negative = new Set([30, 29, 28, 27, 18])
    const values = ranks.map((rank) => (negative.has(rank) ? -rank : rank))
    // 333 against 232.5, less one half, in units of sqrt(30 * 31 * 61 / 24): 2.0569.
    expect(signedRankP(values)).toBeCloseTo(0.0397, 4)
  })

  test('and agrees with 100,000 throws of the signs, ties and zeros included', () => {
    const rng = new Rng(9)
    for (let repeat = 0; repeat < 3; repeat++) {
      const values = Array.from({ length: 30 }, () => rng.below(21) - 7)
      expect(Math.abs(signedRankP(values) - thrownP(values, rng)), values.join(' ')).toBeLessThan(0.008)
    }
  })

  test('says nothing where no pair differs, and refuses what is no number', () => {
    expect(signedRankP([0, 0, 0, 0, 0])).toBe(1)
    expect(() => signedRankP([])).toThrow(RangeError)
    expect(() => signedRankP([1, Number.NaN])).toThrow('NaN')
  })
})

describe('holm', () => {
  test('multiplies by what is left and never falls, in the order given', () => {
    // 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1 raised to the one before.
    const expected = [0.03, 0.06, 0.06, 0.02]
    const corrected = holm([0.01, 0.04, 0.03, 0.005])
    for (const [index, p] of corrected.entries()) expect(p).toBeCloseTo(expected[index] as number, 12)
  })

  test('never exceeds 1, and knows none and one', () => {
    expect(holm([0.9, 0.8])).toEqual([1, 1])
    expect(holm([])).toEqual([])
    expect(holm([0.04])).toEqual([0.04])
  })
})
