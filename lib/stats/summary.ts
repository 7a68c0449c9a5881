/**
 * Numbers that stand for many: means, quantiles and a spread that one wild value cannot move. All take plain arrays,
 * leave them unchanged, and throw a RangeError when there is nothing to summarise.
 */

function requireValues(name: string, values: readonly number[]): void {
  if (values.length === 0) throw new RangeError(`${name}: expected at least one value, got none`)
}

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  requireValues('mean', values)
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** The geometric mean of positive numbers: the right average of ratios. A number not above 0 is a RangeError. */
export function geometricMean(values: readonly number[]): number {
  requireValues('geometricMean', values)
  for (const value of values) {
    if (!(value > 0)) throw new RangeError(`geometricMean: expected numbers above 0, got ${value}`)
  }
  return Math.exp(mean(values.map(Math.log)))
}

/** The `p` quantile of values that are sorted already; see `quantile`. */
export function sortedQuantile(sorted: ArrayLike<number>, p: number): number {
  const position = (sorted.length - 1) * p
  const index = Math.floor(position)
  const below = sorted[index] as number
  const above = sorted[Math.min(index + 1, sorted.length - 1)] as number
  return below + (position - index) * (above - below)
}

/** The `p` quantile, 0 <= p <= 1, between neighbours by straight line (type 7 of Hyndman and Fan, 1996). */
export function quantile(values: readonly number[], p: number): number {
  requireValues('quantile', values)
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile: expected p from 0 to 1, got ${p}`)
  return sortedQuantile(Float64Array.from(values).sort(), p)
}

/** The median. */
export function median(values: readonly number[]): number {
  requireValues('median', values)
  return quantile(values, 0.5)
}

/** The median absolute deviation from the median, unscaled (times 1.4826 it estimates a normal sigma). */
export function mad(values: readonly number[]): number {
  const centre = median(values)
  return median(values.map((value) => Math.abs(value - centre)))
}

/**
 * How far each value lies from the median, in units of the MAD (a "modified z-score"; Iglewicz and Hoaglin, "How to
 * Detect and Handle Outliers", 1993, without their factor 0.6745). 14.826 is ten sigma of normal noise.
 *
 * Where more than half the values are equal, the MAD is 0 and says nothing; the mean absolute deviation, scaled to
 * agree with the MAD for normal noise (0.6745 / 0.7979), takes its place, as those authors propose.
 */
export function modifiedZ(values: readonly number[]): number[] {
  const centre = median(values)
  const deviation = mad(values)
  // What is left of equal values after rounding in the last bits is no spread.
  const rounding = Math.abs(centre) * 1e-12
  const spread =
    deviation > rounding ? deviation : mean(values.map((value) => Math.abs(value - centre))) * (0.6745 / 0.7979)
  return values.map((value) => (spread <= rounding ? 0 : (value - centre) / spread))
}
