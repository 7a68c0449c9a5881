/** The generator must be the published one and the same everywhere, or a seed would repeat nothing. */

import { describe, expect, test } from 'vitest'
import { Rng } from '../../../lib/stats/index.ts'

const take = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.uint32())

describe('Rng', () => {
  test("gives the outputs of the authors' C program for the state 1, 2, 3, 4", () => {
    expect(take(Rng.fromState(1, 2, 3, 4), 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })

  test('gives the same stream for the same seed and another for another', () => {
    expect(take(new Rng(7), 5)).toEqual(take(new Rng(7), 5))
    expect(take(new Rng(7), 5)).not.toEqual(take(new Rng(8), 5))
  })

  test('keeps its streams from one version to the next', () => {
    expect(take(new Rng(42), 4)).toMatchInlineSnapshot(`
      [
        2837322924,
        544945897,
        479756282,
        3500138142,
      ]
    `)
  })

  test('uses the bits of a seed above 2^32', () => {
    expect(take(new Rng(2 ** 32 + 1), 5)).not.toEqual(take(new Rng(1), 5))
  })

  test('fills an array with what single draws give, and goes on behind them', () => {
    const [one, other] = [new Rng(11), new Rng(11)]
    const filled = new Uint32Array(40)
    one.fillBelow(filled, 17)
    expect([...filled]).toEqual(Array.from({ length: 40 }, () => other.below(17)))
    expect(one.uint32()).toBe(other.uint32())
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => new Rng(seed)).toThrow(RangeError)
    expect(() => new Rng(seed)).toThrow(String(seed))
  })

  test('draws each of six faces about equally often', () => {
    const rng = new Rng(1)
    const counts = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 60_000; i++) {
      const face = rng.below(6)
      counts[face] = (counts[face] ?? 0) + 1
    }
    // Chi-square with 5 degrees of freedom: 20.5 is its 99.9 % point.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    expect(counts).toHaveLength(6)
    expect(chiSquare).toBeLessThan(20.5)
  })

  test('shuffles into every order about equally often, without touching its argument', () => {
    const rng = new Rng(3)
    const items = ['a', 'b', 'c']
    const orders = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = rng.shuffled(items).join('')
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(items).toEqual(['a', 'b', 'c'])
    expect([...orders.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
    const chiSquare = [...orders.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(20.5)
  })
})
