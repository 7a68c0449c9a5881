/**
 * The heaps over all workloads: the one figure people ask for first. A geometric mean of ratios is the same whichever
 * heap is the baseline and whichever workload takes longest, which an average of times is not.
 */

import { combinedRatio, decide, mean } from '../stats/index.ts'
import type { Cell, Overall } from '../types.ts'
import { type CellGroup, cellGroups, cellLogs } from './groups.ts'

/** What `overallResults` takes. */
export interface OverallOptions {
  cells: readonly Cell[]
  seed: number
  /** Level of the intervals, 0.05 unless given: where blocks are added until decided, that of the looks. */
  level?: number | undefined
}

/**
 * What counts as a difference over workloads: what the geometric mean would be if each workload's ratio lay at its own
 * threshold.
 */
function commonThreshold(cells: readonly Cell[]): number {
  const first = cells[0]?.threshold ?? 0
  if (cells.every(({ threshold }) => threshold === first)) return first
  return Math.expm1(mean(cells.map(({ threshold }) => Math.log1p(threshold))))
}

function overHeap(groups: readonly CellGroup[], heap: number, options: OverallOptions): Overall {
  const cells = groups.map((group) => group.cells[heap] as Cell)
  const { heap: spec, metric, higherIsBetter } = cells[0] as Cell
  // One name for what should grow here and shrink there has no common ratio.
  const alike = cells.every((cell) => cell.higherIsBetter === higherIsBetter)
  const logs =
    alike && groups.length > 1 ? groups.map(({ cells: of }, i) => cellLogs(cells[i] as Cell, of[0] as Cell)) : []
  const { ratio, low, high } = combinedRatio(logs, { seed: options.seed, level: options.level })
  const threshold = commonThreshold(cells)
  const verdict = decide({ low, high }, threshold, higherIsBetter)
  return { heap: spec, metric, higherIsBetter, ratio, low, high, verdict, threshold, workloads: groups.length }
}

/**
 * Each heap by each metric, over the workloads that have the metric: metric by metric, in each the heaps in their
 * order, the baseline included. Empty with a single workload. Each workload counts alike, however many blocks it has;
 * the interval tells how far the blocks leave it open, and nothing about other workloads.
 */
export function overallResults(options: OverallOptions): Overall[] {
  const groups = cellGroups(options.cells)
  if (new Set(groups.map(({ workload }) => workload)).size < 2) return []
  return [...new Set(groups.map(({ metric }) => metric))].flatMap((metric) => {
    const of = groups.filter((group) => group.metric === metric)
    return (of[0]?.cells ?? []).map((_, heap) => overHeap(of, heap, options))
  })
}
