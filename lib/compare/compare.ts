/**
 * Runs a comparison: block after block by the plan, until all are done, the time is used up, the caller stops it or
 * what it compares is replaced; then what the complete blocks gave. Only complete blocks count, as a ratio needs all of its runs close together.
 */

import { usageError } from '../errors.ts'
import type { CompareResult, DuetFacts, RunFailure, Verdict } from '../types.ts'
import { comparisonCells, type RatioOptions } from './cells.ts'
import { asksForDuets, decideDuet, isUnsure, noDuet, refusal } from './duet.ts'
import { type Looks, planLooks } from './looks.ts'
import { metricPattern } from './metrics.ts'
import { type PlannedBlock, planBlocks } from './plan.ts'
import { comparisonResult } from './result.ts'
import { emptyRow, isSteady, type Row, type Steps, stepsFor, subjectRuns } from './rows.ts'
import type {
  ComparisonOptions,
  PairRunner,
  PairSample,
  PlannedPair,
  PlannedRun,
  Runner,
  RunSample,
  Stop,
  Subject,
} from './types.ts'

/** What starts targets; without the second there are no duets. */
interface Runners {
  alone: Runner
  pair?: PairRunner | undefined
}

function checkOptions(options: ComparisonOptions): void {
  const { blocks, warmupBlocks, seed, threshold, maxTimeMs, heaps, metrics } = options
  if (!Number.isSafeInteger(blocks) || blocks < 1) throw usageError('blocks', 'an integer from 1', blocks)
  if (!Number.isSafeInteger(warmupBlocks) || warmupBlocks < 0) {
    throw usageError('warmupBlocks', 'an integer from 0', warmupBlocks)
  }
  if (!Number.isSafeInteger(seed) || seed < 0) throw usageError('seed', 'an integer from 0 to 2^53 - 1', seed)
  if (!Number.isFinite(threshold) || threshold < 0) throw usageError('threshold', 'a number not below 0', threshold)
  if (maxTimeMs !== null && maxTimeMs !== undefined && !(maxTimeMs > 0)) {
    throw usageError('maxTimeMs', 'a number above 0', maxTimeMs)
  }
  if (heaps.length === 0) throw usageError('heaps', 'at least one heap', 'none')
  if (metrics.length === 0) throw usageError('metrics', 'at least one metric', 'none')
  const names = metrics.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw usageError('metrics', 'each name once', twice)
  metrics.forEach(metricPattern)
}

/** Runs to see whether duets suit a program. */
const MOST_PROBES = 3

/** One comparison under way: what has been run and what it gave. */
class Comparison {
  readonly #options: ComparisonOptions
  readonly #runners: Runners
  readonly #looks: Looks | null
  readonly #plan: PlannedBlock[]
  readonly #now: () => number
  readonly #start: number
  readonly #started = new Date()
  #duet: DuetFacts | null = null
  #steps: Steps
  #done = 0
  #probes = 0
  /** The complete blocks that count. */
  readonly #rows: Row[] = []
  /** Of every run that ended, counted or not: whether a heap was in effect is no matter of statistics. */
  readonly #verdicts: Verdict[][]
  readonly #warmupFailures: { heap: string; failure: Omit<RunFailure, 'block'> }[] = []
  #countedMs = 0

  constructor(options: ComparisonOptions, runners: Runners) {
    this.#options = options
    this.#runners = runners
    this.#looks = planLooks(options)
    const blocks = this.#looks?.blocks.at(-1) ?? options.blocks
    this.#plan = planBlocks({ ...options, blocks, heaps: options.heaps.length })
    this.#steps = stepsFor(options.metrics, false)
    this.#now = options.now ?? (() => performance.now())
    this.#start = this.#now()
    this.#verdicts = options.heaps.map(() => [])
  }

  async run(): Promise<CompareResult> {
    if (!this.#aborted()) await this.#decideDuets()
    const stopped = await this.#blocks(this.#plan)
    if (stopped !== 'again') return this.#result(stopped)
    this.#rows.length = 0
    this.#countedMs = 0
    const anew = await this.#blocks(this.#plan.filter(({ warmup }) => !warmup))
    return this.#result(anew === 'again' ? null : anew)
  }

  /** Runs blocks until the plan is done or something ends it; `again` where what was run so far is of no use. */
  async #blocks(plan: readonly PlannedBlock[]): Promise<Stop | null | 'again'> {
    for (const planned of plan) {
      if (this.#aborted()) return { why: 'interrupted' }
      if (this.#timeIsUp()) return { why: 'max-time' }
      const before = await this.#replaced(planned)
      if (before !== null) return before
      const start = this.#now()
      const row = await this.#block(planned).catch((error: unknown) => ({ error }))
      if (row === null) return { why: 'interrupted' }
      // Looked at first: a program that is away in mid-block is the reason for the error, and no reason to lose the
      // blocks before.
      const after = await this.#replaced(planned)
      if (after !== null) return after
      if ('error' in row) throw row.error
      const unfit = this.#reconsiderDuets(row)
      if (planned.warmup) continue
      if (unfit) return 'again'
      this.#rows.push(row)
      this.#countedMs += this.#now() - start
      if (this.#isDecided()) break
    }
    const last = plan.at(-1)
    if (last !== undefined) this.#report(last.block, last.order.at(-1) ?? 0)
    return null
  }

  /** Runs the baseline once, alone, to see whether duets suit the program. */
  async #decideDuets(): Promise<void> {
    const { metrics, pairing, prepared, machine, warmupBlocks } = this.#options
    if (this.#runners.pair === undefined || !asksForDuets(metrics)) return
    const question = { pairing, prepared: prepared === true, cores: machine.cores }
    const refused = refusal(question)
    if (refused !== null) {
      this.#duet = noDuet(refused)
      return
    }
    const run = { subject: 0, block: -warmupBlocks - 1, warmup: true }
    const probes: RunSample[] = []
    while (probes.length === 0 || (probes.length < MOST_PROBES && probes.every(isUnsure))) {
      const probe = await this.#alone(run)
      if (probe === null) return
      probes.push(probe)
    }
    this.#probes = probes.length
    this.#duet = decideDuet(question, probes)
    this.#steps = stepsFor(metrics, this.#duet.used)
  }

  /**
   * A program of which two at once fail where one alone does not (a port, a file) is measured alone from here on. Only
   * the baseline's runs tell, its own and the control's: a candidate may have reasons of its own.
   */
  #reconsiderDuets(row: Row): boolean {
    const control = row.pairs[this.#options.heaps.length]?.candidate
    const failure = [...row.pairs.map((pair) => pair?.baseline), control].flatMap((sample) => sample?.failure ?? [])[0]
    if (failure === undefined || this.#options.pairing === 'duet') return false
    this.#duet = noDuet(`two at once failed (${failure.message})`)
    // What failed in warm-up duets says nothing of the heaps.
    if (!this.#steps.alone) this.#warmupFailures.length = 0
    this.#steps = stepsFor(this.#options.metrics, false)
    return true
  }

  /** Runs a block; null when it was interrupted and does not count. */
  async #block(planned: PlannedBlock): Promise<Row | null> {
    const row = emptyRow()
    const { block, warmup, order, pairs } = planned
    if (this.#steps.alone) {
      for (const subject of order) {
        const sample = await this.#alone({ subject, block, warmup })
        if (sample === null) return null
        row.alone[this.#column(subject)] = sample
      }
    }
    const { duets } = this.#steps
    if (duets && this.#duet !== null) {
      const { cores, repeats } = this.#duet
      for (const pair of pairs) {
        const sample = await this.#pair({ ...pair, block, warmup, cores, repeats })
        if (sample === null) return null
        row.pairs[this.#column(pair.subject)] = sample
      }
    }
    // Instructions need no warming up, and once they are seen to be always the same there is nothing to learn.
    if (this.#steps.counted && !warmup && !isSteady(this.#rows)) {
      for (const subject of order) {
        const sample = await this.#alone({ subject, block, warmup, counted: true })
        if (sample === null) return null
        row.counted[this.#column(subject)] = sample
      }
    }
    return row
  }

  #column(subject: Subject): number {
    return subject === 'control' ? this.#options.heaps.length : subject
  }

  async #alone(run: PlannedRun): Promise<RunSample | null> {
    this.#report(run.block, run.subject)
    const sample = await this.#guarded((signal) => this.#runners.alone(run, signal))
    if (sample === null || this.#aborted()) return null
    this.#done++
    this.#take(run.subject, sample, run.warmup)
    return sample
  }

  async #pair(pair: PlannedPair): Promise<PairSample | null> {
    this.#report(pair.block, pair.subject)
    const sample = await this.#guarded((signal) => (this.#runners.pair as PairRunner)(pair, signal))
    if (sample === null || this.#aborted()) return null
    this.#done += 2
    this.#take(pair.subject, sample.candidate, pair.warmup && !this.#steps.alone)
    this.#take(0, sample.baseline, false)
    return sample
  }

  /** Keeps what a run says besides its numbers. */
  #take(subject: Subject, sample: RunSample, warmup = false): void {
    const heap = subject === 'control' ? 0 : subject
    if (sample.verdict !== null) this.#verdicts[heap]?.push(sample.verdict)
    if (warmup && sample.failure !== null) {
      this.#warmupFailures.push({ heap: this.#spec(subject), failure: sample.failure })
    }
  }

  async #guarded<T>(run: (signal: AbortSignal | undefined) => Promise<T>): Promise<T | null> {
    try {
      return await run(this.#options.signal)
    } catch (error) {
      // A runner that was stopped may end either way; what it throws then is not news.
      if (this.#aborted()) return null
      throw error
    }
  }

  async #replaced({ block }: PlannedBlock): Promise<Stop | null> {
    const file = (await this.#options.replaced?.()) ?? null
    return file === null ? null : { why: 'library-replaced', file, block }
  }

  #aborted(): boolean {
    return this.#options.signal?.aborted === true
  }

  /** Whether the next block, if it takes as long as those before, would end too late. */
  #timeIsUp(): boolean {
    const { maxTimeMs } = this.#options
    if (maxTimeMs === null || maxTimeMs === undefined) return false
    const expected = this.#rows.length === 0 ? 0 : this.#countedMs / this.#rows.length
    const elapsed = this.#now() - this.#start
    return elapsed >= maxTimeMs || elapsed + expected > maxTimeMs
  }

  /** Whether this is one of the planned looks, and nothing is left to be decided. */
  #isDecided(): boolean {
    if (this.#looks === null || !this.#looks.blocks.includes(this.#rows.length)) return false
    const runs = subjectRuns(this.#options, this.#rows, this.#steps).slice(0, -1)
    const cells = comparisonCells(this.#options, runs, this.#ratioOptions())
    const { heaps } = this.#options
    // Of a heap that fails in every run nothing will ever be known.
    const open = cells.filter((cell, index) => index % heaps.length > 0 && cell.runs.some((run) => run !== null))
    return open.every(({ verdict }) => verdict !== 'inconclusive')
  }

  #ratioOptions(): RatioOptions {
    const { seed } = this.#options
    return this.#looks === null ? { seed } : { seed, level: this.#looks.level }
  }

  #spec(subject: Subject): string {
    return this.#options.heaps[subject === 'control' ? 0 : subject]?.spec ?? ''
  }

  /** Runs in the whole plan. */
  #total(): number {
    const perBlock =
      (this.#steps.alone ? this.#options.heaps.length + 1 : 0) +
      (this.#steps.duets ? 2 : 0) * this.#options.heaps.length
    return perBlock * this.#plan.length + this.#probes
  }

  #report(block: number, subject: Subject): void {
    const { onProgress, maxTimeMs } = this.#options
    if (onProgress === undefined) return
    const elapsedMs = this.#now() - this.#start
    const total = Math.max(this.#total(), this.#done)
    const left = this.#done === 0 ? null : (elapsedMs / this.#done) * (total - this.#done)
    const allowed = maxTimeMs === null || maxTimeMs === undefined ? Number.POSITIVE_INFINITY : maxTimeMs - elapsedMs
    const remainingMs = left === null ? null : Math.max(0, Math.min(left, allowed))
    onProgress({ done: this.#done, total, block, heap: this.#spec(subject), elapsedMs, remainingMs })
  }

  #result(stopped: Stop | null): CompareResult {
    return comparisonResult({
      options: this.#options,
      rows: this.#rows,
      steps: this.#steps,
      duet: this.#duet,
      looks: this.#looks,
      ratioOptions: this.#ratioOptions(),
      verdicts: this.#verdicts,
      warmupFailures: this.#warmupFailures,
      started: this.#started,
      stopped,
    })
  }
}

/**
 * Compares heaps: runs each in every block through `runner` and returns what the complete blocks gave. An aborted
 * signal, a used-up `maxTimeMs` or a replaced file gives a partial result and not an error. Wrong options are USAGE or METRIC errors,
 * thrown before the first run; what the runner throws, it throws.
 */
export async function runComparison(
  options: ComparisonOptions,
  runner: Runner,
  pairRunner?: PairRunner,
): Promise<CompareResult> {
  checkOptions(options)
  return new Comparison(options, { alone: runner, pair: pairRunner }).run()
}
