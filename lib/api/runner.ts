/**
 * Runs of real programs for a comparison: one target per line of the plan, with what it printed and what it took as
 * numbers. A target that fails is a failed run and never an error.
 */

import { closeSync, openSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import {
  type CompareMetric,
  measuredValues,
  OutputMatcher,
  type PairSample,
  type PlannedPair,
  type PlannedRun,
  probeValues,
  type RunSample,
  type Subject,
} from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import { allowedCpus } from '../launch/cpus.ts'
import { CALLGRIND_SLOWER, countInstructions } from '../launch/instructions.ts'
import type { LaunchOptions } from '../launch/launch.ts'
import { type PreparedTarget, runTarget } from '../launch/run.ts'
import { Rng } from '../stats/index.ts'
import type { BuiltinMetric, ResolvedHeap, RunResult, Verdict } from '../types.ts'
import type { WorkloadOptions } from './compare.ts'
import { runPair } from './pair.ts'
import { failedRun, Preparation } from './preparation.ts'

/** What a runner takes of a comparison's options. */
export type RunnerOptions = Pick<
  WorkloadOptions,
  'cwd' | 'env' | 'stdin' | 'timeoutMs' | 'prepare' | 'onOutput' | 'ignoreFailure' | 'probe'
>

/** A heap and what runs under it. */
interface Subjected {
  heap: ResolvedHeap
  target: PreparedTarget
}

/** Runs one target for one line of the plan. */
export class TargetRunner {
  readonly #options: RunnerOptions
  readonly #targets: readonly PreparedTarget[]
  readonly #heaps: readonly ResolvedHeap[]
  readonly #metrics: readonly CompareMetric[]
  readonly #padding: Rng
  readonly #cpuChoice: Rng
  readonly #preparation: Preparation

  constructor(
    options: RunnerOptions,
    /** What runs under each of the heaps. */
    targets: readonly PreparedTarget[],
    heaps: readonly ResolvedHeap[],
    metrics: readonly CompareMetric[],
    seed: number,
  ) {
    this.#options = options
    this.#targets = targets
    this.#heaps = heaps
    this.#metrics = metrics
    this.#padding = new Rng(seed)
    this.#cpuChoice = new Rng(seed)
    this.#preparation = new Preparation(options)
  }

  /** One run alone. */
  async run({ subject, counted }: PlannedRun, signal?: AbortSignal): Promise<RunSample> {
    const problem = await this.#preparation.run(signal)
    if (problem !== null) return problem
    if (counted) return this.#counted(this.#heapOf(subject), signal)
    const before = coreTimes()
    const sample = await this.#once(this.#heapOf(subject), { signal })
    const { idle, all } = coreTimes()
    return all > before.all ? { ...sample, machineIdle: (idle - before.idle) / (all - before.all) } : sample
  }

  /** One duet: the subject's chain of runs and the baseline's, on the same CPUs at the same moment. */
  async pair(pair: PlannedPair, signal?: AbortSignal): Promise<PairSample> {
    const problem = await this.#preparation.run(signal)
    if (problem !== null) return { candidate: problem, baseline: problem, overlap: 0 }
    // Another set each time, so that no pair owes its result to one core.
    const cpus = this.#cpuChoice.shuffled(allowedCpus()).slice(0, pair.cores)
    const link = (subject: Subjected) => (gate: (() => Promise<void>) | undefined, stop: AbortSignal) =>
      this.#once(subject, { cpus, gate, signal: stop })
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

  #heapOf(subject: Subject): Subjected {
    const index = subject === 'control' ? 0 : subject
    const [heap, target] = [this.#heaps[index], this.#targets[index]]
    if (heap === undefined || target === undefined) throw new RangeError(`no heap ${subject}`)
    return { heap, target }
  }

  async #once(
    { heap, target }: Subjected,
    options: Pick<LaunchOptions, 'cpus' | 'gate' | 'signal'>,
  ): Promise<RunSample> {
    const matcher = new OutputMatcher(this.#metrics)
    const stdin = openInput(this.#options)
    const measured = runTarget(target, heap, {
      ...this.#launching(matcher),
      ...options,
      stdin,
      probe: this.#options.probe,
      paddingBytes: this.#padding.below(4096),
    })
    const result = await measured.catch(lostLauncher).finally(() => closeInput(stdin))
    const { values, problems, tail } = matcher.finish()
    if (result instanceof Alloc8Error) return failedRun(result.message, tail)
    const probed = result.probe == null ? {} : probeValues(result.probe)
    return {
      values: { ...measuredValues(result), ...probed, ...values },
      failure: this.#failure(result, tail),
      verdict: result.verdict,
      wallNs: result.wallNs,
      suspendedNs: result.suspendedNs,
      problems,
      output: tail,
    }
  }

  /** A run that counts instructions. What else was measured of it is not the target's own, and is left out. */
  async #counted({ heap, target }: Subjected, signal: AbortSignal | undefined): Promise<RunSample> {
    const matcher = new OutputMatcher(this.#metrics)
    const stdin = openInput(this.#options)
    const counting = countInstructions(target, heap, { ...this.#launching(matcher), stdin, signal })
    const count = await counting.catch(lostLauncher).finally(() => closeInput(stdin))
    const { tail } = matcher.finish()
    if (count instanceof Alloc8Error) return failedRun(count.message, tail)
    const { instructions, by, failure, result } = count
    return {
      values: { instructions },
      failure: this.#failure(result, tail, by === 'callgrind' ? CALLGRIND_SLOWER : 1),
      verdict: result.verdict,
      wallNs: result.wallNs,
      suspendedNs: result.suspendedNs,
      countedBy: by,
      problems: failure === null ? {} : { instructions: failure },
      output: tail,
    }
  }

  /** How every target is launched; what it prints goes to `matcher` and to the caller. */
  #launching(matcher: OutputMatcher) {
    const { cwd, env, timeoutMs, onOutput } = this.#options
    const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      matcher.push(chunk, stream)
      onOutput?.(chunk)
    }
    const output = { stdout: take('stdout'), stderr: take('stderr') } as const
    return { cwd, env, timeoutMs, ...output, killTree: true, lifeline: true, detached: true }
  }

  /** `slower`: how many times as long as it was allowed the target was let run. */
  #failure(result: RunResult, output: string, slower = 1): RunSample['failure'] {
    const { exitCode, signal, timedOut } = result
    const good = exitCode === 0 || (this.#options.ignoreFailure === true && exitCode !== null && !timedOut)
    if (good && !timedOut) return null
    const how = signal === null ? `exit status ${exitCode}` : `died by ${signal}`
    const limit = (this.#options.timeoutMs ?? 0) * slower
    const message = timedOut ? `did not end within ${limit} ms` : how
    return { exitCode, signal, timedOut, message, output }
  }
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
const peaks: ReadonlySet<string> = new Set<BuiltinMetric>(['peak-rss', 'peak-live'])

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

/** Opened anew for each run, so that each reads it from the start. */
function openInput({ stdin, cwd }: RunnerOptions): number | 'ignore' {
  return stdin === undefined ? 'ignore' : openSync(resolve(cwd ?? '.', stdin), 'r')
}

function closeInput(stdin: number | 'ignore'): void {
  if (stdin !== 'ignore') closeSync(stdin)
}
