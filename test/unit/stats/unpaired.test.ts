/** Runs that were not made side by side: the interval against Welch's own, and how often it covers the truth. */

import { describe, expect, test } from 'vitest'
import { mean, Rng, studentT, unpairedRatio } from '../../../lib/stats/index.ts'

/** Standard normal noise (Box and Muller), and noise of heavy tails: Student's t with 3 degrees of freedom. */
function noise(rng: Rng): { normal: () => number; heavy: () => number } {
  const normal = () => Math.sqrt(-2 * Math.log(1 - rng.float())) * Math.cos(2 * Math.PI * rng.float())
  const heavy = () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3)
  return { normal, heavy }
}

const sample = (count: number, draw: () => number) => Array.from({ length: count }, () => Math.exp(draw()))

test('the ratio is that of the geometric means, and turned round it is its inverse', () => {
  const one = [2, 4, 8, 4, 4]
  const other = [1, 1, 2, 2, 4, 4]
  const forth = unpairedRatio(one, other, { seed: 1 })
  const back = unpairedRatio(other, one, { seed: 1 })
  expect(forth.ratio).toBeCloseTo(4 / 2 ** (6 / 6), 12)
  expect((forth.ratio ?? 0) * (back.ratio ?? 0)).toBeCloseTo(1, 12)
  expect(forth.low).toBeLessThan(forth.ratio ?? 0)
  expect(forth.high).toBeGreaterThan(forth.ratio ?? 0)
})

test('of calm noise the interval is near Welch’s', () => {
  const { normal } = noise(new Rng(5))
  const one = sample(40, () => 0.1 + 0.02 * normal())
  const other = sample(25, () => 0.06 * normal())
  const logs = [one, other].map((values) => values.map(Math.log)) as [number[], number[]]
  const [a, b] = logs.map((values) => {
    const centre = mean(values)
    const variance = values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1) / values.length
    return { centre, variance, degrees: values.length - 1 }
  }) as [{ centre: number; variance: number; degrees: number }, { centre: number; variance: number; degrees: number }]
  const variance = a.variance + b.variance
  const degrees = variance ** 2 / (a.variance ** 2 / a.degrees + b.variance ** 2 / b.degrees)
  const reach = studentT(degrees, 0.05) * Math.sqrt(variance)
  const { low, high } = unpairedRatio(one, other, { seed: 1 })
  const centre = a.centre - b.centre
  expect(Math.abs(Math.log(low ?? 0) - (centre - reach))).toBeLessThan(0.15 * reach)
  expect(Math.abs(Math.log(high ?? 0) - (centre + reach))).toBeLessThan(0.15 * reach)
})

describe('what has no ratio', () => {
  const five = [1, 2, 3, 4, 5]
  test.each([
    ['too few', [1, 2, 3, 4], five],
    ['too few that are there', [1, 2, 3, 4, null], five],
    ['a zero', [0, 1, 2, 3, 4], five],
    ['a negative number', five, [-1, 1, 2, 3, 4]],
    ['zeros against numbers', [0, 0, 0, 0, 0], five],
  ])('%s', (_, candidate, baseline) => {
    expect(unpairedRatio(candidate, baseline, { seed: 1 })).toEqual({ ratio: null, low: null, high: null })
  })

  test('but nothing against nothing is the same', () => {
    const zeros = [0, 0, 0, 0, 0]
    expect(unpairedRatio(zeros, [...zeros, null], { seed: 1 })).toEqual({ ratio: 1, low: 1, high: 1 })
    expect(unpairedRatio([3, 3, 3, 3, 3], [2, 2, 2, 2, 2], { seed: 1 }).low).toBeCloseTo(1.5, 12)
  })
})

describe('the interval covers the truth in 93 to 97.5 % of 1,500 simulations', () => {
  const trials = 1500
  test.each([
    ['normal', 10, 10, 0.02, 0.02],
    ['normal', 15, 15, 0.02, 0.1],
    ['heavy', 15, 15, 0.02, 0.02],
    ['heavy', 30, 15, 0.05, 0.02],
  ] as const)('%s noise, %i and %i runs, spreads %f and %f', (kind, runs, baseRuns, spread, baseSpread) => {
    const draw = noise(new Rng(11))[kind]
    let covered = 0
    for (let trial = 0; trial < trials; trial++) {
      const candidate = sample(runs, () => 0.05 + spread * draw())
      const baseline = sample(baseRuns, () => baseSpread * draw())
      const { low, high } = unpairedRatio(candidate, baseline, { seed: trial, resamples: 600 })
      if (low !== null && high !== null && low <= Math.exp(0.05) && high >= Math.exp(0.05)) covered++
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.93)
    expect(covered / trials).toBeLessThanOrEqual(0.975)
  })
})
