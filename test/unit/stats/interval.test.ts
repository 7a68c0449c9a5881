/** The intervals: what they give, and that they are fast. How often they hold the truth is in coverage.test.ts. */

import { describe, expect, test } from 'vitest'
import { meanInterval, meanOfMeansInterval, pairedRatio } from '../../../lib/stats/index.ts'

describe('meanInterval', () => {
  const options = { seed: 1 }

  test('holds the mean and is the same for the same seed', () => {
    const values = [0.1, -0.2, 0.3, 0.05, 0.12, -0.01]
    const first = meanInterval(values, options)
    expect(first.mean).toBeCloseTo(0.06, 12)
    expect(first.low).toBeLessThan(first.mean)
    expect(first.high).toBeGreaterThan(first.mean)
    expect(meanInterval(values, options)).toEqual(first)
    expect(meanInterval(values, { seed: 2 })).not.toEqual(first)
  })

  test('follows the tails of the bootstrap where those are longer than Student has them', () => {
    const values = [1, 2, 3, 4, 5, 6]
    const error = Math.sqrt(3.5 / 6)
    const { low, high } = meanInterval(values, options)
    expect(low).toBeLessThanOrEqual(3.5 - 2.57 * error)
    expect(high).toBeGreaterThanOrEqual(3.5 + 2.57 * error)
  })

  test('and where they are shorter, mostly keeps to Student', () => {
    const values = [0, 0.1, -0.1, 0.05, -0.05, 0.02, -0.02, 0.07, -0.07, 5]
    const middle = 0.5
    const error = Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / 90)
    const { low } = meanInterval(values, options)
    expect(low).toBeGreaterThan(middle - 2.262 * error)
    expect(low).toBeLessThan(middle - 0.75 * 2.262 * error)
  })

  test('is wider at a smaller level, and refuses what is none', () => {
    const values = [0.1, -0.2, 0.3, 0.05, 0.12, -0.01, 0.2, -0.1]
    const width = (level?: number) => {
      const { low, high } = meanInterval(values, { seed: 1, level })
      return high - low
    }
    expect(width(0.05)).toBe(width())
    expect(width(0.0182)).toBeGreaterThan(1.15 * width())
    expect(width(0.2)).toBeLessThan(0.8 * width())
    expect(() => width(0)).toThrow('level')
    expect(() => width(1)).toThrow(RangeError)
  })

  test('reaches further to the side of the long tail', () => {
    const { mean, low, high } = meanInterval([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 9], options)
    expect(high - mean).toBeGreaterThan(1.5 * (mean - low))
  })

  test('has width zero where all values are equal, whatever rounding does to their sum', () => {
    expect(meanInterval(Array(15).fill(0.1), options)).toEqual({ mean: 0.1, low: 0.1, high: 0.1 })
  })

  test('stays finite where most resamples hold one value only', () => {
    const { low, high } = meanInterval([...Array(14).fill(0), 1], options)
    expect(Number.isFinite(low) && Number.isFinite(high)).toBe(true)
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(0.2)
  })

  test('takes under 50 ms for 15 blocks and 10,000 resamples', () => {
    const values = Array.from({ length: 15 }, (_, i) => Math.sin(i))
    meanInterval(values, options)
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now()
      meanInterval(values, options)
      return performance.now() - start
    })
    expect(Math.min(...times)).toBeLessThan(50)
  })

  test('refuses one value and values that are no numbers', () => {
    expect(() => meanInterval([1], options)).toThrow(RangeError)
    expect(() => meanInterval([1, Number.NaN], options)).toThrow('NaN')
  })
})

describe('meanOfMeansInterval', () => {
  const options = { seed: 1 }

  test('each stratum counts alike, however many values it has', () => {
    const few = [1, 1.2, 0.8, 1.1, 0.9]
    const many = Array.from({ length: 40 }, (_, i) => 3 + Math.sin(i))
    const { mean } = meanOfMeansInterval([few, many], options)
    expect(mean).toBeCloseTo((1 + many.reduce((sum, value) => sum + value, 0) / 40) / 2, 12)
  })

  test('one stratum is the interval of a mean; more of the same noise narrow it', () => {
    const values = Array.from({ length: 15 }, (_, i) => Math.sin(i * i))
    const one = meanOfMeansInterval([values], options)
    expect(one).toEqual(meanInterval(values, options))
    const four = meanOfMeansInterval([values, values, values, values], options)
    // A half, and a little less because 56 degrees of freedom know the spread better than 14.
    const share = (four.high - four.low) / (one.high - one.low)
    expect(share).toBeLessThan(0.5)
    expect(share).toBeGreaterThan(0.4)
  })

  test('what differs between strata does not widen it', () => {
    const values = Array.from({ length: 15 }, (_, i) => Math.sin(i * i))
    const near = meanOfMeansInterval([values, values], options)
    const far = meanOfMeansInterval([values, values.map((value) => value + 100)], options)
    expect(far.high - far.low).toBeCloseTo(near.high - near.low, 9)
  })

  test('one noisy stratum among many without noise has the degrees of freedom of its own', () => {
    const noisy = [1, 2, 3, 4, 5]
    const flat = Array(30).fill(0.1)
    const alone = meanInterval(noisy, options)
    const { low, high } = meanOfMeansInterval([noisy, flat, flat], options)
    expect(high - low).toBeCloseTo((alone.high - alone.low) / 3, 9)
    expect(meanOfMeansInterval([flat, flat], options)).toEqual({ mean: 0.1, low: 0.1, high: 0.1 })
  })

  test('refuses no strata, and one with a single value', () => {
    expect(() => meanOfMeansInterval([], options)).toThrow(RangeError)
    expect(() => meanOfMeansInterval([[1, 2], [1]], options)).toThrow('got 1')
  })
})

describe('pairedRatio', () => {
  const options = { seed: 1 }

  test('finds a ratio through noise that the pairs share', () => {
    const noise = [1, 3, 0.5, 2, 1.5, 0.8, 2.5]
    const jitter = [1.01, 0.99, 1, 1.005, 0.995, 1.002, 0.998]
    const result = pairedRatio(
      noise.map((value, i) => value * 0.8 * (jitter[i] ?? 1)),
      noise,
      options,
    )
    expect(result.pairs).toBe(7)
    expect(result.ratio).toBeCloseTo(0.8, 3)
    expect(result.low).toBeGreaterThan(0.79)
    expect(result.high).toBeLessThan(0.81)
  })

  test('drops a pair with a null as a pair', () => {
    const result = pairedRatio([2, 2, null, 2, 2, 2, 2], [1, 1, 1, 1, null, 1, 1], options)
    expect(result).toEqual({ ratio: 2, low: 2, high: 2, pairs: 5, pairsWithoutRatio: 0 })
  })

  test('says nothing from fewer than five pairs', () => {
    expect(pairedRatio([1, 2, 3, 4, null], [1, 2, 3, 4, 5], options)).toEqual({
      ratio: null,
      low: null,
      high: null,
      pairs: 4,
      pairsWithoutRatio: 0,
    })
  })

  test('two zeros are equal; one zero, a negative or an infinite value is no pair', () => {
    const zeros = [0, 0, 0, 0, 0]
    expect(pairedRatio(zeros, zeros, options)).toMatchObject({ ratio: 1, low: 1, high: 1, pairs: 5 })
    const odd = pairedRatio([0, 1, -1, -1, Number.POSITIVE_INFINITY, Number.NaN], [1, 0, 1, -1, 1, 1], options)
    expect(odd).toMatchObject({ pairs: 0, pairsWithoutRatio: 4 })
  })

  test('one pair of numbers without a ratio leaves none: what is often zero is not judged by the rest', () => {
    const often = [0, 2, 0, 2, 2, 2, 2, 2]
    const other = [2, 2, 2, 2, 2, 2, 2, 2]
    expect(pairedRatio(often, other, options)).toEqual({
      ...{ ratio: null, low: null, high: null },
      ...{ pairs: 6, pairsWithoutRatio: 2 },
    })
  })

  test('the ratio of tiny and huge numbers does not overflow into a pair', () => {
    expect(pairedRatio([1e308], [1e-308], options).pairs).toBe(0)
  })

  test('refuses arrays that do not belong together', () => {
    expect(() => pairedRatio([1], [1, 2], options)).toThrow('1 and 2')
  })
})
