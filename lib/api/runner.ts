/**
 * Runs of real programs for a comparison: one target per line of the plan, with what it printed and what it took as
 * numbers. A target that fails is a failed run and never an error.
 */

import { cpus } from 'node:os'
import {
  type CompareMetric,
  measuredValues,
  OutputMatcher,
  type PairSample,
  type PlannedPair,
  type PlannedRun,
  type RunSample,
  type Subject,
} from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import { allowedCpus } from '../launch/cpus.ts'
import { type LaunchOptions, launch } from '../launch/launch.ts'
import { type PreparedTarget, runTarget } from '../launch/run.ts'
import { Rng } from '../stats/index.ts'
import type { BuiltinMetric, ResolvedHeap, RunResult, Verdict } from '../types.ts'
import type { CompareOptions } from './compare.ts'
import { runPair } from './pair.ts'

/** What a runner takes of a comparison's options. */
export type RunnerOptions = Pick<CompareOptions, 'cwd' | 'env' | 'timeoutMs' | 'prepare' | 'onOutput' | 'ignoreFailure'>

/** Runs one target for one line of the plan. */
export class TargetRunner {
  readonly #options: RunnerOptions
  readonly #target: PreparedTarget
  readonly #heaps: readonly ResolvedHeap[]
  readonly #metrics: readonly CompareMetric[]
  readonly #padding: Rng
  readonly #cpuChoice: Rng
  /** A run has been begun. */
  #begun = false

  constructor(
    options: RunnerOptions,
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
    this.#cpuChoice = new Rng(seed)
  }

  /** One run alone. */
  async run({ subject }: PlannedRun, signal?: AbortSignal): Promise<RunSample> {
    const problem = await this.#prepare(signal)
    if (problem !== null) return problem
    const before = coreTimes()
    const sample = await this.#once(this.#heapOf(subject), { signal })
    const { idle, all } = coreTimes()
    return all > before.all ? { ...sample, machineIdle: (idle - before.idle) / (all - before.all) } : sample
  }

  /** One duet: the subject's chain of runs and the baseline's, on the same CPUs at the same moment. */
  async pair(pair: PlannedPair, signal?: AbortSignal): Promise<PairSample> {
    const problem = await this.#prepare(signal)
    if (problem !== null) return { candidate: problem, baseline: problem, overlap: 0 }
    // Another set each time, so that no pair owes its result to one core.
    const cpus = this.#cpuChoice.shuffled(allowedCpus()).slice(0, pair.cores)
    const link = (heap: ResolvedHeap) => (gate: (() => Promise<void>) | undefined, stop: AbortSignal) =>
      this.#once(heap, { cpus, gate, signal: stop })
    const candidate = link(this.#heapOf(pair.subject))
    const baseline = link(this.#heapOf(0))
    const chains = pair.candidateFirst ? [candidate, baseline] : [baseline, candidate]
    const [one, other] = chains as [typeof candidate, typeof candidate]
    const { first, second, overlap } = await runPair(one, other, pair.repeats, signal)
    return {
      candidate: meanSample(pair.candidateFirst ? first : second),
      baseline: meanSample(pair.candidateFirst ? second : first),
      overlap,
    }
  }

  #heapOf(subject: Subject): ResolvedHeap {
    const heap = this.#heaps[subject === 'control' ? 0 : subject]
    if (heap === undefined) throw new RangeError(`no heap ${subject}`)
    return heap
  }

  /** Runs the --prepare command; gives the failed run that a failure makes of it. */
  async #prepare(signal: AbortSignal | undefined): Promise<RunSample | null> {
    const { cwd, env, timeoutMs, prepare } = this.#options
    if (prepare !== undefined) {
      const problem = await runPrepare(prepare, { cwd, env, signal, timeoutMs })
      // Before the first run it is a mistake to be mended; later it costs that run and not the blocks before it.
      if (problem !== null && !this.#begun) throw problem
      if (problem !== null) return failedRun(problem.message, problem.hint ?? '')
    }
    this.#begun = true
    return null
  }

  async #once(heap: ResolvedHeap, options: Pick<LaunchOptions, 'cpus' | 'gate' | 'signal'>): Promise<RunSample> {
    const { cwd, env, timeoutMs, onOutput } = this.#options
    const matcher = new OutputMatcher(this.#metrics)
    const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      matcher.push(chunk, stream)
      onOutput?.(chunk)
    }
    const measured = runTarget(this.#target, heap, {
      cwd,
      env,
      timeoutMs,
      ...options,
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

/** Milliseconds since the machine's start, of all cores together: idle, and in all. */
function coreTimes(): { idle: number; all: number } {
  const times = cpus().map(({ times: { user, nice, sys, idle, irq } }) => ({
    idle,
    all: user + nice + sys + idle + irq,
  }))
  return times.reduce((sum, core) => ({ idle: sum.idle + core.idle, all: sum.all + core.all }), { idle: 0, all: 0 })
}

/** Metrics that are not summed over the runs of a chain. */
const peaks: ReadonlySet<string> = new Set<BuiltinMetric>(['peak-rss'])

/** The runs of a chain as one: the mean of each metric, the highest peak; failed where one of them failed. */
export function meanSample(samples: readonly RunSample[]): RunSample {
  const failed = samples.find(({ failure }) => failure !== null)
  if (failed !== undefined) return failed
  const [first] = samples
  if (first === undefined) throw new RangeError('meanSample: expected at least one run, got none')
  if (samples.length === 1) return first
  const values: RunSample['values'] = {}
  for (const name of Object.keys(first.values)) {
    const numbers = samples.map((sample) => sample.values[name] ?? null).filter((value) => value !== null)
    if (numbers.length < samples.length) values[name] = null
    else values[name] = peaks.has(name) ? Math.max(...numbers) : numbers.reduce((a, b) => a + b) / numbers.length
  }
  const total = (of: (sample: RunSample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0)
  return {
    ...first,
    values,
    verdict: worstVerdict(samples.flatMap(({ verdict }) => verdict ?? [])),
    wallNs: total(({ wallNs }) => wallNs) / samples.length,
    suspendedNs: total(({ suspendedNs }) => suspendedNs ?? 0),
  }
}

/** Whether the heap was in effect in all runs of a chain: one in which it was not tells more than one in which it was. */
function worstVerdict(verdicts: readonly Verdict[]): Verdict | null {
  const order = ['inactive', 'partial', 'active'] as const
  for (const state of order) {
    const found = verdicts.find((verdict) => verdict.state === state)
    if (found !== undefined) return found
  }
  return null
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
