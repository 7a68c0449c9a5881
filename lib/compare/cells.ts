/**
 * From runs to the cells of the result: who did what in which block, as numbers, failures, ratios and verdicts.
 */

import { decide, pairedRatio } from '../stats/index.ts'
import type { Cell, ComparedHeap, Control, Pairing, Reason, RunFailure, Verdict, VerdictState } from '../types.ts'
import { leastThreshold } from './probe-metrics.ts'
import {
  type ComparedHeapInfo,
  type CompareMetric,
  type ComparisonOptions,
  INSTRUCTIONS,
  type RunSample,
  type SubjectRuns,
} from './types.ts'

/** The number that a run counts with; null when it failed or gave none. */
export function sampleValue(sample: RunSample, metric: string): number | null {
  const value = sample.failure === null ? sample.values[metric] : null
  return value !== undefined && value !== null && Number.isFinite(value) ? value : null
}

/** The samples that a metric is taken from. */
function samplesFor(runs: SubjectRuns, metric: string): readonly (RunSample | undefined)[] {
  if (metric === INSTRUCTIONS && runs.counted !== null) return runs.counted
  return runs.duets?.metrics.has(metric) ? runs.duets.own : runs.samples
}

/** All numbers of a heap or the control by one metric, in block order. */
export function subjectValues(runs: SubjectRuns, metric: string): (number | null)[] {
  return samplesFor(runs, metric).map((sample) => (sample === undefined ? null : sampleValue(sample, metric)))
}

/** How a metric of this subject is paired with the baseline. */
export const pairingOf = (runs: SubjectRuns, metric: string): Pairing =>
  runs.duets?.metrics.has(metric) ? 'duet' : 'alone'

/** What the baseline gave beside each run of a duet; null where the baseline's own runs are what counts. */
function partnerValues(runs: SubjectRuns, metric: string): (number | null)[] | null {
  if (pairingOf(runs, metric) === 'alone') return null
  return (runs.duets?.partners ?? []).map((sample) => sampleValue(sample, metric))
}

/** Why a run of block `block` gave no number, or null when it gave one. A run without a number did end well: exit 0. */
function failureOf(sample: RunSample, metric: string, block: number): RunFailure | null {
  if (sample.failure !== null) return { block, ...sample.failure }
  if (sampleValue(sample, metric) !== null) return null
  const message = sample.problems?.[metric] ?? `${metric}: the run gave no number`
  return { block, exitCode: 0, signal: null, timedOut: false, message, output: sample.output ?? '' }
}

function ratioToBaseline(runs: SubjectRuns, baseline: SubjectRuns, metric: CompareMetric, options: RatioOptions) {
  const values = subjectValues(runs, metric.name)
  const partners = partnerValues(runs, metric.name)
  const { ratio, low, high } = pairedRatio(values, partners ?? subjectValues(baseline, metric.name), options)
  return { ratio, low, high, runs: values, partners, pairing: pairingOf(runs, metric.name) }
}

/** What the intervals of a comparison take: the seed of the bootstrap and the level of each. */
export type RatioOptions = Parameters<typeof pairedRatio>[2]

/** What counts as a difference by a metric. */
export const thresholdOf = (options: Pick<ComparisonOptions, 'threshold' | 'thresholds'>, metric: string): number =>
  options.thresholds?.[metric] ?? Math.max(options.threshold, leastThreshold(metric))

/** The cells: metric by metric, in each the heaps in their order, the baseline (against itself) included. */
export function comparisonCells(
  options: ComparisonOptions,
  heaps: readonly SubjectRuns[],
  ratioOptions: RatioOptions,
): Cell[] {
  const baseline = heaps[0] as SubjectRuns
  return options.metrics.flatMap((metric) =>
    heaps.map((runs, index) => {
      const ratio = ratioToBaseline(runs, baseline, metric, ratioOptions)
      const threshold = thresholdOf(options, metric.name)
      return {
        workload: options.workload,
        heap: runs.spec,
        metric: metric.name,
        unit: metric.unit,
        higherIsBetter: metric.higherIsBetter,
        ...ratio,
        // The baseline is its own partner.
        partners: index === 0 ? null : ratio.partners,
        verdict: decide(ratio, threshold, metric.higherIsBetter),
        threshold,
        failures: samplesFor(runs, metric.name).flatMap((sample, block) =>
          sample === undefined ? [] : (failureOf(sample, metric.name, block) ?? []),
        ),
        tests: null,
      }
    }),
  )
}

/** The control by each metric: the baseline's second runs against its first. */
export function controlCells(
  options: ComparisonOptions,
  control: SubjectRuns,
  baseline: SubjectRuns,
  ratioOptions: RatioOptions,
): Control[] {
  return options.metrics.map((metric) => ({
    workload: options.workload,
    metric: metric.name,
    ...ratioToBaseline(control, baseline, metric, ratioOptions),
  }))
}

/** How bad a state is. */
export const severity: Record<VerdictState, number> = { active: 0, partial: 1, inactive: 2 }

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
