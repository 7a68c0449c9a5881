/**
 * Two groups of runs that were not made side by side: a stored result and a new one. What the machine did in the one
 * hour and not in the other is in the difference, and no interval from the numbers alone can show it; this one tells
 * only how far the runs themselves leave the ratio open.
 */

import { type BootstrapOptions, meanOfMeansInterval } from './interval.ts'
import { logRatio, MINIMUM_PAIRS } from './paired.ts'

/** A ratio of geometric means with its interval; all three null where a group has too few numbers, or none has a ratio. */
export interface UnpairedRatio {
  ratio: number | null
  low: number | null
  high: number | null
}

const none: UnpairedRatio = { ratio: null, low: null, high: null }

/**
 * Candidate over baseline, by the means of their logarithms: the studentised bootstrap of `meanOfMeansInterval`, each
 * group resampled from itself, never shorter than a part of Welch's interval for unequal variances. Missing numbers
 * are left out; a number not above 0 has no ratio to any, and then there is none, but zeros alone are equal to zeros.
 */
export function unpairedRatio(
  candidate: readonly (number | null)[],
  baseline: readonly (number | null)[],
  options: BootstrapOptions,
): UnpairedRatio {
  const [own, other] = [candidate, baseline].map((values) => values.filter((value) => value !== null))
  if (own === undefined || other === undefined) return none
  if (own.length < MINIMUM_PAIRS || other.length < MINIMUM_PAIRS) return none
  if ([...own, ...other].every((value) => value === 0)) return { ratio: 1, low: 1, high: 1 }
  // Against 1, which has a ratio to all that is above 0.
  const logs = [own, other].map((values) => values.map((value) => logRatio(value, 1)).filter((log) => log !== null))
  const [ownLogs = [], otherLogs = []] = logs
  if (ownLogs.length < own.length || otherLogs.length < other.length) return none
  // A difference is twice the mean of the one and the other turned round.
  const { mean, low, high } = meanOfMeansInterval([ownLogs, otherLogs.map((log) => -log)], options)
  return { ratio: Math.exp(2 * mean), low: Math.exp(2 * low), high: Math.exp(2 * high) }
}
