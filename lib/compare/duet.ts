/**
 * When CPU time is measured in duets, and how (DESIGN, Statistics; Bulej and others, "Duet Benchmarking: Improving
 * Measurement Accuracy in the Cloud", ICPE 2020, on cores shared instead of side by side). A pair shares as many cores
 * as the program keeps busy alone: on more of them each would find one for itself and meet noise of its own.
 */

import type { BuiltinMetric, DuetFacts, Pairing } from '../types.ts'
import { latencyMetricNames, probeMetricNames } from './probe-metrics.ts'
import type { CompareMetric, RunSample } from './types.ts'

/** What of a comparison decides about duets. */
export interface DuetQuestion {
  pairing: Pairing | undefined
  /** A command is run before each run. */
  prepared: boolean
  /** How many cores a target may use. */
  cores: number
}

/** In a run shorter than this the noise of the moment does not average out. */
export const DUET_NS = 300_000_000
/** A chain of more runs is mostly the starting of processes. */
export const MOST_REPEATS = 20
/** A program that computes for less than this share of its time leaves its partner alone. */
const BUSY_SHARE = 0.4
/** With less than this share of idle time the machine's cores are all taken. */
const CROWDED_IDLE = 0.1
/** From this share on one run is enough to tell. */
const SURELY_BUSY = 0.9

const cpuMetrics: ReadonlySet<string> = new Set<BuiltinMetric>(['user', 'sys', 'cpu'])
/** Neither better nor worse in a duet. Latencies are not: one of two on a core waits for the other in the midst of calls. */
const indifferentMetrics: ReadonlySet<string> = new Set<BuiltinMetric>([
  'peak-rss',
  'faults',
  ...probeMetricNames.filter((name) => !latencyMetricNames.includes(name)),
])

const isCpu = ({ name, pattern }: CompareMetric) => pattern === null && cpuMetrics.has(name)
const isIndifferent = ({ name, pattern }: CompareMetric) => pattern === null && indifferentMetrics.has(name)

/** Whether any metric could be measured in duets. */
export const asksForDuets = (metrics: readonly CompareMetric[]): boolean => metrics.some(isCpu)

/**
 * The metrics that are taken from duets: CPU time; what is the same both ways only where nothing else needs runs alone.
 * `alone` says whether there are runs alone beside them.
 */
export function duetMetrics(metrics: readonly CompareMetric[]): { names: Set<string>; alone: boolean } {
  const alone = metrics.some((metric) => !isCpu(metric) && !isIndifferent(metric))
  const taken = metrics.filter((metric) => isCpu(metric) || (!alone && isIndifferent(metric)))
  return { names: new Set(taken.map(({ name }) => name)), alone }
}

const seconds = (ns: number) => `${Number((ns / 1e9).toPrecision(2))} s`

/** Why there are no duets, as far as that can be said before anything ran; null where a run has to be looked at. */
export function refusal({ pairing, prepared }: DuetQuestion): string | null {
  if (pairing === 'alone') return 'not wanted'
  if (pairing !== 'duet' && prepared) return 'a command is run before each run, which two at once would share'
  return null
}

/** No duets, and why. */
export const noDuet = (reason: string): DuetFacts => ({ used: false, reason, cores: 0, repeats: 0, overlap: null })

/** Share of its time that a run computed; 0 where it failed. Above 1 where more than one thread did. */
const busyShare = ({ failure, values, wallNs }: RunSample) =>
  failure === null ? (values['cpu'] ?? 0) / Math.max(wallNs, 1) : 0

/** Whether a first run alone leaves open how busy the program is: it may have waited for others' programs. */
export const isUnsure = (probe: RunSample): boolean => probe.failure === null && busyShare(probe) < SURELY_BUSY

/**
 * Decides by what runs of the baseline alone gave. The busiest of them counts: a program that waits for itself does so
 * each time, one that waits for a core that somebody else has, by chance.
 */
export function decideDuet({ pairing, prepared, cores }: DuetQuestion, probes: readonly RunSample[]): DuetFacts {
  const probe = [...probes].sort((a, b) => busyShare(b) - busyShare(a))[0]
  if (probe === undefined || probe.failure !== null) {
    return noDuet(`the first run failed (${probe?.failure?.message ?? 'there is none'})`)
  }
  const busy = busyShare(probe)
  // On a machine without a moment to spare whoever computes has to wait, and that says nothing of the program.
  const crowded = (probe.machineIdle ?? 1) < CROWDED_IDLE
  const shared = Math.max(1, Math.min(cores, Math.round(busy)))
  const cpuNs = Math.max(1, (probe.values['cpu'] ?? 0) / shared)
  const repeats = Math.max(1, Math.ceil(DUET_NS / cpuNs))
  if (pairing !== 'duet') {
    if (busy < BUSY_SHARE && !crowded)
      return noDuet(`the program computes for only ${Math.round(busy * 100)} % of its time`)
    if (repeats > MOST_REPEATS) return noDuet(`the program computes for only ${seconds(cpuNs)}`)
  }
  // What is prepared is prepared for one run.
  const used = prepared ? 1 : Math.min(repeats, MOST_REPEATS)
  const times = used === 1 ? '' : `, and each side runs it ${used} times, as it takes ${seconds(cpuNs)}`
  const reason = `the program keeps ${shared === 1 ? 'one core' : `${shared} cores`} busy${times}`
  return { used: true, reason, cores: shared, repeats: used, overlap: null }
}
