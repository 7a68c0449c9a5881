/**
 * What an interval allows one to say. The decision looks at the interval alone, never at the ratio in its middle: a
 * ratio of 0.9 that could as well be 1.1 decides nothing.
 */

/** What a comparison says of the candidate. */
export type Decision = 'better' | 'worse' | 'same' | 'inconclusive'

/** Bounds of a ratio; null where there is none. */
export interface RatioBounds {
  low: number | null
  high: number | null
}

/**
 * The decision by interval: wholly beyond the threshold is `better` or `worse`, wholly inside it `same`, all else
 * `inconclusive`. `threshold` is a share (0.01 is 1 %) and counts alike both ways on the log scale: the bounds are
 * 1 / (1 + threshold) and 1 + threshold. A negative or non-finite threshold is a RangeError.
 */
export function decide(bounds: RatioBounds, threshold: number, higherIsBetter: boolean): Decision {
  if (!(threshold >= 0 && Number.isFinite(threshold))) {
    throw new RangeError(`threshold: expected a number not below 0, got ${threshold}`)
  }
  const { low, high } = bounds
  if (low === null || high === null) return 'inconclusive'
  const most = 1 + threshold
  const least = 1 / most
  if (low > most) return higherIsBetter ? 'better' : 'worse'
  if (high < least) return higherIsBetter ? 'worse' : 'better'
  return low >= least && high <= most ? 'same' : 'inconclusive'
}
