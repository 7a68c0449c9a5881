/** The names on an axis: 1 is always there, and none is drawn over another. */

import { describe, expect, test } from 'vitest'
import { positionOn, ratioAxis, ratioTicks, thinned } from '../../../lib/report/html/axis.ts'

describe('names on an axis', () => {
  const interval = (low: number, high: number) => ({ ratio: Math.sqrt(low * high), low, high })
  const axes = [
    ratioAxis([], 0.01),
    ratioAxis([interval(0.6, 0.7)], 0.01),
    ratioAxis([interval(0.99, 3.7)], 0.01),
    ratioAxis([interval(0.3, 4.2)], 0.05),
  ]

  test.each(axes)('are as far apart as they must be: %j', (axis) => {
    for (const gap of [10, 18, 42]) {
      const kept = thinned(axis, ratioTicks(axis), gap)
      expect(kept).toContain(1)
      expect(ratioTicks(axis)).toEqual(expect.arrayContaining(kept))
      const places = kept.map((value) => positionOn(axis, value))
      for (const [at, place] of places.slice(1).entries()) expect(place - (places[at] ?? 0)).toBeGreaterThanOrEqual(gap)
    }
  })

  test('none is left out where there is room for all', () => {
    expect(thinned({ low: 0.45, high: 2.1 }, [0.5, 2 / 3, 1, 1.5, 2], 10)).toEqual([0.5, 2 / 3, 1, 1.5, 2])
  })
})
