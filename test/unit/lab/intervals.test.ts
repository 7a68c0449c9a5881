/** The interval check: what overlaps, what only touches, and that a million ranges are no trouble. */

import { describe, expect, it } from 'vitest'
import { findOutside, findOverlaps, type Interval } from '../../../lib/lab/intervals.ts'

const at = (start: number, bytes: number) => ({ start: BigInt(start), bytes })
const found = (...intervals: Interval[]) =>
  findOverlaps(intervals).map(({ first, second, start, bytes }) => [
    Number(first.start),
    Number(second.start),
    Number(start),
    bytes,
  ])

describe('overlaps', () => {
  it('are none among ranges that touch, in any order', () => {
    expect(found(at(200, 100), at(0, 100), at(100, 100))).toEqual([])
    expect(found()).toEqual([])
  })

  it('are found by one byte', () => {
    expect(found(at(100, 100), at(0, 101))).toEqual([[0, 100, 100, 1]])
  })

  it('are found where one lies in the other, and where both are the same', () => {
    expect(found(at(0, 100), at(10, 20))).toEqual([[0, 10, 10, 20]])
    expect(found(at(5, 8), at(5, 8))).toEqual([[5, 5, 5, 8]])
  })

  it('are found behind a smaller neighbour: the one that reaches furthest counts', () => {
    expect(found(at(0, 1000), at(10, 10), at(500, 10), at(2000, 1))).toEqual([
      [0, 10, 10, 10],
      [0, 500, 500, 10],
    ])
  })

  it('are none with a range of no bytes', () => {
    expect(found(at(0, 100), at(50, 0), at(50, 0))).toEqual([])
  })

  it('are found beyond 2^53', () => {
    const high = { start: 0xffff_ffff_ffff_f000n, bytes: 0x1000 }
    expect(findOverlaps([high, { start: high.start + 4095n, bytes: 1 }])).toHaveLength(1)
    expect(findOverlaps([high, { start: high.start - 1n, bytes: 1 }])).toHaveLength(0)
  })

  it('agree with every pair looked at, on ranges drawn at random', () => {
    let state = 7
    const random = (below: number) => {
      state = (state * 48271) % 2147483647
      return state % below
    }
    for (let round = 0; round < 200; ++round) {
      const ranges = Array.from({ length: 12 }, () => at(random(120), random(12)))
      const shares = (a: Interval, b: Interval) =>
        a.bytes > 0 && b.bytes > 0 && a.start < b.start + BigInt(b.bytes) && b.start < a.start + BigInt(a.bytes)
      const any = ranges.some((a, i) => ranges.some((b, j) => i < j && shares(a, b)))
      const overlaps = findOverlaps(ranges)
      expect(overlaps.length > 0).toBe(any)
      for (const { first, second } of overlaps) expect(shares(first, second)).toBe(true)
    }
  })

  it('takes time as sorting does: 200,000 ranges that all overlap are found within seconds', () => {
    const begin = performance.now()
    const ranges = Array.from({ length: 200_000 }, (_, i) => at((i * 7919) % 200_003, 1_000_000))
    expect(findOverlaps(ranges)).toHaveLength(199_999)
    expect(performance.now() - begin).toBeLessThan(20_000)
  })
})

describe('what lies outside', () => {
  const areas = [at(1000, 100), at(1100, 100), at(5000, 10)]

  it('is what begins before, ends behind, or has nothing around it', () => {
    const outside = [at(999, 2), at(1190, 11), at(3000, 1), at(5009, 2), at(6000, 1), at(0, 1)]
    const inside = [at(1000, 200), at(1050, 100), at(1199, 1), at(5000, 10)]
    const starts = findOutside([...inside, ...outside], areas).map(({ start }) => Number(start))
    expect(starts).toEqual([0, 999, 1190, 3000, 5009, 6000])
    expect(findOutside([at(1, 1)], [])).toHaveLength(1)
  })

  it('minds areas that overlap one another', () => {
    expect(findOutside([at(0, 100)], [at(0, 80), at(20, 10), at(60, 40)])).toEqual([])
  })
})
