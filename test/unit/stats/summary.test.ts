/** Summaries against values worked out by hand, and what they do when there is nothing to summarise. */

import { describe, expect, test } from 'vitest'
import { geometricMean, mad, mean, median, modifiedZ, quantile, trend } from '../../../lib/stats/index.ts'

describe('summaries', () => {
  test('mean, median and MAD', () => {
    expect(mean([1, 2, 6])).toBe(3)
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(mad([1, 1, 2, 2, 4, 6, 9])).toBe(1)
  })

  test('quantile goes by straight line between neighbours, as R type 7 and numpy do', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75)
    expect(quantile([4, 3, 2, 1], 0)).toBe(1)
    expect(quantile([4, 3, 2, 1], 1)).toBe(4)
    expect(quantile([10, 2, 100], 0.5)).toBe(10)
    expect(quantile([5], 0.9)).toBe(5)
  })

  test('leaves its argument as it was', () => {
    const values = [3, 1, 2]
    quantile(values, 0.5)
    expect(values).toEqual([3, 1, 2])
  })

  test('geometric mean', () => {
    expect(geometricMean([0.5, 2])).toBeCloseTo(1, 12)
    expect(geometricMean([1, 10, 100])).toBeCloseTo(10, 12)
    expect(() => geometricMean([1, 0])).toThrow('got 0')
  })

  test.each([
    ['mean', mean],
    ['median', median],
    ['mad', mad],
    ['geometricMean', geometricMean],
    ['quantile', (values: number[]) => quantile(values, 0.5)],
  ])('%s of nothing is a RangeError', (_, summary) => {
    expect(() => summary([])).toThrow(RangeError)
  })

  test('a quantile outside 0 to 1 is a RangeError', () => {
    expect(() => quantile([1], 1.1)).toThrow('1.1')
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError)
  })
})

describe('modifiedZ', () => {
  test('counts MADs from the median', () => {
    expect(modifiedZ([1, 1, 2, 2, 4, 6, 9])).toEqual([-1, -1, 0, 0, 2, 4, 7])
  })

  test('is 0 for values that are all equal', () => {
    expect(modifiedZ([5, 5, 5])).toEqual([0, 0, 0])
  })

  test('takes what rounding does to equal values for no spread', () => {
    const values = [0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2, 0.3, 0.31, 0.31]
    expect(Math.max(...modifiedZ(values).map(Math.abs))).toBeLessThan(5)
    expect(modifiedZ([0.1 + 0.2, 0.3, 0.3])).toEqual([0, 0, 0])
  })

  test('still shows the one that differs where the MAD is 0', () => {
    const z = modifiedZ([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 100])
    expect(z.slice(0, 14)).toEqual(Array(14).fill(0))
    // 90 / (90 / 15 * 0.6745 / 0.7979)
    expect(z[14]).toBeCloseTo(17.744, 2)
  })
})

describe('trend', () => {
  test('finds slope, total and t of a line with noise', () => {
    // R: lm(c(1,3,2,5,4) ~ c(0:4)): slope 0.8, standard error 0.3464
    const found = trend([1, 3, 2, 5, 4])
    expect(found.slope).toBeCloseTo(0.8, 12)
    expect(found.total).toBeCloseTo(3.2, 12)
    expect(found.t).toBeCloseTo(2.3094, 4)
  })

  test('a flat series has none, an exact line an infinite t', () => {
    expect(trend([2, 2, 2, 2])).toEqual({ slope: 0, total: 0, t: 0 })
    expect(trend([1, 2, 3]).t).toBe(Number.POSITIVE_INFINITY)
  })

  test('needs three values', () => {
    expect(() => trend([1, 2])).toThrow(RangeError)
  })
})
