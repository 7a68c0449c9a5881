/** Memory over time: the points that are kept, the mean and the peak. */

import { describe, expect, test } from 'vitest'
import { MemorySampler, mostPoints, ThinnedSeries, TimedMean } from '../../../lib/service/sampler.ts'

describe('a series', () => {
  test('keeps every point as long as there are few', () => {
    const series = new ThinnedSeries()
    for (let ms = 0; ms < 10; ms++) series.add(ms, ms * ms)
    expect(series.points()).toEqual(Array.from({ length: 10 }, (_, ms) => [ms, ms * ms]))
  })

  test('is bounded, in order, whole, and loses no peak', () => {
    const series = new ThinnedSeries()
    const count = 123_457
    const peaks = [3, 1_000, 77_777, count - 1]
    for (let ms = 0; ms < count; ms++) series.add(ms, peaks.includes(ms) ? 1e6 + ms : ms % 100)
    const points = series.points()
    expect(points.length).toBeLessThanOrEqual(mostPoints)
    expect(points.length).toBeGreaterThan(mostPoints / 3)
    expect(points.map(([ms]) => ms)).toEqual(points.map(([ms]) => ms).sort((a, b) => a - b))
    for (const ms of peaks) expect(points).toContainEqual([ms, 1e6 + ms])
    const gaps = points.slice(1).map(([ms], index) => ms - (points[index]?.[0] ?? 0))
    // A bucket of 256 and its neighbour.
    expect(Math.max(...gaps)).toBeLessThan(512)
  })
})

describe('a mean over time', () => {
  test('weighs each value by how long it stood', () => {
    const mean = new TimedMean()
    expect(mean.value()).toBeNull()
    mean.add(0, 100)
    expect(mean.value()).toBe(100)
    mean.add(10, 100)
    mean.add(90, 300)
    mean.add(100, 300)
    // 10 ms at 100, 80 at 200 on average, 10 at 300.
    expect(mean.value()).toBe(200)
  })
})

describe('a sampler', () => {
  const read = (values: (number | null)[]) => () => values.shift() ?? null

  test('has a peak over all of it, and a mean over the load alone', () => {
    const sampler = new MemorySampler(read([900, 100, 100, 50]), performance.now())
    sampler.sample()
    const from = sampler.beginLoad()
    const to = sampler.endLoad()
    expect(to).toBeGreaterThanOrEqual(from)
    expect(sampler.sample()).toBe(50)
    expect([sampler.peak, sampler.mean]).toEqual([900, 100])
    expect(sampler.points().map(([, value]) => value)).toEqual([900, 100, 100, 50])
    expect(sampler.cost().samples).toBe(4)
  })

  test('passes over what cannot be read', () => {
    const sampler = new MemorySampler(read([]), performance.now())
    sampler.beginLoad()
    sampler.endLoad()
    expect([sampler.sample(), sampler.peak, sampler.mean, sampler.points()]).toEqual([null, null, null, []])
  })

  test('reads at its interval until it is stopped, and rests longer where a reading takes long', async () => {
    let readings = 0
    const slow = () => {
      readings++
      const before = process.cpuUsage()
      const took = () => process.cpuUsage(before)
      while (took().user + took().system < 20_000);
      return 1
    }
    const sampler = new MemorySampler(slow, performance.now(), 1)
    sampler.start()
    await new Promise((resolve) => setTimeout(resolve, 300))
    sampler.stop()
    // One reading of 20 ms is followed by a second of rest.
    expect(readings).toBe(1)
    const { samples, totalMs, share } = sampler.cost()
    expect(samples).toBe(1)
    expect(totalMs).toBeGreaterThanOrEqual(20)
    expect(share).toBeLessThan(0.5)
    let quick = 0
    const often = new MemorySampler(() => ++quick, performance.now(), 1)
    often.start()
    await new Promise((resolve) => setTimeout(resolve, 300))
    often.stop()
    const atStop = quick
    expect(atStop).toBeGreaterThan(3)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(quick).toBe(atStop)
  })
})
