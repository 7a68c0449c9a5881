/**
 * A result as reports walk through it: by workload, metric and heap. Cells are found by their place among those of
 * their workload and metric and never by a heap's name, as two heaps of a comparison may have the same spec.
 */

import type { Cell, CellVerdict, ComparedHeap, CompareResult, Control, Overall, WorkloadProblem } from '../types.ts'
import { clean } from './layout.ts'

/** What has a ratio with its interval. */
export interface Interval {
  ratio: number
  low: number
  high: number
}

/** A cell with the position of its heap in `heaps`. */
export interface PlacedCell {
  cell: Cell
  /** In `CompareResult.heaps`. */
  heap: number
  /** In `CompareResult.cells`. */
  position: number
}

/** Whether something has numbers; what has none was decided by nothing. */
export function isDecided<T extends { ratio: number | null; low: number | null; high: number | null }>(
  value: T | undefined,
): value is T & Interval {
  return value !== undefined && value.ratio !== null && value.low !== null && value.high !== null
}

/** The metrics of a result, in order. */
export function metricsOf(result: Pick<CompareResult, 'cells'>): string[] {
  return [...new Set(result.cells.map(({ metric }) => metric))]
}

/** The names of a result's workloads, in the order in which they ran. */
export function workloadsOf(result: Pick<CompareResult, 'cells' | 'workloads'>): string[] {
  return [...new Set([...result.workloads.map(({ name }) => name), ...result.cells.map(({ workload }) => workload)])]
}

/** The workloads that have a metric. */
export function workloadsWith(result: Pick<CompareResult, 'cells'>, metric: string): string[] {
  return [...new Set(result.cells.filter((cell) => cell.metric === metric).map(({ workload }) => workload))]
}

/** All cells with the heaps that they belong to. */
export function placedCells(result: Pick<CompareResult, 'cells'>): PlacedCell[] {
  const seen = new Map<string, number>()
  return result.cells.map((cell, position) => {
    const key = JSON.stringify([cell.workload, cell.metric])
    const heap = seen.get(key) ?? 0
    seen.set(key, heap + 1)
    return { cell, heap, position }
  })
}

/** The cells of a metric and a workload (the first one that has the metric, unless named), one per heap in their order. */
export function cellsOf(result: Pick<CompareResult, 'cells'>, metric: string, workload?: string): Cell[] {
  const wanted = workload ?? result.cells.find((cell) => cell.metric === metric)?.workload
  return result.cells.filter((cell) => cell.metric === metric && cell.workload === wanted)
}

/** What holds over the workloads by a metric, one per heap in their order; none where fewer than two have the metric. */
export function overallOf(result: Pick<CompareResult, 'overall'>, metric: string): Overall[] {
  return result.overall.filter((each) => each.metric === metric && each.workloads > 1)
}

/** The control of a metric and a workload: the noise floor. */
export function controlOf(result: CompareResult, metric: string, workload: string): Control | undefined {
  return result.control.find((control) => control.metric === metric && control.workload === workload)
}

/** The heaps by the names under which a report shows them: labels or specs, numbered where two have the same. */
export function heapLabels(result: Pick<CompareResult, 'heaps'>): string[] {
  const seen = new Map<string, number>()
  return result.heaps.map(({ spec, label: name = spec }) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return clean(count === 1 ? name : `${name} (${count})`)
  })
}

/** What a report says of a cell: its verdict, or why that would say nothing. */
export type CellWord = CellVerdict | 'baseline' | 'failed' | 'not active' | 'not run'

/** Whether no run under a heap came so far that it could be seen whether the heap was in effect: nothing is known of it. */
export function isUnknown({ state, reasons }: Pick<ComparedHeap, 'state' | 'reasons'>): boolean {
  return state === 'inactive' && reasons.length > 0 && reasons.every(({ code }) => code === 'not-run')
}

/** What a report calls the state of a heap. */
export function stateWord(heap: Pick<ComparedHeap, 'state' | 'reasons'>): ComparedHeap['state'] | 'not run' {
  return isUnknown(heap) ? 'not run' : heap.state
}

/** What kept a workload from being run; a teardown that failed came after the runs. */
export function problemOf(result: Pick<CompareResult, 'workloads'>, workload: string): WorkloadProblem | null {
  const problem = result.workloads.find(({ name }) => name === workload)?.problem
  return problem === undefined || problem.phase === 'teardown' ? null : problem
}

/** The word for a cell. */
export function cellWord(result: Pick<CompareResult, 'heaps'>, cell: Cell, heap: number): CellWord {
  if (cell.runs.length > 0 && cell.runs.every((value) => value === null)) return 'failed'
  const own = result.heaps[heap]
  if (own?.state === 'inactive') return isUnknown(own) ? 'not run' : 'not active'
  if (cell.runs.length === 0) return 'not run'
  return heap === 0 ? 'baseline' : cell.verdict
}

/** The word for what holds of a heap over all workloads. */
export function overallWord(result: Pick<CompareResult, 'heaps'>, each: Overall, heap: number): CellWord {
  const own = result.heaps[heap]
  if (own?.state === 'inactive') return isUnknown(own) ? 'not run' : 'not active'
  return each.verdict
}

/** The median of the numbers among `values`; null where there are none. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
