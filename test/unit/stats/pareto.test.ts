/** Pareto's set, with the ties that equal heaps bring. */

import { expect, test } from 'vitest'
import { paretoSet } from '../../../lib/stats/index.ts'

const points = (...pairs: [number, number][]) => pairs.map(([x, y]) => ({ x, y }))

test.each([
  ['one beats all', points([1, 1], [2, 2], [3, 1]), [0]],
  ['a front and what lies behind it', points([1, 4], [2, 2], [4, 1], [3, 3], [2, 5]), [0, 1, 2]],
  ['equal points stand together', points([1, 2], [2, 1], [1, 2]), [0, 1, 2]],
  ['equal points fall together', points([1, 1], [2, 2], [2, 2]), [0]],
  ['as good in one and worse in the other is beaten', points([1, 1], [1, 2], [2, 1]), [0]],
  ['a single point', points([5, 5]), [0]],
  ['none', [], []],
])('%s', (_, given, expected) => {
  expect(paretoSet(given)).toEqual(expected)
})
