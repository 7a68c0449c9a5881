/**
 * `compare()`: which heap runs a program best, by how much and how sure. Joins the plan and the statistics (compare/)
 * with runs of real programs (launch/).
 */

import { basename } from 'node:path'
import {
  type CompareMetric,
  measuredValues,
  OutputMatcher,
  type PlannedRun,
  type Progress,
  parseMetrics,
  type RunSample,
  runComparison,
} from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import { defaultComparison, resolveHeap } from '../heaps/index.ts'
import { launch } from '../launch/launch.ts'
import { type PreparedTarget, prepareTarget, runTarget } from '../launch/run.ts'
import { Rng } from '../stats/index.ts'
import type { CompareResult, ResolvedHeap, RunResult } from '../types.ts'
import { Fingerprints } from './fingerprint.ts'
import { describeMachine } from './machine.ts'
import { checkCommand } from './run.ts'

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
  /** `wall`, `user`, `sys`, `cpu`, `peak-rss`, `faults`, or `NAME=/REGEX/` for a number that the target prints. */
  metrics?: readonly string[] | undefined
  /** Names of metrics with a pattern that should grow. */
  higherIsBetter?: readonly string[] | undefined
  /** What counts as a difference: a share of the baseline, 0.01 unless given. */
  threshold?: number | undefined
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
  const target = prepareTarget(options.command, options)
  const heaps = await chosenHeaps(options, target)
  const seed = options.seed ?? Date.now() % 2 ** 31
  const runner = new TargetRunner(options, target, heaps, metrics, seed)
  const files = await Fingerprints.of([...target.files, ...heaps.flatMap(({ preload }) => preload)])
  return runComparison(
    {
      heaps,
      workload: basename(target.command[0] ?? ''),
      command: options.command,
      machine: describeMachine(),
      metrics,
      blocks: options.blocks ?? 15,
      warmupBlocks: options.warmupBlocks ?? 1,
      maxTimeMs: options.maxTimeMs,
      seed,
      threshold: options.threshold ?? 0.01,
      signal: options.signal,
      onProgress: options.onProgress,
      replaced: () => files.changed(),
    },
    (run, signal) => runner.run(run, signal),
  )
}

async function chosenHeaps(options: CompareOptions, target: PreparedTarget): Promise<ResolvedHeap[]> {
  const specs = options.heaps ?? (await defaultComparison(target.facts.path))
  return Promise.all(specs.map((spec) => resolveHeap(spec)))
}

/** Runs one target for one line of the plan. */
class TargetRunner {
  readonly #options: CompareOptions
  readonly #target: PreparedTarget
  readonly #heaps: readonly ResolvedHeap[]
  readonly #metrics: readonly CompareMetric[]
  readonly #padding: Rng
  /** A run has been begun. */
  #begun = false

  constructor(
    options: CompareOptions,
    target: PreparedTarget,
    heaps: readonly ResolvedHeap[],
    metrics: readonly CompareMetric[],
    seed: number,
  ) {
    this.#options = options
    this.#target = target
    this.#heaps = heaps
    this.#metrics = metrics
    this.#padding = new Rng(seed)
  }

  async run({ subject }: PlannedRun, signal?: AbortSignal): Promise<RunSample> {
    const heap = this.#heaps[subject === 'control' ? 0 : subject]
    if (heap === undefined) throw new RangeError(`no heap ${subject}`)
    const { cwd, env, timeoutMs, prepare, onOutput } = this.#options
    if (prepare !== undefined) {
      const problem = await runPrepare(prepare, { cwd, env, signal, timeoutMs })
      // Before the first run it is a mistake to be mended; later it costs that run and not the blocks before it.
      if (problem !== null && !this.#begun) throw problem
      if (problem !== null) return failedRun(problem.message, problem.hint ?? '')
    }
    this.#begun = true
    const matcher = new OutputMatcher(this.#metrics)
    const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      matcher.push(chunk, stream)
      onOutput?.(chunk)
    }
    const measured = runTarget(this.#target, heap, {
      cwd,
      env,
      timeoutMs,
      signal,
      stdin: 'ignore',
      stdout: take('stdout'),
      stderr: take('stderr'),
      paddingBytes: this.#padding.below(4096),
      killTree: true,
      lifeline: true,
      detached: true,
    })
    const result = await measured.catch(lostLauncher)
    const { values, problems, tail } = matcher.finish()
    if (result instanceof Alloc8Error) return failedRun(result.message, tail)
    return {
      values: { ...measuredValues(result), ...values },
      failure: this.#failure(result, tail),
      verdict: result.verdict,
      wallNs: result.wallNs,
      suspendedNs: result.suspendedNs,
      problems,
      output: tail,
    }
  }

  #failure(result: RunResult, output: string): RunSample['failure'] {
    const { exitCode, signal, timedOut } = result
    const good = exitCode === 0 || (this.#options.ignoreFailure === true && exitCode !== null && !timedOut)
    if (good && !timedOut) return null
    const how = signal === null ? `exit status ${exitCode}` : `died by ${signal}`
    const message = timedOut ? `did not end within ${this.#options.timeoutMs} ms` : how
    return { exitCode, signal, timedOut, message, output }
  }
}

/** A run that gave nothing, for a reason that is not the target's. */
function failedRun(message: string, output: string): RunSample {
  const failure = { exitCode: null, signal: null, timedOut: false, message, output }
  return { values: {}, failure, verdict: null, wallNs: 0 }
}

/** A run whose launcher was killed gave no number; the blocks before it are worth keeping. Rethrows all else. */
function lostLauncher(error: unknown): Alloc8Error {
  if (error instanceof Alloc8Error && error.code === 'LAUNCHER_LOST') return error
  throw error
}

/**
 * Runs the --prepare command in a shell. Gives the error when it fails, because a run without it would measure another
 * thing. It has as much time as a run; what it leaves in the background is left alone, unless the comparison is stopped meanwhile.
 */
async function runPrepare(
  command: string,
  options: Pick<CompareOptions, 'cwd' | 'env' | 'signal' | 'timeoutMs'>,
): Promise<Alloc8Error | null> {
  let complaint = ''
  const { exitCode, signal, timedOut } = await launch({
    path: '/bin/sh',
    argv0: 'sh',
    args: ['-c', command],
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: (chunk) => {
      complaint = (complaint + chunk.toString()).slice(-2000)
    },
    killTree: false,
    lifeline: true,
    detached: true,
    signal: options.signal,
    timeoutMs: options.timeoutMs,
  })
  if (exitCode === 0 && !timedOut) return null
  const ending = signal === null ? `exit status ${exitCode}` : `died by ${signal}`
  const how = timedOut ? `no end within ${options.timeoutMs} ms` : ending
  return new Alloc8Error('USAGE', `--prepare: ${JSON.stringify(command)} failed: ${how}`, {
    hint: complaint.trim() === '' ? 'it printed nothing; run it by itself' : complaint.trim(),
  })
}
