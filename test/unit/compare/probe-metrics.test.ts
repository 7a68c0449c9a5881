/** The metrics of the probe: which levels they need, what of a report they are, and when times are warned of. */

import { describe, expect, test } from 'vitest'
import { thresholdOf } from '../../../lib/compare/cells.ts'
import { duetMetrics } from '../../../lib/compare/duet.ts'
import {
  levelsNeeded,
  metricsOfLevels,
  parseMetrics,
  probeMetricNames,
  probeValues,
} from '../../../lib/compare/index.ts'
import { addMetrics, checkMetricsOf } from '../../../lib/compare/metrics.ts'
import { latencyMetricNames, probeWarnings } from '../../../lib/compare/probe-metrics.ts'
import { latencyBucketLow } from '../../../lib/session/latency.ts'
import { decide } from '../../../lib/stats/index.ts'
import type { LatencyTimes, ProbeProcess, ProbeReport, ProbeSize } from '../../../lib/types.ts'

const size = (upToBytes: number, givenBlocks: number, givenBytes: number): ProbeSize => ({
  upToBytes,
  requests: givenBlocks,
  givenBlocks,
  givenBytes,
  takenBlocks: 0,
  takenBytes: 0,
})

const process = (peakBytes: number | null, more: Partial<ProbeProcess> = {}): ProbeProcess => ({
  pid: 1,
  ppid: 0,
  levels: ['counts', 'live'],
  forked: false,
  inherits: false,
  liveBlocks: peakBytes,
  liveBytes: peakBytes,
  peakBytes,
  peakAfterNs: 0,
  netBlocksSince: null,
  netBytesSince: null,
  sinceNs: null,
  gaps: null,
  latency: null,
  cost: { nsPerCall: 2, calls: 20, totalNs: 40 },
  total: {
    entries: {
      malloc: { calls: 10, failures: 2, requestedBytes: 1000 },
      operator_new: { calls: 3, failures: 0, requestedBytes: 200 },
      free: { calls: 7, failures: 0, requestedBytes: 0 },
    },
    sizes: [size(112, 10, 1120), size(224, 1, 224)],
    requestedBytes: 1200,
  },
  threads: [],
  threadsSeen: 1,
  lostThreads: 0,
  ...more,
})

const report = (...processes: ProbeProcess[]): ProbeReport => ({
  levels: [],
  processes,
  latency: null,
  unrecorded: [],
  unrecordedOmitted: 0,
  unreadable: [],
})
const untimed = Object.fromEntries(latencyMetricNames.map((name) => [name, null]))
const none = { entries: {}, sizes: [], requestedBytes: 0 }

describe('the values', () => {
  test('are sums over all processes, and the highest of their peaks', () => {
    expect(probeValues(report(process(500), process(700), process(null)))).toEqual({
      'peak-live': 700,
      allocations: 3 * 11,
      allocated: 3 * 1200,
      waste: 1344 / 1200,
      ...untimed,
    })
  })

  test('of times are those of all calls that give blocks, and of all that take them', () => {
    const times = (first: number): LatencyTimes => ({
      count: 9,
      meanNs: first,
      p50Ns: first + 1,
      p90Ns: first + 2,
      p99Ns: first + 3,
      p999Ns: first + 4,
      p9999Ns: first + 5,
      maxNs: first + 6,
    })
    const common = { every: 1, entries: [], sizes: [], lostCalls: 0, lostThreads: 0 }
    const timed = { ...report(process(500)), latency: { ...common, allocating: times(10), freeing: times(20) } }
    expect(probeValues(timed)).toMatchObject({
      'alloc-p50': 11,
      'alloc-p99': 13,
      'alloc-p99.9': 14,
      'free-p50': 21,
      'free-p99': 23,
      'free-p99.9': 24,
    })
    const takesNone = probeValues({ ...timed, latency: { ...timed.latency, freeing: null } })
    expect(takesNone).toMatchObject({ 'alloc-p50': 11, 'free-p50': null })
    // A time within what reading the clock takes is zero, of which there would be no ratio.
    const atOnce = probeValues({ ...timed, latency: { ...timed.latency, freeing: times(-3) } })
    expect(atOnce).toMatchObject({ 'free-p50': 1, 'free-p99': 1, 'free-p99.9': 1 })
  })

  test('are null where nothing was counted, or not at that level', () => {
    const nothing = { 'peak-live': null, allocations: null, allocated: null, waste: null, ...untimed }
    expect(probeValues(report())).toEqual(nothing)
    const idle = probeValues(report(process(null, { total: none })))
    expect(idle).toEqual({ ...nothing, allocations: 0, allocated: 0 })
  })
})

test('a metric asks for the level that it needs, and a level gives the metrics that it has', () => {
  expect(levelsNeeded(parseMetrics(['wall', 'waste', 'peak-live', 'allocations']))).toEqual(['live', 'counts'])
  expect(levelsNeeded(parseMetrics([]))).toEqual([])
  expect(metricsOfLevels(['counts'])).toEqual(['allocations', 'allocated'])
  const bytes = probeMetricNames.filter((name) => !latencyMetricNames.includes(name))
  expect(metricsOfLevels(['counts', 'live'])).toEqual(bytes)
  expect(metricsOfLevels(['counts', 'live', 'latency'])).toEqual(probeMetricNames)
  expect(metricsOfLevels(['latency']).slice(2)).toEqual([
    ...['alloc-p50', 'alloc-p99', 'alloc-p99.9', 'free-p50', 'free-p99', 'free-p99.9'],
  ])
  expect(levelsNeeded(parseMetrics(['free-p99.9']))).toEqual(['latency'])
  const added = addMetrics(parseMetrics(['waste']), metricsOfLevels(['counts', 'live'])).map(({ name, unit }) => [
    name,
    unit,
  ])
  expect(added).toEqual([
    ['waste', ''],
    ['peak-live', 'bytes'],
    ['allocations', 'count'],
    ['allocated', 'bytes'],
  ])
})

test('a number that the target prints under such a name needs no probe and is not measured twice', () => {
  expect(() => parseMetrics(['waste=/waste (\\d+)/'])).toThrow('waste is measured by alloc8')
})

test('commands and services have them', () => {
  expect(() => checkMetricsOf('service', parseMetrics(['waste', 'alloc-p99']))).not.toThrow()
  expect(() => checkMetricsOf('command', parseMetrics(['waste', 'alloc-p99']))).not.toThrow()
})

test('times that differ by one bucket of the histograms do not count as different, unless somebody says so', () => {
  for (const bucket of [80, 81, 87, 120]) {
    const ratio =
      (latencyBucketLow(bucket + 1) + latencyBucketLow(bucket + 2)) /
      (latencyBucketLow(bucket) + latencyBucketLow(bucket + 1))
    const threshold = thresholdOf({ threshold: 0.01 }, 'alloc-p99')
    expect(decide({ low: ratio, high: ratio }, threshold, false), `${bucket}`).toBe('same')
    expect(decide({ low: 1 / ratio, high: 1 / ratio }, threshold, false), `${bucket}`).toBe('same')
    expect(decide({ low: ratio ** 3, high: ratio ** 3 }, threshold, false), `${bucket}`).toBe('worse')
  }
  expect(thresholdOf({ threshold: 0.3 }, 'free-p50')).toBe(0.3)
  expect(thresholdOf({ threshold: 0.01, thresholds: { 'free-p50': 0.02 } }, 'free-p50')).toBe(0.02)
  expect(thresholdOf({ threshold: 0.01 }, 'peak-live')).toBe(0.01)
})

test('no time of a call is taken from a duet', () => {
  expect(duetMetrics(parseMetrics(['cpu', 'alloc-p99', 'waste']))).toEqual({ names: new Set(['cpu']), alone: true })
  expect(duetMetrics(parseMetrics(['cpu', 'waste']))).toEqual({ names: new Set(['cpu', 'waste']), alone: false })
})

test('times with the probe in front are warned of by name, and nothing else is', () => {
  const metrics = parseMetrics(['wall', 'waste', 'instructions', 'peak-rss'])
  expect(probeWarnings(metrics, ['counts', 'live'])).toEqual([
    expect.stringMatching(/^the probe \(counts, live\).* is in wall, peak-rss: /),
  ])
  expect(probeWarnings(parseMetrics(['waste', 'instructions']), ['counts'])).toEqual([])
  expect(probeWarnings(metrics, undefined)).toEqual([])
})
