/** The plan: everybody once a block, in an order that chance and the seed alone decide. */

import { describe, expect, test } from 'vitest'
import { planBlocks } from '../../../lib/compare/index.ts'

describe('planBlocks', () => {
  const plan = planBlocks({ heaps: 3, blocks: 15, warmupBlocks: 2, seed: 7 })

  test('numbers warm-up blocks below zero and the others from zero', () => {
    expect(plan.map(({ block }) => block)).toEqual([-2, -1, ...Array.from({ length: 15 }, (_, i) => i)])
    expect(plan.filter(({ warmup }) => warmup).map(({ block }) => block)).toEqual([-2, -1])
  })

  test('runs every heap and the control once in each block', () => {
    for (const { order } of plan) {
      expect(order).toHaveLength(4)
      expect(new Set(order)).toEqual(new Set([0, 1, 2, 'control']))
    }
  })

  test('is the same for the same seed, another for another, and grows at its end', () => {
    expect(planBlocks({ heaps: 3, blocks: 15, warmupBlocks: 2, seed: 7 })).toEqual(plan)
    expect(planBlocks({ heaps: 3, blocks: 15, warmupBlocks: 2, seed: 8 })).not.toEqual(plan)
    expect(planBlocks({ heaps: 3, blocks: 30, warmupBlocks: 2, seed: 7 }).slice(0, 17)).toEqual(plan)
  })

  test('puts each subject at each place about equally often', () => {
    const long = planBlocks({ heaps: 3, blocks: 4000, warmupBlocks: 0, seed: 1 })
    for (const subject of [0, 1, 2, 'control'] as const) {
      for (const place of [0, 1, 2, 3]) {
        const count = long.filter(({ order }) => order[place] === subject).length
        // 1000 expected, standard deviation 27
        expect(Math.abs(count - 1000)).toBeLessThan(110)
      }
    }
  })
})
