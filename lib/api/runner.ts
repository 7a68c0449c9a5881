/**
 * Runs of real programs for a comparison: one target per line of the plan, with what it printed and what it took as
 * numbers. A target that fails is a failed run and never an error.
 */

import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { type CompareMetric, measuredValues, OutputMatcher, type PlannedRun, type RunSample } from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import { type PreparedTarget, runTarget } from '../launch/run.ts'
import { Rng } from '../stats/index.ts'
import type { ResolvedHeap, RunResult } from '../types.ts'
import type { WorkloadOptions } from './compare.ts'
import { runUntimed } from './untimed.ts'

/** What a runner takes of a comparison's options. */
export type RunnerOptions = Pick<
  WorkloadOptions,
  'cwd' | 'env' | 'stdin' | 'timeoutMs' | 'prepare' | 'onOutput' | 'ignoreFailure'
>

/** Who runs: a heap, with a command of its own where it is not the comparison's. */
export type SubjectHeap = ResolvedHeap & { target?: PreparedTarget | undefined }

/** Runs one target for one line of the plan. */
export class TargetRunner {
  readonly #options: RunnerOptions
  readonly #target: PreparedTarget
  readonly #heaps: readonly SubjectHeap[]
  readonly #metrics: readonly CompareMetric[]
  readonly #padding: Rng
  /** A run has been begun. */
  #begun = false

  constructor(
    options: RunnerOptions,
    target: PreparedTarget,
    heaps: readonly SubjectHeap[],
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
      const { problem } = await runUntimed(prepare, { title: '--prepare', code: 'USAGE', cwd, env, signal, timeoutMs })
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
    const stdin = openInput(this.#options)
    const measured = runTarget(heap.target ?? this.#target, heap, {
      cwd,
      env,
      timeoutMs,
      signal,
      stdin,
      stdout: take('stdout'),
      stderr: take('stderr'),
      paddingBytes: this.#padding.below(4096),
      killTree: true,
      lifeline: true,
      detached: true,
    })
    const result = await measured.catch(lostLauncher).finally(() => closeInput(stdin))
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

/** Opened anew for each run, so that each reads it from the start. */
function openInput({ stdin, cwd }: RunnerOptions): number | 'ignore' {
  return stdin === undefined ? 'ignore' : openSync(resolve(cwd ?? '.', stdin), 'r')
}

function closeInput(stdin: number | 'ignore'): void {
  if (stdin !== 'ignore') closeSync(stdin)
}
