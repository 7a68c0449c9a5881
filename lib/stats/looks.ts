/**
 * When to look at a comparison that goes on until it is decided. Looking after every block and stopping as soon as the
 * interval pleases makes "95 %" a lie: with enough looks, chance alone decides any comparison. So there are at most
 * four looks, fixed before the first run, and each takes a narrower share of the error.
 */

import { normalTail } from './distributions.ts'

/** How often all looks together may be wrong. */
const LEVEL = 0.05
const MOST_LOOKS = 4

/** The looks of a comparison. */
export interface PlannedLooks {
  /** Numbers of complete blocks at which it is looked; the last is all. */
  blocks: number[]
  /** The level of the intervals at each look (see `BootstrapOptions`), such that all looks together keep 0.05. */
  level: number
}

/** Steps of the integration from 0 to the bound; even, for Simpson's rule. */
const STEPS = 64

/**
 * How often a sum of independent normal values with mean 0 is ever further from it than `z` of its standard deviations
 * at one of the `times` (numbers of values): the density of sums that have stayed inside is carried from look to look
 * (Armitage, McPherson and Rowe, Journal of the Royal Statistical Society A 132, 1969).
 */
function everBeyond(times: readonly number[], z: number): number {
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  // The sum at the i-th of the grid's points, and Simpson's weight there.
  const grid = (time: number) => {
    const step = (2 * z * Math.sqrt(time)) / STEPS
    return Array.from({ length: STEPS + 1 }, (_, i) => {
      const weight = i === 0 || i === STEPS ? 1 : i % 2 === 1 ? 4 : 2
      return { sum: -z * Math.sqrt(time) + i * step, weight: (weight * step) / 3 }
    })
  }
  const first = times[0] as number
  let inside = grid(first).map(({ sum, weight }) => ({
    sum,
    mass: (weight * density(sum / Math.sqrt(first))) / Math.sqrt(first),
  }))
  for (const [look, time] of times.slice(1).entries()) {
    const sd = Math.sqrt(time - (times[look] as number))
    inside = grid(time).map(({ sum, weight }) => {
      const reached = inside.reduce((all, from) => all + from.mass * density((sum - from.sum) / sd), 0)
      return { sum, mass: (weight * reached) / sd }
    })
  }
  return 1 - inside.reduce((all, { mass }) => all + mass, 0)
}

/** The level of each look at `times` that keeps 0.05 in all: Pocock, Biometrika 64, 1977, for times of any distance. */
function levelOf(times: readonly number[]): number {
  if (times.length === 1) return LEVEL
  let low = 1.9
  let high = 2.6
  for (let step = 0; step < 26; step++) {
    const middle = (low + high) / 2
    if (everBeyond(times, middle) > LEVEL) low = middle
    else high = middle
  }
  return 2 * normalTail(high)
}

/**
 * The looks of a comparison of `first` blocks at least and `most` at most: as many as `first` goes into `most`, rounded up and at most
 * four, evenly apart. The level is Pocock's: all looks alike. (O'Brien and Fleming's bounds spend little on early
 * looks, which suits a trial that is meant to be finished; here the early end is what the user wants.) A number of
 * blocks that is not an integer from 1, or `most` below `first`, is a RangeError.
 *
 * That the intervals of `meanInterval` hold what is true for normal sums of known spread, a test shows by simulation.
 */
export function plannedLooks({ first, most }: { first: number; most: number }): PlannedLooks {
  for (const [name, value] of [
    ['first', first],
    ['most', most],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`plannedLooks: ${name}: expected an integer from 1, got ${value}`)
    }
  }
  if (most < first) throw new RangeError(`plannedLooks: most: expected ${first} or more, got ${most}`)
  const looks = Math.min(MOST_LOOKS, Math.ceil(most / first))
  const step = looks === 1 ? 0 : (most - first) / (looks - 1)
  const blocks = Array.from({ length: looks }, (_, look) => Math.round(first + look * step))
  return { blocks, level: levelOf(blocks) }
}
