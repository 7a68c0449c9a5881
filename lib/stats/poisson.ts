/**
 * Intervals for sums over samples that were taken at random places, as a sampling heap profiler takes them: how many
 * fall on something is Poisson, so that few samples say little, and the interval must say so too.
 */

import { logGamma } from './distributions.ts'

/** The regularised lower incomplete gamma function: series below the mean, continued fraction above. A&S 6.5.29, 6.5.31. */
function incompleteGamma(shape: number, x: number): number {
  if (x <= 0) return 0
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape))
  if (x < shape + 1) {
    let term = 1 / shape
    let sum = term
    for (let k = 1; k < 1000 && term > sum * 1e-16; k++) {
      term *= x / (shape + k)
      sum += term
    }
    return sum * front
  }
  let b = x + 1 - shape
  let c = 1e300
  let d = 1 / b
  let result = d
  for (let k = 1; k < 1000; k++) {
    const a = -k * (k - shape)
    b += 2
    d = 1 / (a * d + b)
    c = b + a / c
    const factor = c * d
    result *= factor
    if (Math.abs(factor - 1) < 1e-15) break
  }
  return 1 - result * front
}

/** Beyond this a gamma distribution's quantiles are those of Wilson and Hilferty's cube root to five digits and more. */
const LARGE = 200

/** Two-sided 95 %. */
const Z = 1.959963984540054
const TAIL = 0.025

/** Of `count` events: the mean from which as few are as rare as `TAIL`. */
function lowerMean(count: number): number {
  if (count > LARGE) return wilsonHilferty(count, -Z)
  return solve((mean) => upperShare(count, mean) - TAIL, count)
}

/** Of `count` events: the mean from which as many as that, or more, are as common as `1 - TAIL`. */
function upperMean(count: number): number {
  if (count > LARGE) return wilsonHilferty(count + 1, Z)
  return solve((mean) => upperShare(count + 1, mean) - (1 - TAIL), count + 1)
}

/** The share of Poisson's distribution at `count` and above. */
const upperShare = (count: number, mean: number) => incompleteGamma(count, mean)

function wilsonHilferty(shape: number, z: number): number {
  return shape * (1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))) ** 3
}

/** Where a function that grows with its argument is 0; `near` is somewhere about it. */
function solve(grows: (mean: number) => number, near: number): number {
  let low = 0
  let high = Math.max(1, near)
  while (grows(high) < 0) high *= 2
  for (let step = 0; step < 50 && high - low > high * 1e-10; step++) {
    const middle = (low + high) / 2
    if (grows(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** An interval with the value in it. */
export interface SampledSum {
  value: number
  /** Of the value, in its unit squared. */
  variance: number
  low: number
  high: number
}

/**
 * The 95 % interval of a sum of weighted samples. With weights that differ, as many equal samples are put in their place
 * as would have the same relative variance, value² / variance, and the interval is Garwood's exact one for that number
 * ("Fiducial limits for the Poisson distribution", Biometrika 28, 1936) in units of the value. Without variance every
 * one was counted, and the interval is the value.
 *
 * `none`: what one sample stands for, where nothing was sampled although something may have been there; 0 where all was.
 */
export function sampledSum(value: number, variance: number, none = 0): SampledSum {
  if (value <= 0) return { value: 0, variance: 0, low: 0, high: -Math.log(TAIL) * none }
  if (!(variance > 0)) return { value, variance: 0, low: value, high: value }
  const count = (value * value) / variance
  const unit = value / count
  return { value, variance, low: lowerMean(count) * unit, high: upperMean(count) * unit }
}
