/**
 * `compare()`: which heap runs a program best, by how much and how sure. Joins the plan and the statistics (compare/)
 * with runs of real programs (launch/).
 */

import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { packageVersion } from '../binding/native.ts'
import {
  type CompareMetric,
  type ComparisonOptions,
  checkMetricsOf,
  type Progress,
  parseMetrics,
  runComparison,
} from '../compare/index.ts'
import { usageError } from '../errors.ts'
import { defaultComparison, resolveHeap } from '../heaps/index.ts'
import { chooseCounter } from '../launch/instructions.ts'
import { probeSettings } from '../launch/probe-settings.ts'
import { type PreparedTarget, prepareTarget } from '../launch/run.ts'
import { prepareService } from '../service/index.ts'
import type {
  CommandWords,
  CompareResult,
  Pairing,
  ProbeLevel,
  ProbeSettings,
  ResolvedHeap,
  ServiceWorkload,
  Timeline,
  Warning,
} from '../types.ts'
import { Fingerprints, sha256 } from './fingerprint.ts'
import { describeMachine } from './machine.ts'
import { probedMetrics } from './probed.ts'
import { checkCommand } from './run.ts'
import { TargetRunner } from './runner.ts'
import { ServiceRunner } from './service-runner.ts'
import { type LabelledSubject, subjectsOf } from './subjects.ts'
import { wordsOf } from './untimed.ts'

export type { Progress } from '../compare/index.ts'

/** What a comparison of one workload takes, whatever it is called. */
export interface WorkloadOptions {
  /** The program and its arguments. Its stdin is empty unless `stdin` names a file. */
  command: readonly string[]
  /** Another program, or an earlier build of it, which is the baseline; both run under one heap. */
  against?: readonly string[] | undefined
  /** A file that each run reads from its start. */
  stdin?: string | undefined
  /** Heaps, the first being the baseline; system, the built-in ones and all found ones unless given. */
  heaps?: readonly string[] | undefined
  blocks?: number | undefined
  warmupBlocks?: number | undefined
  /** No block is begun that would end later than this. */
  maxTimeMs?: number | undefined
  /** Makes order and padding repeatable; taken from the clock unless given. */
  seed?: number | undefined
  /** `wall`, `user`, `sys`, `cpu`, `peak-rss`, `faults`, `instructions`, `peak-live`, `allocations`, `allocated`, `waste`, `alloc-` or `free-` with `p50`, `p99` or `p99.9`, or `NAME=/REGEX/` for a number that the target prints. */
  metrics?: readonly string[] | undefined
  /** Names of metrics with a pattern that should grow. */
  higherIsBetter?: readonly string[] | undefined
  /** What counts as a difference: a share of the baseline, for all metrics or by the name of one; 0.01 unless given. */
  threshold?: number | Readonly<Record<string, number>> | undefined
  /** Puts the probe in front of every heap alike and adds what it counts as metrics; some metrics ask for it themselves. */
  probe?: ProbeLevel | readonly ProbeLevel[] | ProbeSettings | undefined
  /** How CPU time is measured: `duet`, beside the baseline, or `alone`; without it, duets where the program suits them. */
  pairing?: Pairing | undefined
  /** Adds blocks, at most to four times as many, until each verdict is decided. */
  untilDecided?: boolean | undefined
  /** The command line that does it again, for reports. */
  reproduce?: string | undefined
  /** A command, or a text for the shell, that is run, untimed, before each run. */
  prepare?: CommandWords | undefined
  /** Called with everything that targets print; discarded otherwise. */
  onOutput?: ((chunk: Buffer) => void) | undefined
  /** A run that takes longer is ended and counts as failed. */
  timeoutMs?: number | undefined
  /** Takes runs that exit with another status than 0 for good. */
  ignoreFailure?: boolean | undefined
  cwd?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
  /** Aborted, it ends the run in progress and gives a partial result of the complete blocks. */
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

/** What `compare()` takes. */
export interface CompareOptions extends WorkloadOptions {}

/**
 * Compares heaps under a program. All that can be wrong with the options is found before the first run; a target that
 * fails is part of the result.
 */
export function compare(options: CompareOptions): Promise<CompareResult> {
  return compareWorkload(null, options)
}

/** What a suite knows already of a workload, so that it is the same for all. */
export interface Known {
  heaps: readonly ResolvedHeap[]
  /** Nothing of it is run: the result is that of a comparison that was stopped before its first block. */
  unrun?: boolean | undefined
}

/** Compares heaps under one workload of this name; without one, it is called by its program. */
export async function compareWorkload(
  name: string | null,
  given: WorkloadOptions,
  known?: Known,
): Promise<CompareResult> {
  checkCommand(given.command)
  if (given.against !== undefined) checkCommand(given.against, 'against')
  const { metrics, probe } = probedMetrics(parseMetrics(given.metrics ?? [], given.higherIsBetter ?? []), given.probe)
  const options = { ...given, probe }
  checkMetricsOf('command', metrics)
  const settings = { name: name ?? basename(options.command[0] ?? ''), options, metrics, seed: seedOf(options) }
  if (known?.unrun === true) {
    const heaps = subjectsOf(known.heaps, options.command, options.against)
    return runComparison({ ...(await comparisonOptions(settings, heaps)), signal: AbortSignal.abort() }, neverRun)
  }
  if (metrics.some(({ name, pattern }) => pattern === null && name === 'instructions')) await chooseCounter(options.env)
  const target = prepareTarget(options.command, options)
  const against = options.against === undefined ? null : prepareTarget(options.against, options)
  checkInput(options)
  const heaps = subjectsOf(known?.heaps ?? (await chosenHeaps(options, target)), options.command, options.against)
  const targets = heaps.map(({ command }) => (against !== null && command === options.against ? against : target))
  const runner = new TargetRunner(options, targets, heaps, metrics, settings.seed)
  const programs = [...target.files, ...(against?.files ?? [])]
  const files = await Fingerprints.of([...programs, ...heaps.flatMap(({ preload }) => preload)])
  return runComparison(
    { ...(await comparisonOptions(settings, heaps)), replaced: () => files.changed() },
    (run, signal) => runner.run(run, signal),
    (pair, signal) => runner.pair(pair, signal),
  )
}

const seedOf = ({ seed }: WorkloadOptions): number => seed ?? Date.now() % 2 ** 31

const neverRun = () => Promise.reject(new RangeError('a workload that is not to be run was run'))

/** Compares heaps under a service. */
export async function compareService(
  name: string,
  given: WorkloadOptions,
  service: ServiceWorkload,
  { heaps, unrun }: Known,
): Promise<{ result: CompareResult; warnings: Warning[] }> {
  const { metrics, probe } = probedMetrics(parseMetrics(given.metrics ?? [], given.higherIsBetter ?? []), given.probe)
  const options = { ...given, probe }
  checkMetricsOf('service', metrics)
  const settings = { name, options: { ...options, pairing: 'alone' as const }, metrics, seed: seedOf(options) }
  const comparison = await comparisonOptions(settings, subjectsOf(heaps, options.command, undefined))
  const asService = (result: CompareResult, timelines: Timeline[]): CompareResult => ({
    ...result,
    workloads: result.workloads.map((each) => ({ ...each, kind: 'service' as const, load: wordsOf(service.load) })),
    timelines: timelines.filter(({ block }) => block < result.blocks),
  })
  if (unrun === true) {
    const result = await runComparison({ ...comparison, signal: AbortSignal.abort() }, neverRun)
    return { result: asService(result, []), warnings: [] }
  }
  const { cwd, env } = options
  const prepared = prepareService({ ...service, cwd: undefined, env: undefined }, { cwd, env })
  const runner = new ServiceRunner(name, options, prepared, heaps, metrics, settings.seed)
  const watched = [...prepared.server.files, ...heaps.flatMap(({ preload }) => preload)]
  const files = await Fingerprints.of(watched)
  const result = await runComparison({ ...comparison, replaced: () => files.changed() }, (run, signal) =>
    runner.run(run, signal),
  )
  return { result: asService(result, runner.timelines), warnings: runner.warnings }
}

/** What a comparison takes besides its runners. */
export async function comparisonOptions(
  settings: { name: string; options: WorkloadOptions; metrics: CompareMetric[]; seed: number },
  heaps: readonly LabelledSubject[],
): Promise<ComparisonOptions> {
  const { name, options, metrics, seed } = settings
  return {
    heaps: await Promise.all(heaps.map(async (heap) => ({ ...heap, sha256: heap.path && (await sha256(heap.path)) }))),
    workload: name,
    command: options.command,
    machine: describeMachine(),
    metrics,
    blocks: options.blocks ?? 15,
    warmupBlocks: options.warmupBlocks ?? 1,
    maxTimeMs: options.maxTimeMs,
    seed,
    ...thresholdsOf(options.threshold),
    pairing: options.pairing,
    probed: options.probe === undefined ? undefined : probeSettings(options.probe).levels,
    prepared: options.prepare !== undefined,
    untilDecided: options.untilDecided,
    version: packageVersion(),
    reproduce: options.reproduce,
    signal: options.signal,
    onProgress: options.onProgress,
  }
}

/** Throws unless the file for stdin is one that can be read. */
export function checkInput({ stdin, cwd }: Pick<WorkloadOptions, 'stdin' | 'cwd'>): void {
  if (stdin === undefined) return
  const path = resolve(cwd ?? '.', stdin)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw usageError('stdin', 'a file that is there', path)
}

/** What counts as a difference, for metrics without a threshold of their own. */
const USUAL_THRESHOLD = 0.01

/** A threshold as the comparison takes it: one for all, and those of single metrics. */
export function thresholdsOf(threshold: WorkloadOptions['threshold']): {
  threshold: number
  thresholds?: Readonly<Record<string, number>>
} {
  if (typeof threshold === 'object') return { threshold: USUAL_THRESHOLD, thresholds: threshold }
  return { threshold: threshold ?? USUAL_THRESHOLD }
}

async function chosenHeaps(options: WorkloadOptions, target: PreparedTarget): Promise<ResolvedHeap[]> {
  // Two programs are compared as they are, unless heaps are named.
  const usual = () => (options.against === undefined ? defaultComparison(target.facts.path) : ['default'])
  const specs = options.heaps ?? (await usual())
  return Promise.all(specs.map((spec) => resolveHeap(spec)))
}
