/**
 * Looking several times and stopping when the interval pleases, by simulation: with the levels of `plannedLooks` it is
 * no more often wrong than a single look, and at 95 % for each look it would be twice as often.
 */

import { describe, expect, test } from 'vitest'
import { type Decision, decide, meanInterval, plannedLooks, type Rng } from '../../../lib/stats/index.ts'
import { type Noise, noises, stream, take } from './noise.ts'

// Seconds on a quiet machine, and minutes on one that others use.

const CASES = 2000
const THRESHOLD = 0.01
/** Of a block's log ratio: such that 60 blocks just about tell 1 %. */
const SD = 0.02

/** One comparison that goes on until it is decided; the interval at which it stopped. */
function untilDecided(noise: Noise, truth: number, seed: number, blocks: readonly number[], level: number) {
  const values: number[] = []
  let verdict: Decision = 'inconclusive'
  let covers = false
  for (const count of blocks) {
    values.push(...take(noise, count - values.length).map((value) => truth + SD * value))
    const { low, high } = meanInterval(values, { seed, resamples: 1500, level })
    covers = low <= truth && truth <= high
    verdict = decide({ low: Math.exp(low), high: Math.exp(high) }, THRESHOLD, false)
    if (verdict !== 'inconclusive') break
  }
  return { covers, verdict, blocks: values.length }
}

function simulate(make: (rng: Rng) => Noise, ratio: number, level: number) {
  const { blocks } = plannedLooks({ first: 15, most: 60 })
  const noise = make(stream(Math.round(ratio * 1000)))
  const runs = Array.from({ length: CASES }, (_, seed) => untilDecided(noise, Math.log(ratio), seed, blocks, level))
  const share = (which: (run: (typeof runs)[0]) => boolean) => runs.filter(which).length / CASES
  return {
    covered: share(({ covers }) => covers),
    different: share(({ verdict }) => verdict === 'better' || verdict === 'worse'),
    same: share(({ verdict }) => verdict === 'same'),
    early: share(({ blocks: used }) => used < 60),
  }
}

const { level } = plannedLooks({ first: 15, most: 60 })

describe('four looks from 15 to 60 blocks', () => {
  // The truth lies on the threshold: each verdict is wrong, and each look is a chance to give one.
  test.each(['normal', 'Student t, 3 degrees'] as const)(
    '%s noise: the last interval covers in 93 to 97 of 100 cases, the verdict is wrong in at most 5',
    (name) => {
      const found = simulate(noises[name], 1 + THRESHOLD, level)
      expect(found.covered).toBeGreaterThanOrEqual(0.93)
      expect(found.covered).toBeLessThanOrEqual(0.97)
      expect(found.different + found.same).toBeLessThanOrEqual(0.05)
    },
  )

  test('equal things are called different in at most 5 of 100 cases', () => {
    expect(simulate(noises.normal, 1, level).different).toBeLessThanOrEqual(0.05)
  })

  test('at 95 % for each look the verdict on the threshold would be wrong more often', () => {
    const found = simulate(noises.normal, 1 + THRESHOLD, 0.05)
    expect(found.different + found.same).toBeGreaterThan(0.06)
  })

  test('and most differences of twice the threshold are decided before the last look', () => {
    const found = simulate(noises.normal, (1 + THRESHOLD) ** 2.5, level)
    expect(found.different).toBeGreaterThan(0.8)
    expect(found.early).toBeGreaterThan(0.5)
  })
})
