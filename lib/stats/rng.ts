/**
 * Random numbers that come out the same everywhere for the same seed, so that a comparison's order of runs and its
 * intervals can be repeated by anybody. `Math.random` has neither a seed nor a fixed algorithm.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM
 * Transactions on Mathematical Software 47(4), 2021): 128 bits of state, period 2^128 - 1, 32-bit arithmetic only,
 * which JavaScript does fast and exactly. The seed is spread over the state as the authors advise, by another
 * generator: a Weyl sequence through the finaliser of MurmurHash3.
 */

const rotateLeft = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

/** The 32-bit finaliser of MurmurHash3 (Appleby): a bijection in which every input bit reaches every output bit. */
function mix(word: number): number {
  let x = word
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** A stream of random numbers. Two made from the same seed give the same stream. */
export class Rng {
  #a: number
  #b: number
  #c: number
  #d: number

  /** `seed`: an integer from 0 to 2^53 - 1; anything else is a RangeError. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`seed: expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${seed}`)
    }
    // mix is a bijection and the four inputs differ, so at most one word is zero: the all-zero state cannot arise.
    const start = (seed >>> 0) ^ mix(Math.floor(seed / 2 ** 32))
    const word = (step: number) => mix((start + Math.imul(step, 0x9e3779b9)) | 0)
    this.#a = word(1)
    this.#b = word(2)
    this.#c = word(3)
    this.#d = word(4)
  }

  /** A generator in a given state, to check it against the authors' reference program. */
  static fromState(a: number, b: number, c: number, d: number): Rng {
    const rng = new Rng(0)
    rng.#a = a | 0
    rng.#b = b | 0
    rng.#c = c | 0
    rng.#d = d | 0
    return rng
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotateLeft(this.#d, 11)
    return result >>> 0
  }

  /** A number in [0, 1) with 32 random bits. */
  float(): number {
    return this.uint32() / 2 ** 32
  }

  /** An integer from 0 to `n` - 1. The bias of scaling 32 bits is below n / 2^32, which no sample here can notice. */
  below(n: number): number {
    return Math.floor(this.float() * n)
  }

  /** Fills `out` with integers from 0 to `n` - 1: those that as many calls of `below` give, several times as fast. */
  fillBelow(out: Uint32Array, n: number): void {
    let [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d]
    for (let i = 0; i < out.length; i++) {
      const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = rotateLeft(d, 11)
      out[i] = (scrambled / 2 ** 32) * n
    }
    this.#a = a
    this.#b = b
    this.#c = c
    this.#d = d
  }

  /** The items in random order (Fisher and Yates, as in Knuth, volume 2, algorithm 3.4.2 P); a new array. */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items]
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const swapped = result[i] as T
      result[i] = result[j] as T
      result[j] = swapped
    }
    return result
  }
}
