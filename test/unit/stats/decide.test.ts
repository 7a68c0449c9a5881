/** The verdict by interval alone, at and around its bounds, both ways round. */

import { describe, expect, test } from 'vitest'
import { decide } from '../../../lib/stats/index.ts'

describe('decide', () => {
  test.each([
    [0.8, 0.98, 'better'],
    [1.02, 1.5, 'worse'],
    [0.995, 1.005, 'same'],
    [0.95, 1.05, 'inconclusive'],
    [0.98, 1.005, 'inconclusive'],
    [0.995, 1.02, 'inconclusive'],
    [0.98, 0.995, 'inconclusive'],
    [1.005, 1.02, 'inconclusive'],
    [1, 1, 'same'],
  ])('[%d, %d] at 1 %% is %s where lower is better', (low, high, expected) => {
    expect(decide({ low, high }, 0.01, false)).toBe(expected)
  })

  test('turns round where higher is better', () => {
    expect(decide({ low: 1.1, high: 1.2 }, 0.01, true)).toBe('better')
    expect(decide({ low: 0.8, high: 0.9 }, 0.01, true)).toBe('worse')
    expect(decide({ low: 0.999, high: 1.001 }, 0.01, true)).toBe('same')
  })

  test('the bounds are equally far from 1 on the log scale and belong to the inside', () => {
    expect(decide({ low: 1 / 1.25, high: 1.25 }, 0.25, false)).toBe('same')
    expect(decide({ low: 0.78, high: 1.25 }, 0.25, false)).toBe('inconclusive')
    expect(decide({ low: 0.7, high: 1 / 1.25 }, 0.25, false)).toBe('inconclusive')
    expect(decide({ low: 0.7, high: 0.79 }, 0.25, false)).toBe('better')
    expect(decide({ low: 1.25, high: 1.4 }, 0.25, false)).toBe('inconclusive')
  })

  test('a threshold of zero still knows what is exactly the same', () => {
    expect(decide({ low: 1, high: 1 }, 0, false)).toBe('same')
    expect(decide({ low: 1.0001, high: 1.1 }, 0, false)).toBe('worse')
  })

  test('no interval decides nothing', () => {
    expect(decide({ low: null, high: null }, 0.01, false)).toBe('inconclusive')
  })

  test.each([-0.01, Number.NaN, Number.POSITIVE_INFINITY])('refuses the threshold %d', (threshold) => {
    expect(() => decide({ low: 1, high: 1 }, threshold, false)).toThrow(RangeError)
  })
})
