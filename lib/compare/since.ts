/**
 * A comparison held against an earlier one. The two were not made side by side; what was is each heap's run and the
 * baseline's, then and now, so that it is their ratios that are compared. What the machine does to both alike is not in
 * them. The baseline itself, and a heap that was alone, have only their numbers.
 */

import { type BootstrapOptions, decide, pairedLogs, unpairedRatio } from '../stats/index.ts'
import type { Cell, CompareResult, Since, SinceCell } from '../types.ts'
import { type CellGroup, cellGroups } from './groups.ts'

/** Whose change is told: of heaps that have a baseline beside them, their ratio to it. */
function valuesOf({ cells }: CellGroup, heap: number): (number | null)[] {
  const [cell, baseline] = [cells[heap] as Cell, cells[0] as Cell]
  if (heap === 0) return cell.runs
  const { logs } = pairedLogs(cell.runs, cell.partners ?? baseline.runs)
  return logs.map(Math.exp)
}

function sinceCell(
  earlier: CellGroup,
  group: CellGroup,
  heap: number,
  options: BootstrapOptions & { level: number },
): SinceCell {
  const { workload, metric, heap: spec, threshold, higherIsBetter } = group.cells[heap] as Cell
  const [valuesNow, valuesThen] = [valuesOf(group, heap), valuesOf(earlier, heap)]
  const bounds = unpairedRatio(valuesNow, valuesThen, options)
  return {
    workload,
    heap: spec,
    heapIndex: heap,
    metric,
    of: heap === 0 ? 'value' : 'ratio',
    ...bounds,
    verdict: decide(bounds, threshold, higherIsBetter),
    threshold,
    higherIsBetter,
    level: options.level,
    valuesNow,
    valuesThen,
  }
}

/** One that stopped when its verdicts pleased has shared its error between its looks, and so must what is made of it. */
const levelOf = (name: string, results: readonly CompareResult[]) =>
  Math.min(
    0.05,
    ...results.flatMap(({ workloads }) =>
      workloads.filter((workload) => workload.name === name).flatMap(({ looks }) => looks?.level ?? []),
    ),
  )

/** What has changed since an earlier result with the same heaps, for the workloads and metrics that both have. */
export function sinceResult(now: CompareResult, then: CompareResult, file: string): Since {
  const earlier = cellGroups(then.cells)
  const cells = cellGroups(now.cells).flatMap((group) => {
    const before = earlier.find(({ workload, metric }) => workload === group.workload && metric === group.metric)
    if (before === undefined) return []
    // Of several heaps the baseline is the measure, and its own change is that of the hour.
    const from = group.cells.length > 1 ? 1 : 0
    const options = { seed: now.seed, level: levelOf(group.workload, [now, then]) }
    return group.cells.slice(from).map((_, at) => sinceCell(before, group, from + at, options))
  })
  return { file, started: then.started, cells }
}
