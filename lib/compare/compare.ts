/**
 * Runs a comparison: block after block by the plan, until all are done, the time is used up, the caller stops it or
 * what it compares is replaced; then what the complete blocks gave. Only complete blocks count, as a ratio needs all of its runs close together.
 */

import { usageError } from '../errors.ts'
import type { CompareResult, RunFailure, Verdict } from '../types.ts'
import { comparedHeap, comparisonCells, controlCells } from './cells.ts'
import { metricPattern } from './metrics.ts'
import { type PlannedBlock, planBlocks } from './plan.ts'
import type { ComparisonOptions, Runner, RunSample, Stop, Subject, SubjectRuns } from './types.ts'
import { comparisonWarnings } from './warnings.ts'

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

/** One comparison under way: what has been run and what it gave. */
class Comparison {
  readonly #options: ComparisonOptions
  readonly #runner: Runner
  readonly #plan: PlannedBlock[]
  readonly #now: () => number
  readonly #start: number
  readonly #started = new Date().toISOString()
  readonly #total: number
  #done = 0
  /** The samples of complete blocks: one row per block, in it one per heap and the control last. */
  readonly #rows: RunSample[][] = []
  /** Of every run that ended, counted or not: whether a heap was in effect is no matter of statistics. */
  readonly #verdicts: Verdict[][]
  readonly #warmupFailures: { heap: string; failure: Omit<RunFailure, 'block'> }[] = []
  #countedMs = 0

  constructor(options: ComparisonOptions, runner: Runner) {
    this.#options = options
    this.#runner = runner
    this.#plan = planBlocks({ ...options, heaps: options.heaps.length })
    this.#total = this.#plan.reduce((sum, { order }) => sum + order.length, 0)
    this.#now = options.now ?? (() => performance.now())
    this.#start = this.#now()
    this.#verdicts = options.heaps.map(() => [])
  }

  async run(): Promise<CompareResult> {
    for (const planned of this.#plan) {
      if (this.#aborted()) return this.#result({ why: 'interrupted' })
      if (this.#timeIsUp()) return this.#result({ why: 'max-time' })
      const before = await this.#replaced(planned)
      if (before !== null) return this.#result(before)
      const start = this.#now()
      const row = await this.#block(planned).catch((error: unknown) => ({ error }))
      if (row === null) return this.#result({ why: 'interrupted' })
      // Looked at first: a program that is away in mid-block is the reason for the error, and no reason to lose the
      // blocks before.
      const after = await this.#replaced(planned)
      if (after !== null) return this.#result(after)
      if ('error' in row) throw row.error
      if (planned.warmup) continue
      this.#rows.push(row)
      this.#countedMs += this.#now() - start
    }
    const last = this.#plan.at(-1)
    if (last !== undefined) this.#report(last.block, last.order.at(-1) ?? 0)
    return this.#result(null)
  }

  /** Runs a block; null when it was interrupted and does not count. */
  async #block({ block, warmup, order }: PlannedBlock): Promise<RunSample[] | null> {
    const { heaps, signal } = this.#options
    const row: RunSample[] = []
    for (const subject of order) {
      this.#report(block, subject)
      const sample = await this.#sample(subject, block, warmup)
      if (sample === null || signal?.aborted) return null
      this.#done++
      const heap = subject === 'control' ? 0 : subject
      if (sample.verdict !== null) this.#verdicts[heap]?.push(sample.verdict)
      if (warmup && sample.failure !== null) {
        this.#warmupFailures.push({ heap: this.#spec(subject), failure: sample.failure })
      }
      row[subject === 'control' ? heaps.length : subject] = sample
    }
    return row
  }

  async #sample(subject: Subject, block: number, warmup: boolean): Promise<RunSample | null> {
    try {
      return await this.#runner({ subject, block, warmup }, this.#options.signal)
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

  #spec(subject: Subject): string {
    return this.#options.heaps[subject === 'control' ? 0 : subject]?.spec ?? ''
  }

  #report(block: number, subject: Subject): void {
    const { onProgress, maxTimeMs } = this.#options
    if (onProgress === undefined) return
    const elapsedMs = this.#now() - this.#start
    const left = this.#done === 0 ? null : (elapsedMs / this.#done) * (this.#total - this.#done)
    const allowed = maxTimeMs === null || maxTimeMs === undefined ? Number.POSITIVE_INFINITY : maxTimeMs - elapsedMs
    const remainingMs = left === null ? null : Math.max(0, Math.min(left, allowed))
    onProgress({ done: this.#done, total: this.#total, block, heap: this.#spec(subject), elapsedMs, remainingMs })
  }

  #result(stopped: Stop | null): CompareResult {
    const options = this.#options
    const runs = [...options.heaps, null].map(
      (heap, column): SubjectRuns => ({
        spec: (heap ?? options.heaps[0])?.spec ?? '',
        samples: this.#rows.flatMap((row) => row[column] ?? []),
      }),
    )
    const controlRuns = runs.pop() as SubjectRuns
    const heaps = options.heaps.map((heap, index) => comparedHeap(heap, this.#verdicts[index] ?? []))
    const cells = comparisonCells(options, runs)
    const control = controlCells(options, controlRuns, runs[0] as SubjectRuns)
    const blocks = this.#rows.length
    const { warmupBlocks, seed, threshold, machine } = options
    return {
      schema: 1,
      alloc8: options.version ?? '',
      started: this.#started,
      reproduce: options.reproduce ?? null,
      command: [...options.command],
      workloads: [
        {
          name: options.workload,
          kind: 'command',
          command: [...options.command],
          load: null,
          blocks,
          requestedBlocks: options.blocks,
          threshold,
          duet: null,
          looks: null,
        },
      ],
      baseline: controlRuns.spec,
      heaps,
      blocks,
      requestedBlocks: options.blocks,
      warmupBlocks,
      seed,
      threshold,
      partial: stopped !== null,
      machine,
      control,
      warnings: comparisonWarnings({
        options,
        heaps,
        runs,
        controlRuns,
        control,
        blocks,
        stopped,
        warmupFailures: this.#warmupFailures,
      }),
      cells,
      overall: [],
      pareto: [],
      timelines: [],
    }
  }
}

/**
 * Compares heaps: runs each in every block through `runner` and returns what the complete blocks gave. An aborted
 * signal, a used-up `maxTimeMs` or a replaced file gives a partial result and not an error. Wrong options are USAGE or METRIC errors,
 * thrown before the first run; what the runner throws, it throws.
 */
export async function runComparison(options: ComparisonOptions, runner: Runner): Promise<CompareResult> {
  checkOptions(options)
  return new Comparison(options, runner).run()
}
