/** The tests beside the cells: of what pairs, and corrected over what. */

import { describe, expect, test } from 'vitest'
import { withTests } from '../../../lib/compare/index.ts'
import { around, cell } from './cells.ts'

/** Eight runs with as many below the baseline's as `below` says: powers of a factor, so that no two ranks tie. */
const against = (base: number[], below: number) =>
  base.map((value, i) => value * 1.01 ** (i < below ? -(i + 1) : i + 1))

describe('withTests', () => {
  const base = around(100)
  const cells = [
    cell('w', 'a', 'wall', base),
    cell('w', 'b', 'wall', against(base, 0)),
    cell('w', 'c', 'wall', against(base, 3)),
    cell('v', 'a', 'wall', base),
    cell('v', 'b', 'wall', against(base, 1)),
  ]

  test("Wilcoxon's p of each cell's pairs, Holm's over all that are not the baseline's", () => {
    const tests = withTests(cells).map((of) => of.tests)
    // Sums of negative ranks 0, 6 and 1: 2, 28 and 4 of 256 choices of signs are as far out.
    expect(tests).toEqual([
      null,
      { pairs: 8, wilcoxonP: 2 / 256, holmP: 6 / 256 },
      { pairs: 8, wilcoxonP: 28 / 256, holmP: 28 / 256 },
      null,
      { pairs: 8, wilcoxonP: 4 / 256, holmP: 8 / 256 },
    ])
  })

  test('changes nothing else and leaves the given cells alone', () => {
    const before = structuredClone(cells)
    const after = withTests(cells)
    expect(cells).toEqual(before)
    expect(after.map((of) => ({ ...of, tests: null }))).toEqual(before)
  })

  test('a duet is tested against its partners', () => {
    const duet = cell('w', 'b', 'cpu', base, { pairing: 'duet', partners: against(base, 0) })
    expect(withTests([cell('w', 'a', 'cpu', base), duet])[1]?.tests?.wilcoxonP).toBe(2 / 256)
  })

  test('a cell without a ratio has no test and does not count for the correction', () => {
    const few = cell('v', 'b', 'wall', [...around(100, 4), null, null, null, null])
    const zero = cell('v', 'c', 'wall', [0, ...around(100, 7)])
    const [, one, ...rest] = withTests([...cells.slice(0, 2), cell('v', 'a', 'wall', base), few, zero])
    expect(one?.tests).toEqual({ pairs: 8, wilcoxonP: 2 / 256, holmP: 2 / 256 })
    expect(rest.map(({ tests }) => tests)).toEqual([null, null, null])
  })

  test('two equal heaps give a p of 1', () => {
    expect(withTests([cell('w', 'a', 'wall', base), cell('w', 'b', 'wall', base)])[1]?.tests?.holmP).toBe(1)
  })
})
