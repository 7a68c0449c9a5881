/**
 * Cells as what was compared with what: those of one workload and metric belong together, one per heap in the order of
 * the heaps, the baseline first. Heaps are told apart by position, because two may have the same spec.
 */

import { type PairedLogs, pairedLogs } from '../stats/index.ts'
import type { Cell } from '../types.ts'

/** The cells of one workload by one metric. */
export interface CellGroup {
  workload: string
  metric: string
  /** One per heap, in the order of the heaps. */
  cells: Cell[]
}

/** The cells in groups, in the order in which each group first appears. */
export function cellGroups(cells: readonly Cell[]): CellGroup[] {
  const groups = new Map<string, CellGroup>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.workload, cell.metric])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { workload: cell.workload, metric: cell.metric, cells: [cell] })
    else group.cells.push(cell)
  }
  return [...groups.values()]
}

/** The log ratios of a cell's runs to its partners in a duet, else to the runs of the baseline's cell. */
export function cellLogs(cell: Cell, baseline: Cell): PairedLogs {
  return pairedLogs(cell.runs, cell.partners ?? baseline.runs)
}
