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
 * Values that are all equal give an interval of width zero. Fewer than two values, or one that is not finite, are a
 * RangeError.
 */
export function meanInterval(values: readonly number[], options: BootstrapOptions): MeanInterval {
  return meanOfMeansInterval([values], options)
}
