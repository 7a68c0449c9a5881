/** Noise of known shape and centre 0, for simulations. */

import { Rng } from '../../../lib/stats/index.ts'

/** Draws numbers one after the other. */
export type Noise = () => number

/** Standard normal, by Box and Muller. */
export function normal(rng: Rng): Noise {
  const open = () => (rng.uint32() + 0.5) / 2 ** 32
  return () => Math.sqrt(-2 * Math.log(open())) * Math.cos(2 * Math.PI * open())
}

/** Student's t with three degrees of freedom: its fourth moment is infinite. */
export function studentT3(rng: Rng): Noise {
  const draw = normal(rng)
  return () => draw() / Math.sqrt((draw() ** 2 + draw() ** 2 + draw() ** 2) / 3)
}

/** Normal, one in ten three times as wide: Tukey, "A survey of sampling from contaminated distributions", 1960. */
export function contaminated(rng: Rng): Noise {
  const draw = normal(rng)
  return () => draw() * (rng.float() < 0.1 ? 3 : 1)
}

/** By the names that tests show. */
export const noises = { normal, 'Student t, 3 degrees': studentT3, 'contaminated normal': contaminated }

/** Lognormal less its mean: skewed, as times are that a busy neighbour makes longer. */
export function skewed(sigma: number): (rng: Rng) => Noise {
  return (rng) => {
    const draw = normal(rng)
    return () => Math.exp(sigma * draw()) - Math.exp(sigma ** 2 / 2)
  }
}

/** `count` numbers. */
export const take = (noise: Noise, count: number): number[] => Array.from({ length: count }, noise)

/** A stream of its own: with the seed of the resampling, noise and resampling would go hand in hand. */
export const stream = (seed: number): Rng => new Rng(1_000_000 + seed)
