/**
 * Whether a series climbs or falls as it goes on: a machine that heats up, a disk that fills, a cache that warms.
 */

/** A straight line fitted to a series by least squares. */
export interface Trend {
  /** Change of the value from one element to the next. */
  slope: number
  /** Change over the whole series, first to last. */
  total: number
  /** The slope in its standard errors (Student's t, length - 2 degrees of freedom); infinite for an exact line. */
  t: number
}

/** The trend of a series, in its order. Fewer than three values are a RangeError. */
export function trend(values: readonly number[]): Trend {
  const n = values.length
  if (n < 3) throw new RangeError(`trend: expected at least 3 values, got ${n}`)
  const middle = (n - 1) / 2
  let sum = 0
  for (const value of values) sum += value
  const centre = sum / n
  let xx = 0
  let xy = 0
  for (const [x, value] of values.entries()) {
    xx += (x - middle) ** 2
    xy += (x - middle) * (value - centre)
  }
  const slope = xy / xx
  let residual = 0
  for (const [x, value] of values.entries()) residual += (value - centre - slope * (x - middle)) ** 2
  const error = Math.sqrt(residual / (n - 2) / xx)
  return { slope, total: slope * (n - 1), t: slope === 0 ? 0 : slope / error }
}
