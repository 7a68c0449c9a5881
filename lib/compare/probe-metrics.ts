/** The metrics that the probe in front of each heap gives: which of its levels they need, and what of it they are. */

import type { BuiltinMetric, ProbeLevel, ProbeReport } from '../types.ts'
import type { CompareMetric } from './types.ts'

/** Each with the level that counts it. */
const levelOf = {
  'peak-live': 'live',
  allocations: 'counts',
  allocated: 'counts',
  waste: 'live',
  'alloc-p50': 'latency',
  'alloc-p99': 'latency',
  'alloc-p99.9': 'latency',
  'free-p50': 'latency',
  'free-p99': 'latency',
  'free-p99.9': 'latency',
} as const satisfies Partial<Record<BuiltinMetric, ProbeLevel>>

type ProbeMetric = keyof typeof levelOf

/** All of them, in the order in which they are listed to people. */
export const probeMetricNames = Object.keys(levelOf) as ProbeMetric[]

const isProbeMetric = ({ name, pattern }: CompareMetric): boolean => pattern === null && Object.hasOwn(levelOf, name)

/** Those that a busy machine makes worse: a call takes as long as its thread was kept from going on. */
export const latencyMetricNames = probeMetricNames.filter((name) => levelOf[name] === 'latency')

/**
 * What counts as a difference at least, unless a metric has a threshold of its own: times of calls are known by buckets,
 * of which one is up to an eighth longer than the one before, so that a smaller difference may be none, however sure it is.
 */
export const leastThreshold = (metric: string): number =>
  latencyMetricNames.some((name) => name === metric) ? 0.125 : 0

/** The levels that these metrics need. */
export function levelsNeeded(metrics: readonly CompareMetric[]): ProbeLevel[] {
  return [...new Set(metrics.filter(isProbeMetric).map(({ name }) => levelOf[name as ProbeMetric]))]
}

/** The metrics that levels give. */
export function metricsOfLevels(levels: readonly ProbeLevel[]): ProbeMetric[] {
  return probeMetricNames.filter((name) => levelOf[name] === 'counts' || levels.includes(levelOf[name]))
}

const takes: ReadonlySet<string> = new Set(['free', 'free_sized', 'operator_delete', 'operator_delete_array'])

/** A time within what reading the clock takes is zero, which has no ratio to another; to compare it counts as this. */
const leastTimeNs = 1

const time = (ns: number | undefined): number | null => (ns === undefined ? null : Math.max(ns, leastTimeNs))

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

/**
 * The numbers of a run: `peak-live` is that of the process with the highest, as peak-rss is; the others are of all
 * processes. Null where nothing was counted, or nothing at that level.
 */
export function probeValues({ processes, latency }: ProbeReport): Record<ProbeMetric, number | null> {
  const peaks = processes.flatMap(({ peakBytes }) => peakBytes ?? [])
  const entries = processes.flatMap(({ total }) => Object.entries(total.entries).filter(([name]) => !takes.has(name)))
  const ofBlocks = sum(processes.map(({ total }) => total.requestedBytes))
  const given = sum(processes.flatMap(({ total }) => total.sizes.map((size) => size.givenBytes)))
  const counted = processes.length > 0
  return {
    'peak-live': peaks.length > 0 ? Math.max(...peaks) : null,
    allocations: counted ? sum(entries.map(([, { calls, failures }]) => calls - failures)) : null,
    allocated: counted ? sum(entries.map(([, { requestedBytes }]) => requestedBytes)) : null,
    waste: ofBlocks > 0 ? given / ofBlocks : null,
    'alloc-p50': time(latency?.allocating?.p50Ns),
    'alloc-p99': time(latency?.allocating?.p99Ns),
    'alloc-p99.9': time(latency?.allocating?.p999Ns),
    'free-p50': time(latency?.freeing?.p50Ns),
    'free-p99': time(latency?.freeing?.p99Ns),
    'free-p99.9': time(latency?.freeing?.p999Ns),
  }
}

/** Says that times were taken with the probe in front, where any were; it was in front of each heap alike. */
export function probeWarnings(metrics: readonly CompareMetric[], levels: readonly ProbeLevel[] | undefined): string[] {
  if (levels === undefined) return []
  // Instructions are counted in runs of their own, without it.
  const changed = metrics.filter((metric) => !isProbeMetric(metric) && metric.name !== 'instructions')
  if (changed.length === 0) return []
  const names = changed.map(({ name }) => name).join(', ')
  return [
    `the probe (${levels.join(', ')}) was in front of every heap, and what it costs, some nanoseconds a call and a few ` +
      `pages a process, is in ${names}: ratios are nearer to 1 than they are without. Leave --probe out to measure them`,
  ]
}
