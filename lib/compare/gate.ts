/**
 * The gate of CI: whether anything got worse. A build must not fail on noise, and a suite has many cells, of which one
 * in forty would be called worse by chance alone. So a failure needs an interval whose error is shared by all cells that
 * the gate looks at; that nothing is worse needs the usual interval only.
 */

import { decide, pairedRatio } from '../stats/index.ts'
import type { Cell, CompareResult, GateCell, GateResult } from '../types.ts'
import { cellGroups } from './groups.ts'

/** The share of false alarms over the whole gate. */
const ALARMS = 0.05

const numbers = ({ runs }: Cell) => runs.filter((run) => run !== null).length

/** Whether an interval excludes that it is worse by more than the threshold. */
const isNotWorse = ({
  low,
  high,
  threshold,
  higherIsBetter,
}: Pick<Cell, 'low' | 'high' | 'threshold' | 'higherIsBetter'>) =>
  low !== null && high !== null && (higherIsBetter ? low >= 1 / (1 + threshold) : high <= 1 + threshold)

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`
const bounds = ({ ratio, low, high }: { ratio: number | null; low: number | null; high: number | null }) =>
  `${ratio?.toFixed(3)} [${low?.toFixed(3)}, ${high?.toFixed(3)}]`

function judge(cell: Cell, baseline: Cell, level: number, seed: number): Pick<GateCell, 'outcome' | 'reason'> {
  const { threshold, higherIsBetter } = cell
  if (numbers(cell) === 0 && cell.runs.length > 0 && numbers(baseline) > 0) {
    return { outcome: 'fail', reason: `failed in every run: ${cell.failures[0]?.message ?? 'no number'}` }
  }
  if (cell.ratio === null) return { outcome: 'inconclusive', reason: 'too few runs that gave a number' }
  if (isNotWorse(cell)) return { outcome: 'pass', reason: `${bounds(cell)} is not worse by ${percent(threshold)}` }
  const strict = pairedRatio(cell.runs, cell.partners ?? baseline.runs, { seed, level })
  if (decide(strict, threshold, higherIsBetter) === 'worse') {
    return { outcome: 'fail', reason: `${bounds(strict)} is worse by more than ${percent(threshold)}` }
  }
  return {
    outcome: 'inconclusive',
    reason: `${bounds(strict)} may be worse by more than ${percent(threshold)}, or not`,
  }
}

/** Judges all cells but the baseline's, or those by the metrics that are named, and what has changed since a stored result. */
export function gateResult(result: CompareResult, metrics?: readonly string[]): GateResult {
  const looksAt = (metric: string) => metrics === undefined || metrics.includes(metric)
  const groups = cellGroups(result.cells).filter(({ metric }) => looksAt(metric))
  const count = groups.reduce((sum, { cells }) => sum + cells.length - 1, 0)
  const level =
    Math.min(ALARMS, ...result.workloads.flatMap(({ looks }) => looks?.level ?? ALARMS)) / Math.max(1, count)
  const cells = groups.flatMap(({ workload, metric, cells: [baseline, ...others] }) =>
    others.map((cell, at): GateCell => {
      const judged = judge(cell, baseline as Cell, level, result.seed)
      return { workload, heap: cell.heap, metric, heapIndex: at + 1, ...judged }
    }),
  )
  const since = (result.since?.cells ?? []).filter(({ metric }) => looksAt(metric)).map(sinceCell)
  const all = [...cells, ...since]
  const has = (outcome: GateCell['outcome']) => all.some((cell) => cell.outcome === outcome)
  // Nothing to judge is no pass.
  const outcome = has('fail') ? 'fail' : has('inconclusive') || all.length === 0 ? 'inconclusive' : 'pass'
  return { outcome, level, cells: all }
}

function sinceCell(cell: NonNullable<CompareResult['since']>['cells'][number]): GateCell {
  const { workload, heap, metric, heapIndex, verdict } = cell
  const notWorse = isNotWorse(cell)
  const outcome = verdict === 'worse' ? 'fail' : notWorse ? 'pass' : 'inconclusive'
  return { workload, heap, metric, heapIndex, outcome, reason: `since the stored result ${bounds(cell)}` }
}
