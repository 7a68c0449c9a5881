/** Tests of the cells' pairs, for readers who ask for a p. The verdicts are by interval and do not look at them. */

import { haveRatio, holm, signedRankP } from '../stats/index.ts'
import type { Cell } from '../types.ts'
import { cellGroups, cellLogs } from './groups.ts'

/**
 * The cells, in their order, with their tests. The correction is over all that were compared with a baseline, whatever
 * the workload and metric. The baseline's own cells have none, nor have cells without a ratio.
 */
export function withTests(cells: readonly Cell[]): Cell[] {
  const tested = cellGroups(cells).flatMap(({ cells: [baseline, ...others] }) =>
    others.flatMap((cell) => {
      const paired = cellLogs(cell, baseline as Cell)
      return haveRatio(paired) ? { cell, pairs: paired.logs.length, wilcoxonP: signedRankP(paired.logs) } : []
    }),
  )
  const corrected = holm(tested.map(({ wilcoxonP }) => wilcoxonP))
  const tests = new Map(
    tested.map(({ cell, pairs, wilcoxonP }, index) => [cell, { pairs, wilcoxonP, holmP: corrected[index] as number }]),
  )
  return cells.map((cell) => ({ ...cell, tests: tests.get(cell) ?? null }))
}
