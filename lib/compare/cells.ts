/**
 * From runs to the cells of the result: who did what in which block, as numbers, failures, ratios and verdicts.
 */

import { decide, pairedRatio } from '../stats/index.ts'
import type { Cell, ComparedHeap, Control, Reason, RunFailure, Verdict, VerdictState } from '../types.ts'
import type { ComparedHeapInfo, CompareMetric, ComparisonOptions, RunSample, SubjectRuns } from './types.ts'

/** What counts as a difference by one metric. */
export function thresholdOf({ threshold, thresholds }: ComparisonOptions, metric: string): number {
  return thresholds?.[metric] ?? threshold
}

/** The number that a run counts with; null when it failed or gave none. */
export function sampleValue(sample: RunSample, metric: string): number | null {
  const value = sample.failure === null ? sample.values[metric] : null
  return value !== undefined && value !== null && Number.isFinite(value) ? value : null
}

/** All numbers of a heap or the control by one metric, in block order. */
export function subjectValues(runs: SubjectRuns, metric: string): (number | null)[] {
  return runs.samples.map((sample) => sampleValue(sample, metric))
}

/** Why a run of block `block` gave no number, or null when it gave one. A run without a number did end well: exit 0. */
function failureOf(sample: RunSample, metric: string, block: number): RunFailure | null {
  if (sample.failure !== null) return { block, ...sample.failure }
  if (sampleValue(sample, metric) !== null) return null
  const message = sample.problems?.[metric] ?? `${metric}: the run gave no number`
  return { block, exitCode: 0, signal: null, timedOut: false, message, output: sample.output ?? '' }
}

function ratioToBaseline(runs: SubjectRuns, baseline: SubjectRuns, metric: CompareMetric, seed: number) {
  const values = subjectValues(runs, metric.name)
  const { ratio, low, high } = pairedRatio(values, subjectValues(baseline, metric.name), { seed })
  return { ratio, low, high, runs: values }
}

/** The cells: metric by metric, in each the heaps in their order, the baseline (against itself) included. */
export function comparisonCells(options: ComparisonOptions, heaps: readonly SubjectRuns[]): Cell[] {
  const baseline = heaps[0] as SubjectRuns
  return options.metrics.flatMap((metric) =>
    heaps.map((runs) => {
      const { ratio, low, high, runs: values } = ratioToBaseline(runs, baseline, metric, options.seed)
      return {
        workload: options.workload,
        heap: runs.spec,
        metric: metric.name,
        unit: metric.unit,
        higherIsBetter: metric.higherIsBetter,
        ratio,
        low,
        high,
        verdict: decide({ low, high }, thresholdOf(options, metric.name), metric.higherIsBetter),
        threshold: thresholdOf(options, metric.name),
        runs: values,
        failures: runs.samples.flatMap((sample, block) => failureOf(sample, metric.name, block) ?? []),
        pairing: 'alone' as const,
        partners: null,
        tests: null,
      }
    }),
  )
}

/** The control by each metric: the baseline's second runs against its first. */
export function controlCells(options: ComparisonOptions, control: SubjectRuns, baseline: SubjectRuns): Control[] {
  return options.metrics.map((metric) => ({
    workload: options.workload,
    metric: metric.name,
    ...ratioToBaseline(control, baseline, metric, options.seed),
    pairing: 'alone',
    partners: null,
  }))
}

const severity: Record<VerdictState, number> = { active: 0, partial: 1, inactive: 2 }

/**
 * A heap with the worst of all its runs' verdicts and their reasons, each once. A heap of which no run came so far as
 * to have a verdict is inactive and was not run: nothing is known of it.
 */
export function comparedHeap(heap: ComparedHeapInfo, verdicts: readonly Verdict[]): ComparedHeap {
  if (verdicts.length === 0) {
    const message = 'no run came so far that it could be seen which allocator it used'
    return {
      ...heap,
      sha256: heap.sha256 ?? null,
      state: 'inactive',
      reasons: [{ code: 'not-run', message, advice: 'let the comparison run' }],
    }
  }
  const reasons = new Map<string, Reason>()
  let state: VerdictState = 'active'
  for (const verdict of verdicts) {
    if (severity[verdict.state] > severity[state]) state = verdict.state
    for (const reason of verdict.reasons) reasons.set(`${reason.code}\n${reason.message}`, reason)
  }
  return { ...heap, sha256: heap.sha256 ?? null, state, reasons: [...reasons.values()] }
}
