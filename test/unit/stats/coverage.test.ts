/**
 * That "95 %" is not a boast, by simulation: how often the intervals hold the truth, and how often two equal things are
 * called different. Each share is of 2,000 cases with 2,000 resamples, so that its standard error is half a per cent;
 * `meanInterval` has a table of more cases and more kinds of noise.
 */

import { describe, expect, test } from 'vitest'
import { decide, mean, meanInterval, meanOfMeansInterval, type Rng } from '../../../lib/stats/index.ts'
import { type Noise, noises, skewed, stream, take } from './noise.ts'

// Seconds on a quiet machine, and minutes on one that others use.

const CASES = 2000
const resamples = 2000

/** The intervals of the means of samples of `blocks` draws. */
function intervals(make: (rng: Rng) => Noise, blocks: number) {
  const noise = make(stream(blocks))
  return Array.from({ length: CASES }, (_, seed) => meanInterval(take(noise, blocks), { seed, resamples }))
}

const holds = (truth: number) => (interval: { low: number; high: number }) =>
  interval.low <= truth && truth <= interval.high
const share = (count: number) => count / CASES

/** Called different at a threshold, where an interval of log ratios is of noise `sd` wide. */
const alarm = (threshold: number, sd: number) => (interval: { low: number; high: number }) => {
  const verdict = decide({ low: Math.exp(sd * interval.low), high: Math.exp(sd * interval.high) }, threshold, false)
  return verdict === 'better' || verdict === 'worse'
}

describe.each(Object.keys(noises) as (keyof typeof noises)[])('%s noise', (name) => {
  const alarms: number[] = []

  test.each([10, 15, 30])('%i blocks: covers in 93 to 97 of 100 cases', (blocks) => {
    const found = intervals(noises[name], blocks)
    const covered = share(found.filter(holds(0)).length)
    expect(covered).toBeGreaterThanOrEqual(0.93)
    // An interval can also cover by being useless.
    expect(covered).toBeLessThanOrEqual(0.97)
    // The noise of a block's log ratio is 3 %, as between alternating runs on a quiet machine.
    expect(share(found.filter(alarm(0.01, 0.03)).length)).toBeLessThanOrEqual(0.05)
    alarms.push(share(found.filter(alarm(0, 0.03)).length))
  })

  test('equal things are called different in at most 5 of 100 cases, however little counts as a difference', () => {
    expect(alarms).toHaveLength(3)
    expect(mean(alarms)).toBeLessThanOrEqual(0.05)
  })
})

describe('skewed noise', () => {
  test('sigma 0.5, 15 blocks', () => {
    expect(share(intervals(skewed(0.5), 15).filter(holds(0)).length)).toBeGreaterThanOrEqual(0.94)
  })

  test('sigma 1, 15 blocks, where the percentile bootstrap covers 84 %', () => {
    expect(share(intervals(skewed(1), 15).filter(holds(0)).length)).toBeGreaterThanOrEqual(0.92)
  })
})

describe('the mean over workloads', () => {
  /** Workloads of other levels and of noise up to eight times as wide, with `blocks` blocks each. */
  function covered(make: (rng: Rng) => Noise, blocks: readonly number[]): number {
    const noise = make(stream(99))
    const truth = blocks.reduce((sum, _, workload) => sum + workload, 0) / blocks.length
    let count = 0
    for (let seed = 0; seed < CASES; seed++) {
      const strata = blocks.map((size, workload) =>
        take(noise, size).map((value) => workload + value * 2 ** (workload % 4)),
      )
      if (holds(truth)(meanOfMeansInterval(strata, { seed, resamples }))) count++
    }
    return share(count)
  }

  test.each([
    ['normal', 'three of 10', [10, 10, 10]],
    ['normal', 'eight of 5 to 15', [5, 15, 10, 5, 15, 10, 5, 15]],
    ['Student t, 3 degrees', 'four of 10', [10, 10, 10, 10]],
  ] as const)('%s noise, %s blocks: covers in 93 to 97 of 100 cases', (name, _, blocks) => {
    const found = covered(noises[name], blocks)
    expect(found).toBeGreaterThanOrEqual(0.93)
    expect(found).toBeLessThanOrEqual(0.97)
  })
})
