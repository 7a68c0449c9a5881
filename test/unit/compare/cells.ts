/** Cells by hand, for tests of what is made of them. */

import type { Cell } from '../../../lib/types.ts'

/** A cell of `runs` against nothing yet; what matters to a test is given. */
export function cell(
  workload: string,
  heap: string,
  metric: string,
  runs: (number | null)[],
  more: Partial<Cell> = {},
) {
  const made: Cell = {
    ...{ workload, heap, metric, unit: 'ns', higherIsBetter: false, threshold: 0.01 },
    ...{ ratio: null, low: null, high: null, verdict: 'inconclusive', runs, failures: [] },
    ...{ pairing: 'alone', partners: null, tests: null },
    ...more,
  }
  return made
}

/** Numbers around `centre` that differ from one another by up to 1 % and are the same every time. */
export function around(centre: number, count = 8, phase = 0): number[] {
  return Array.from({ length: count }, (_, i) => centre * (1 + Math.sin(i * 2.4 + phase) / 100))
}
