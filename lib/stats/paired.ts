/**
 * Comparison by block: within a block every heap ran once, close in time, so the noise that they share cancels in the
 * ratio. Ratios are averaged as logarithms, in which "twice" and "half" are equally far from "the same".
 */

import { type BootstrapOptions, meanInterval } from './interval.ts'

/** Fewest pairs from which an interval is computed. Below it, the spread is a guess. */
export const MINIMUM_PAIRS = 5

/** A geometric mean ratio with its 95 % interval; all three are null when there are fewer than `MINIMUM_PAIRS`. */
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

/**
 * Candidate over baseline, paired by position (element i of both is of block i). A pair with a run that gave no number
 * is left out as a pair. Where two numbers have no ratio (see `logRatio`) the whole has none: leaving just those out
 * would make of what is often zero something that never is. Arrays of different length are a RangeError.
 */
export function pairedRatio(
  candidate: readonly (number | null)[],
  baseline: readonly (number | null)[],
  options: BootstrapOptions,
): PairedRatio {
  if (candidate.length !== baseline.length) {
    throw new RangeError(`pairedRatio: expected arrays of one length, got ${candidate.length} and ${baseline.length}`)
  }
  const isNumber = (value: number | null | undefined) => value != null && Number.isFinite(value)
  const whole = candidate.filter((value, block) => isNumber(value) && isNumber(baseline[block])).length
  const logs = candidate.map((value, block) => logRatio(value, baseline[block] ?? null)).filter((log) => log !== null)
  const pairsWithoutRatio = whole - logs.length
  if (pairsWithoutRatio > 0 || logs.length < MINIMUM_PAIRS) {
    return { ratio: null, low: null, high: null, pairs: logs.length, pairsWithoutRatio }
  }
  const interval = meanInterval(logs, options)
  return {
    ratio: Math.exp(interval.mean),
    low: Math.exp(interval.low),
    high: Math.exp(interval.high),
    pairs: logs.length,
    pairsWithoutRatio,
  }
}
