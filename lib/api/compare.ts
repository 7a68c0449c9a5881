/**
 * `compare()`: which heap runs a program best, by how much and how sure. Joins the plan and the statistics (compare/)
 * with runs of real programs (launch/).
 */

import { basename } from 'node:path'
import { packageVersion } from '../binding/native.ts'
import { type Progress, parseMetrics, runComparison } from '../compare/index.ts'
import { defaultComparison, resolveHeap } from '../heaps/index.ts'
import { chooseCounter } from '../launch/instructions.ts'
import { type PreparedTarget, prepareTarget } from '../launch/run.ts'
import type { CompareResult, Pairing, ResolvedHeap } from '../types.ts'
import { Fingerprints, sha256 } from './fingerprint.ts'
import { describeMachine } from './machine.ts'
import { checkCommand } from './run.ts'
import { TargetRunner } from './runner.ts'

export type { Progress } from '../compare/index.ts'

/** What `compare()` takes. */
export interface CompareOptions {
  /** The program and its arguments. Its stdin is empty. */
  command: readonly string[]
  /** Heaps, the first being the baseline; system, the built-in ones and all found ones unless given. */
  heaps?: readonly string[] | undefined
  blocks?: number | undefined
  warmupBlocks?: number | undefined
  /** No block is begun that would end later than this. */
  maxTimeMs?: number | undefined
  /** Makes order and padding repeatable; taken from the clock unless given. */
  seed?: number | undefined
  /** `wall`, `user`, `sys`, `cpu`, `peak-rss`, `faults`, `instructions`, or `NAME=/REGEX/` for a number that the target prints. */
  metrics?: readonly string[] | undefined
  /** Names of metrics with a pattern that should grow. */
  higherIsBetter?: readonly string[] | undefined
  /** What counts as a difference: a share of the baseline, 0.01 unless given. */
  threshold?: number | undefined
  /** How CPU time is measured: `duet`, beside the baseline, or `alone`; without it, duets where the program suits them. */
  pairing?: Pairing | undefined
  /** Adds blocks, at most to four times as many, until each verdict is decided. */
  untilDecided?: boolean | undefined
  /** The command line that does it again, for reports. */
  reproduce?: string | undefined
  /** A shell command that is run, untimed, before each run. */
  prepare?: string | undefined
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

/**
 * Compares heaps under a program. All that can be wrong with the options is found before the first run; a target that
 * fails is part of the result.
 */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  checkCommand(options.command)
  const metrics = parseMetrics(options.metrics ?? [], options.higherIsBetter ?? [])
  if (metrics.some(({ name, pattern }) => pattern === null && name === 'instructions')) await chooseCounter(options.env)
  const target = prepareTarget(options.command, options)
  const heaps = await chosenHeaps(options, target)
  const seed = options.seed ?? Date.now() % 2 ** 31
  const runner = new TargetRunner(options, target, heaps, metrics, seed)
  const files = await Fingerprints.of([...target.files, ...heaps.flatMap(({ preload }) => preload)])
  return runComparison(
    {
      heaps: await Promise.all(
        heaps.map(async (heap) => ({ ...heap, sha256: heap.path && (await sha256(heap.path)) })),
      ),
      workload: basename(target.command[0] ?? ''),
      command: options.command,
      machine: describeMachine(),
      metrics,
      blocks: options.blocks ?? 15,
      warmupBlocks: options.warmupBlocks ?? 1,
      maxTimeMs: options.maxTimeMs,
      seed,
      threshold: options.threshold ?? 0.01,
      pairing: options.pairing,
      prepared: options.prepare !== undefined,
      untilDecided: options.untilDecided,
      version: packageVersion(),
      reproduce: options.reproduce,
      signal: options.signal,
      onProgress: options.onProgress,
      replaced: () => files.changed(),
    },
    (run, signal) => runner.run(run, signal),
    (pair, signal) => runner.pair(pair, signal),
  )
}

async function chosenHeaps(options: CompareOptions, target: PreparedTarget): Promise<ResolvedHeap[]> {
  const specs = options.heaps ?? (await defaultComparison(target.facts.path))
  return Promise.all(specs.map((spec) => resolveHeap(spec)))
}
