/** Intervals of sampled sums: the exact ones of tables, and how often they hold what was really there. */

import { describe, expect, test } from 'vitest'
import { Rng, sampledSum } from '../../../lib/stats/index.ts'

describe('sampledSum', () => {
  // Garwood's table, as in Ulm, American Journal of Epidemiology 131(2), 1990.
  test.each([
    [1, 0.0253, 5.5716],
    [2, 0.2422, 7.2247],
    [5, 1.6235, 11.6683],
    [10, 4.7954, 18.3904],
    [50, 37.1105, 65.9188],
    [100, 81.364, 121.6272],
    [1000, 938.973, 1063.952],
  ])('%d equal samples', (count, low, high) => {
    const found = sampledSum(count, count)
    expect(found.low).toBeCloseTo(low, count < 500 ? 3 : 2)
    expect(found.high).toBeCloseTo(high, count < 500 ? 3 : 2)
    const scaled = sampledSum(count * 4096, count * 4096 ** 2)
    expect(scaled.low / 4096).toBeCloseTo(found.low, 6)
    expect(scaled.high / 4096).toBeCloseTo(found.high, 6)
  })

  test('the quick formula for many joins the exact one', () => {
    const [exact, quick] = [sampledSum(200, 200), sampledSum(200.0001, 200.0001)]
    expect(Math.abs(exact.low - quick.low)).toBeLessThan(0.01)
    expect(Math.abs(exact.high - quick.high)).toBeLessThan(0.01)
  })

  test('is exact without variance, and says what nothing may stand for', () => {
    expect(sampledSum(77, 0)).toEqual({ value: 77, variance: 0, low: 77, high: 77 })
    expect(sampledSum(0, 0)).toEqual({ value: 0, variance: 0, low: 0, high: 0 })
    expect(sampledSum(0, 0, 1024).high).toBeCloseTo(3.689 * 1024, 0)
    expect(sampledSum(-5, 1, 0)).toEqual({ value: 0, variance: 0, low: 0, high: 0 })
  })
})

/** Takes byte samples of blocks until so many are expected, and tells whether the interval holds the true sum. */
function holds(rng: Rng, expected: number, sizeOf: (share: number) => number): boolean {
  const share = () => (rng.uint32() + 0.5) / 2 ** 32
  const distance = 1024
  let [truth, value, variance, samples] = [0, 0, 0, 0]
  while (samples < expected) {
    const size = sizeOf(share())
    const taken = 1 - Math.exp(-size / distance)
    truth += size
    samples += taken
    if (share() >= taken) continue
    value += size / taken
    variance += (size * size * (1 - taken)) / taken ** 2
  }
  const { low, high } = sampledSum(value, variance, distance)
  return low <= truth && truth <= high
}

test.each([
  ['small blocks', () => 64],
  ['blocks of the distance', () => 1024],
  ['blocks from 16 bytes to 6 KiB', (share: number) => Math.ceil(16 * Math.exp(6 * share))],
])(
  'the interval holds the truth in 93 to 97 of 100 cases: %s',
  (_, sizeOf) => {
    const rng = new Rng(7)
    const tries = 6000
    let held = 0
    // Stacks with 5 to 30 expected samples.
    for (let n = 0; n < tries; n++) if (holds(rng, 5 + (n % 26), sizeOf)) held++
    expect(held / tries).toBeGreaterThan(0.93)
    expect(held / tries).toBeLessThan(0.97)
  },
  60_000,
)
