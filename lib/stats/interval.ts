/**
 * The interval of a mean from few, possibly skewed numbers: fifteen blocks are what a user waits for, and there the
 * usual percentile bootstrap says "95 %" and covers 92 % (normal noise) or 84 % (skewed noise). The numbers that
 * justify the method below stand in the comment of `meanInterval`, and a test repeats the measurement.
 */

import { studentT } from './distributions.ts'
import { Rng } from './rng.ts'
import { mean, sortedQuantile } from './summary.ts'

/** A mean with its interval, `low <= mean <= high`. */
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
  resamples?: number | undefined
  /** How often the interval may miss the truth, both sides together; 0.05 unless given. */
  level?: number | undefined
}

/** Each tail of the bootstrap's distribution, as a share of the level: 2.25 % rather than 2.5 % at 95 %. */
const TAIL = 0.45

/** How much of the bootstrap's wish is granted where it wants less than Student's interval. */
const SHORTENED = 0.25

/** The least standard error of a resample, as a share of the sample's; see `studentisedMeans`. */
const ERROR_FLOOR = 0.25

/** Numbers of one kind, drawn on their own: what one workload gave. */
interface Stratum {
  values: readonly number[]
  centre: number
  /** Square of the mean's standard error. */
  variance: number
}

function stratum(values: readonly number[]): Stratum {
  if (values.length < 2) throw new RangeError(`meanInterval: expected at least 2 values, got ${values.length}`)
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`meanInterval: expected finite values, got ${value}`)
  }
  const first = values[0] as number
  // Told by comparison, because rounding gives the mean of equal values a distance from them.
  if (values.every((value) => value === first)) return { values, centre: first, variance: 0 }
  const centre = mean(values)
  let squares = 0
  for (const value of values) squares += (value - centre) ** 2
  return { values, centre, variance: squares / (values.length - 1) / values.length }
}

/**
 * The sorted t values (distance of the sum of the strata's means from the sample's, in standard errors of its own) of
 * resamples with replacement, each stratum from itself. A resample that happens to hold one value only has no error of
 * its own, and t would be infinite; its error is floored at a quarter of the sample's, so that tied values widen the
 * interval and never make it endless.
 */
function studentisedMeans(strata: readonly Stratum[], error: number, options: BootstrapOptions) {
  const rng = new Rng(options.seed)
  const parts = strata.map(({ values, centre }) => ({
    deviations: Float64Array.from(values, (value) => value - centre),
    drawn: new Uint32Array(values.length),
  }))
  const result = new Float64Array(options.resamples ?? 10_000)
  const floor = error * ERROR_FLOOR
  for (let resample = 0; resample < result.length; resample++) {
    let shift = 0
    let variance = 0
    for (const { deviations, drawn } of parts) {
      const n = drawn.length
      rng.fillBelow(drawn, n)
      let sum = 0
      let squares = 0
      for (let draw = 0; draw < n; draw++) {
        const value = deviations[drawn[draw] as number] as number
        sum += value
        squares += value * value
      }
      shift += sum / n
      variance += Math.max(0, squares - (sum * sum) / n) / (n - 1) / n
    }
    result[resample] = shift / Math.max(Math.sqrt(variance), floor)
  }
  return result.sort()
}

/** Degrees of freedom of a sum of means with variances of their own: Welch, Biometrika 34, 1947. */
function welchDegrees(strata: readonly Stratum[], variance: number): number {
  const terms = strata.map((part) => part.variance ** 2 / (part.values.length - 1))
  return variance ** 2 / terms.reduce((sum, term) => sum + term, 0)
}

/**
 * The mean of the strata's means with its interval, as `meanInterval` does it for one. The strata (workloads) are what
 * they are and not a sample of others: each is resampled from itself only, and counts alike however many values it has.
 */
export function meanOfMeansInterval(strata: readonly (readonly number[])[], options: BootstrapOptions): MeanInterval {
  const level = options.level ?? 0.05
  if (!(level > 0 && level < 1)) throw new RangeError(`level: expected a number between 0 and 1, got ${level}`)
  if (strata.length === 0) throw new RangeError('meanOfMeansInterval: expected at least one stratum, got none')
  const parts = strata.map(stratum)
  const centre = mean(parts.map((part) => part.centre))
  const variance = parts.reduce((sum, part) => sum + part.variance, 0)
  if (variance === 0) return { mean: centre, low: centre, high: centre }

  const error = Math.sqrt(variance)
  const t = studentisedMeans(parts, error, options)
  const student = studentT(welchDegrees(parts, variance), level)
  const reach = (bootstrapped: number) => Math.max(bootstrapped, student + SHORTENED * (bootstrapped - student))
  // The tails change sides: a resample whose mean came out too high tells how far below the truth may lie.
  return {
    mean: centre,
    low: centre - (error / parts.length) * reach(sortedQuantile(t, 1 - TAIL * level)),
    high: centre + (error / parts.length) * reach(-sortedQuantile(t, TAIL * level)),
  }
}

/**
 * The mean of at least two independent values with its interval at 95 %, or at the level given: the studentised
 * bootstrap (bootstrap-t: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 12.5; Hall, Annals
 * of Statistics 16, 1988) with tails of 2.25 %. Where it reaches less far than Student's t interval, as it does on the
 * one side of a sample with an outlier on the other, it keeps to a quarter of the difference. The bootstrap follows the skew
 * of the noise; Student's interval guards against the bootstrap's weak spot, symmetric noise with heavy tails.
 *
 * Coverage in per cent by the number of values, 10,000 simulations a row with 2,000 resamples (one standard error is
 * 0.2), and at 15 values what Student's interval covers and how wide this one is against it:
 *
 * | noise                               |    5 |   10 |   15 |   30 | Student, 15 | width, 15 |
 * |-------------------------------------|------|------|------|------|-------------|-----------|
 * | normal                              | 96.6 | 96.2 | 96.0 | 95.3 | 95.0        | 1.08      |
 * | Student's t, 3 degrees              | 97.0 | 96.0 | 95.4 | 95.4 | 95.5        | 1.18      |
 * | normal, one in ten 3 sigma wide     | 96.9 | 96.5 | 95.9 | 95.5 | 95.6        | 1.14      |
 * | normal, one in ten 10 sigma wide    | 97.7 | 97.7 | 97.4 | 96.7 | 97.5        | 1.40      |
 * | difference of two lognormals, 1     | 98.0 | 96.3 | 96.0 | 95.2 | 96.5        | 1.24      |
 * | lognormal, sigma 0.5                | 94.5 | 95.1 | 95.3 | 95.2 | 92.7        | 1.23      |
 * | exponential                         | 92.9 | 94.9 | 95.2 | 95.9 | 90.8        | 1.33      |
 * | lognormal, sigma 1                  | 89.1 | 91.6 | 93.0 | 93.4 | 86.2        | 1.53      |
 * | normal, one in five ten sigma later | 75.2 | 88.6 | 95.5 | 98.0 | 92.0        | 1.57      |
 *
 * Two equal things differ symmetrically, as in the first five rows: these must not fall below 95, or an A/A comparison
 * would too often find a difference. The bootstrap alone, with tails of 2.5 %, covers 91.8 and 91.4 of Student's t at
 * 15 and 30 values, and with the whole of Student's interval as its least width (instead of three quarters of the
 * difference) 97.3 at 10.
 *
 * Values that are all equal give an interval of width zero. Fewer than two values, or one that is not finite, are a
 * RangeError.
 */
export function meanInterval(values: readonly number[], options: BootstrapOptions): MeanInterval {
  return meanOfMeansInterval([values], options)
}
