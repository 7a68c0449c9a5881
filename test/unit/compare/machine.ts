/**
 * A machine for tests: heaps with a known cost, noise from a seed, and a clock that only moves when a run takes time.
 * Real results come out of it, by the same code as on a real machine.
 */

import {
  type CompareMetric,
  type ComparisonOptions,
  defaultMetrics,
  type Runner,
  type RunSample,
} from '../../../lib/compare/index.ts'
import { Rng } from '../../../lib/stats/index.ts'
import type { Machine, Verdict } from '../../../lib/types.ts'

export const machine: Machine = {
  cpu: 'Test CPU',
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  kernel: '6.1.0',
  libc: 'glibc 2.36',
  governor: 'performance',
  thp: 'madvise',
  aslr: '2',
  cgroupMemoryBytes: null,
}

export function heapInfo(spec: string) {
  const name = spec.split(':')[0] ?? spec
  return { name, spec, kind: 'found' as const, path: `/usr/lib/lib${name}.so`, version: '1.0', tunables: [] }
}

export function verdict(state: Verdict['state'] = 'active', message?: string): Verdict {
  const reasons = message === undefined ? [] : [{ code: 'bound-elsewhere' as const, message, advice: 'leave it out' }]
  return { state, reasons, processes: [] }
}

/** A sample of a run that went well: `ns` of wall and CPU time, `bytes` of memory. */
export function sample(ns: number, bytes = 50e6, extra: Partial<RunSample> = {}): RunSample {
  const values = { wall: ns, user: ns, sys: 0, cpu: ns, 'peak-rss': bytes, faults: 100, ...extra.values }
  return { failure: null, verdict: verdict(), wallNs: ns, ...extra, values }
}

/** A sample of a run that crashed. */
export function crash(signal = 'SIGSEGV', output = ''): RunSample {
  const failure = { exitCode: null, signal, timedOut: false, message: `killed by ${signal}`, output }
  return { values: {}, failure, verdict: verdict(), wallNs: 1e6 }
}

export function options(specs: string[], more: Partial<ComparisonOptions> = {}): ComparisonOptions {
  return {
    heaps: specs.map(heapInfo),
    workload: 'bench',
    command: ['./bench', '--n', '10'],
    machine,
    metrics: defaultMetrics(),
    blocks: 15,
    warmupBlocks: 1,
    seed: 1,
    threshold: 0.01,
    ...more,
  }
}

export function metric(name: string, pattern: string, higherIsBetter = false): CompareMetric {
  return { name, unit: '', higherIsBetter, pattern }
}

/** Runs with costs[subject] seconds (the control costs as much as heap 0), times noise of `sigma` on the log scale. */
export function noisyRunner(costs: number[], sigma: number, seed = 1, bytes: number[] = []): Runner {
  const rng = new Rng(seed)
  const open = () => (rng.uint32() + 0.5) / 2 ** 32
  const normal = () => Math.sqrt(-2 * Math.log(open())) * Math.cos(2 * Math.PI * open())
  return async ({ subject }) => {
    const heap = subject === 'control' ? 0 : subject
    const ns = (costs[heap] ?? 1) * 1e9 * Math.exp(sigma * normal())
    return sample(Math.round(ns), Math.round((bytes[heap] ?? 50e6) * Math.exp((sigma / 10) * normal())))
  }
}
