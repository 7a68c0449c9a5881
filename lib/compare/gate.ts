/**
 * The gate of CI: whether anything got worse. A build must not fail on noise, and a suite has many cells, of which one
 * in forty would be called worse by chance alone. So a failure needs an interval whose error is shared by all cells that
 * the gate looks at; that nothing is worse needs the usual interval only.
 */

import { decide, pairedRatio, unpairedRatio } from '../stats/index.ts'
import type { Cell, CompareResult, GateCell, GateResult, SinceCell } from '../types.ts'
import { cellGroups } from './groups.ts'

/** The share of false alarms over the whole gate. */
const ALARMS = 0.05

type Ratio = Pick<Cell, 'ratio' | 'low' | 'high'>
type Judged = Ratio & Pick<Cell, 'threshold' | 'higherIsBetter'>

/** Whether an interval excludes that it is worse by more than the threshold. */
const isNotWorse = ({ low, high, threshold, higherIsBetter }: Judged) =>
  low !== null && high !== null && (higherIsBetter ? low >= 1 / (1 + threshold) : high <= 1 + threshold)

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`
const NO_RATIO = 'there is no ratio: too few runs gave a number, or one has no ratio to another (0 to 5)'
const bounds = ({ ratio, low, high }: Ratio) =>
  ratio === null || low === null || high === null
    ? NO_RATIO
    : `${ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`

type Judgement = Pick<GateCell, 'outcome' | 'reason'>

/**
 * What runs say that failed here and not under the baseline: no ratio knows of them, as it is taken from the runs that
 * ended well. Where most fail it is a failure, and where some do it cannot be a pass.
 */
function judgeFailures(cell: Cell, baseline: Cell): Judgement | null {
  const failed = cell.failures.length
  const before = cell.partners?.filter((partner) => partner === null).length ?? baseline.failures.length
  if (failed <= before) return null
  const runs = cell.runs.length
  const where = failed === runs ? 'in every run' : `in ${failed} of ${runs} runs, and the baseline in ${before}`
  const reason = `failed ${where}: ${cell.failures[0]?.message ?? ''}`
  return { outcome: failed > runs / 2 ? 'fail' : 'inconclusive', reason }
}

/** By the numbers alone; `strictly` gives the interval in which all cells of the gate share the error. */
function judgeRatio(cell: Judged, strictly: () => Ratio): Judgement {
  const { threshold, higherIsBetter } = cell
  if (cell.ratio === null) return { outcome: 'inconclusive', reason: NO_RATIO }
  if (isNotWorse(cell)) return { outcome: 'pass', reason: `${bounds(cell)} is not worse by ${percent(threshold)}` }
  const strict = strictly()
  if (decide(strict, threshold, higherIsBetter) === 'worse') {
    return { outcome: 'fail', reason: `${bounds(strict)} is worse by more than ${percent(threshold)}` }
  }
  return {
    outcome: 'inconclusive',
    reason: `${bounds(strict)} may be worse by more than ${percent(threshold)}, or not`,
  }
}

function judge(cell: Cell, baseline: Cell, level: number, seed: number): Judgement {
  const failures = judgeFailures(cell, baseline)
  if (failures?.outcome === 'fail') return failures
  const ratio = judgeRatio(cell, () => pairedRatio(cell.runs, cell.partners ?? baseline.runs, { seed, level }))
  return ratio.outcome === 'fail' ? ratio : (failures ?? ratio)
}

/** What has changed since a stored result. How the machine drifted from the one hour to the other is in no interval. */
function judgeChange(change: SinceCell, level: number, seed: number): Judgement {
  const { outcome, reason } = judgeRatio(change, () =>
    unpairedRatio(change.valuesNow, change.valuesThen, { seed, level }),
  )
  return { outcome, reason: `since the stored result: ${reason}` }
}

/** Judges all cells but the baseline's, or those by the metrics that are named, and what has changed since a stored result. */
export function gateResult(result: CompareResult, metrics?: readonly string[]): GateResult {
  const looksAt = (metric: string) => metrics === undefined || metrics.includes(metric)
  const groups = cellGroups(result.cells).filter(({ metric }) => looksAt(metric))
  const changes = (result.since?.cells ?? []).filter(({ metric }) => looksAt(metric))
  const count = groups.reduce((sum, { cells }) => sum + cells.length - 1, 0) + changes.length
  const levels = [...result.workloads.flatMap(({ looks }) => looks?.level ?? []), ...changes.map((each) => each.level)]
  const level = Math.min(ALARMS, ...levels) / Math.max(1, count)
  const cells = groups.flatMap(({ workload, metric, cells: [baseline, ...others] }) =>
    others.map((cell, at): GateCell => {
      const judged = judge(cell, baseline as Cell, level, result.seed)
      return { workload, heap: cell.heap, metric, heapIndex: at + 1, ...judged }
    }),
  )
  const since = changes.map((change): GateCell => {
    const { workload, heap, metric, heapIndex } = change
    return { workload, heap, metric, heapIndex, ...judgeChange(change, level, result.seed) }
  })
  const all = [...cells, ...since]
  const has = (outcome: GateCell['outcome']) => all.some((cell) => cell.outcome === outcome)
  // Nothing to judge is no pass.
  const outcome = has('fail') ? 'fail' : has('inconclusive') || all.length === 0 ? 'inconclusive' : 'pass'
  return { outcome, level, cells: all }
}
