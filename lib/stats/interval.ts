/**
 * The 95 % interval of a mean from few, possibly skewed numbers: fifteen blocks are what a user waits for, and there
 * the usual percentile bootstrap says "95 %" and covers 92 % (normal noise) or 84 % (skewed noise). The numbers that
 * justify the method below stand in the comment of `meanInterval`, and a test repeats the measurement.
 */

import { Rng } from './rng.ts'
import { mean, sortedQuantile } from './summary.ts'

/** A mean with its 95 % interval, `low <= mean <= high`. */
export interface MeanInterval {
  mean: number
  low: number
  high: number
}

/** How to resample. */
export interface BootstrapOptions {
  /** Seed of the resampling: the same data and seed give the same interval. */
  seed: number
  /** Number of resamples; 10,000 unless given. */
  resamples?: number
  /** Two-sided error; 0.05 unless given. */
  level?: number
}

/** Each tail of the bootstrap's distribution; 2 % rather than 2.5 % pays for what a small sample cannot show. */
const TAIL = 0.02

/** The least standard error of a resample, as a share of the sample's; see `studentisedMeans`. */
const ERROR_FLOOR = 0.25

/** The normal quantile at 0.975. */
const Z975 = 1.959963984540054

/**
 * Student's t at 0.975 for `degrees` of freedom by the Cornish-Fisher series of Abramowitz and Stegun, 26.7.5:
 * within 0.001 of the exact value from 4 degrees on.
 */
export function studentT975(degrees: number): number {
  const z = Z975
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ]
  return terms.reduce((sum, term, power) => sum + term / degrees ** power, 0)
}

/** The standard error of the mean of `values`, whose mean is `centre`. */
function standardError(values: readonly number[], centre: number): number {
  let squares = 0
  for (const value of values) squares += (value - centre) ** 2
  return Math.sqrt(squares / (values.length - 1) / values.length)
}

/**
 * The sorted t values (distance of the mean from `centre` in standard errors of its own) of resamples with
 * replacement. A resample that happens to hold one value only has no error of its own, and t would be infinite; its
 * error is floored at a quarter of the sample's, so that tied values widen the interval and never make it endless.
 */
function studentisedMeans(values: readonly number[], centre: number, error: number, options: BootstrapOptions) {
  const n = values.length
  const rng = new Rng(options.seed)
  const deviations = Float64Array.from(values, (value) => value - centre)
  const result = new Float64Array(options.resamples ?? 10_000)
  const floor = error * ERROR_FLOOR
  for (let resample = 0; resample < result.length; resample++) {
    let sum = 0
    let squares = 0
    for (let draw = 0; draw < n; draw++) {
      const value = deviations[rng.below(n)] as number
      sum += value
      squares += value * value
    }
    const shift = sum / n
    const variance = Math.max(0, squares - sum * shift) / (n - 1) / n
    result[resample] = shift / Math.max(Math.sqrt(variance), floor)
  }
  return result.sort()
}

/**
 * The mean of at least two independent values with its 95 % interval: the studentised bootstrap (bootstrap-t: Efron
 * and Tibshirani, "An Introduction to the Bootstrap", 1993, section 12.5; Hall, Annals of Statistics 16, 1988) with
 * tails of 2 %, and on neither side narrower than Student's t interval. The bootstrap follows the skew of the noise;
 * Student's interval guards against the bootstrap's weak spot, symmetric noise with heavy tails.
 *
 * Coverage at 15 values in per cent, 10,000 simulations a row; this function with its 10,000 resamples, the others,
 * written for the choice only, with 2,000 (one standard error is 0.2 to 0.4):
 *
 * | noise                               | this | bootstrap-t alone | Student | BCa  | percentile |
 * |-------------------------------------|------|-------------------|---------|------|------------|
 * | normal                              | 96.6 | 95.2              | 95.3    | 92.1 | 92.0       |
 * | lognormal, sigma 0.5                | 95.8 | 94.1              | 92.4    | 90.3 | 89.9       |
 * | exponential                         | 96.0 | 93.7              | 90.8    | 89.6 | 88.4       |
 * | lognormal, sigma 1                  | 93.2 | 91.3              | 85.6    | 85.7 | 83.9       |
 * | difference of two lognormals, 1     | 96.7 | 90.5              | 96.3    | 84.7 | 89.7       |
 * | normal, one in five ten sigma later | 96.1 | 95.8              | 92.9    | 94.5 | 91.9       |
 *
 * The price is an interval 10 % wider than Student's where the noise is normal. At 5 values (3,000 simulations, 2,000
 * resamples) this covers 96.3, 94.7, 93.1, 89.8, 98.3 and 76.3 in the same order; at 30, 93.9 and more in every row.
 *
 * Values that are all equal give an interval of width zero. Fewer than two values, or one that is not finite, are a
 * RangeError.
 */
export function meanInterval(values: readonly number[], options: BootstrapOptions): MeanInterval {
  if (values.length < 2) throw new RangeError(`meanInterval: expected at least 2 values, got ${values.length}`)
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`meanInterval: expected finite values, got ${value}`)
  }
  const first = values[0] as number
  if (values.every((value) => value === first)) return { mean: first, low: first, high: first }
  const centre = mean(values)
  const error = standardError(values, centre)

  const t = studentisedMeans(values, centre, error, options)
  const student = studentT975(values.length - 1)
  // The tails change sides: a resample whose mean came out too high tells how far below the truth may lie.
  return {
    mean: centre,
    low: centre - error * Math.max(student, sortedQuantile(t, 1 - TAIL)),
    high: centre + error * Math.max(student, -sortedQuantile(t, TAIL)),
  }
}
