/**
 * Comparison by block: within a block every heap ran once, close in time, so the noise that they share cancels in the
 * ratio. Ratios are averaged as logarithms, in which "twice" and "half" are equally far from "the same".
 */

import { type BootstrapOptions, meanInterval, meanOfMeansInterval } from './interval.ts'

/** Fewest pairs from which an interval is computed. Below it, the spread is a guess. */
export const MINIMUM_PAIRS = 5

/** A geometric mean ratio with its interval (95 %, or the level asked for); all three are null when there are fewer than `MINIMUM_PAIRS`. */
export interface PairedRatio {
  ratio: number | null
  low: number | null
  high: number | null
  /** Pairs that were used. */
  pairs: number
  /** Pairs of two numbers that have no ratio: a zero against something, or a negative one. Then there is no ratio at all. */
  pairsWithoutRatio: number
}

/**
 * The logarithm of candidate over baseline. Two zeros are equal: 0. Null where a ratio has no meaning: a missing or
 * non-finite value, a zero against something, a negative number.
 */
export function logRatio(candidate: number | null, baseline: number | null): number | null {
  if (candidate === null || baseline === null) return null
  if (candidate === 0 && baseline === 0) return 0
  if (!(candidate > 0 && baseline > 0)) return null
  const result = Math.log(candidate / baseline)
  return Number.isFinite(result) ? result : null
}

/** The logarithms of paired ratios. */
export interface PairedLogs {
  /** In block order, without the pairs that have none. */
  logs: number[]
  /** As in `PairedRatio`. */
  pairsWithoutRatio: number
}

/**
 * The log ratios of candidate over baseline, paired by position (element i of both is of block i). A pair with a run
 * that gave no number is left out as a pair. Arrays of different length are a RangeError.
 */
export function pairedLogs(candidate: readonly (number | null)[], baseline: readonly (number | null)[]): PairedLogs {
  if (candidate.length !== baseline.length) {
    throw new RangeError(`pairedLogs: expected arrays of one length, got ${candidate.length} and ${baseline.length}`)
  }
  const isNumber = (value: number | null | undefined) => value != null && Number.isFinite(value)
  const whole = candidate.filter((value, block) => isNumber(value) && isNumber(baseline[block])).length
  const logs = candidate.map((value, block) => logRatio(value, baseline[block] ?? null)).filter((log) => log !== null)
  return { logs, pairsWithoutRatio: whole - logs.length }
}

/** Whether pairs allow of a ratio: there are enough of them, and each has one. */
export function haveRatio({ logs, pairsWithoutRatio }: PairedLogs): boolean {
  return pairsWithoutRatio === 0 && logs.length >= MINIMUM_PAIRS
}

/**
 * Candidate over baseline, paired as `pairedLogs` does. Where two numbers have no ratio (see `logRatio`) the whole has
 * none: leaving just those out would make of what is often zero something that never is.
 */
export function pairedRatio(
  candidate: readonly (number | null)[],
  baseline: readonly (number | null)[],
  options: BootstrapOptions,
): PairedRatio {
  const paired = pairedLogs(candidate, baseline)
  const { logs, pairsWithoutRatio } = paired
  if (!haveRatio(paired)) return { ratio: null, low: null, high: null, pairs: logs.length, pairsWithoutRatio }
  const interval = meanInterval(logs, options)
  return {
    ratio: Math.exp(interval.mean),
    low: Math.exp(interval.low),
    high: Math.exp(interval.high),
    pairs: logs.length,
    pairsWithoutRatio,
  }
}

/**
 * The geometric mean of workloads' ratios with its interval, each workload counting alike. The workloads' pairs are
 * independent of one another, and their numbers may differ. All null when a workload has no ratio of its own.
 */
export function combinedRatio(
  workloads: readonly PairedLogs[],
  options: BootstrapOptions,
): Pick<PairedRatio, 'ratio' | 'low' | 'high'> {
  if (workloads.length === 0 || !workloads.every(haveRatio)) return { ratio: null, low: null, high: null }
  const interval = meanOfMeansInterval(
    workloads.map(({ logs }) => logs),
    options,
  )
  return { ratio: Math.exp(interval.mean), low: Math.exp(interval.low), high: Math.exp(interval.high) }
}
