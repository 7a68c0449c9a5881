/**
 * Runs of services for a comparison: a server under each heap in turn, the same load on each. What is beside the
 * numbers, memory over time above all, is kept for the result.
 */

import { type CompareMetric, OutputMatcher, type PlannedRun, probeValues, type RunSample } from '../compare/index.ts'
import { type PreparedService, runService } from '../service/index.ts'
import { Rng } from '../stats/index.ts'
import type { ResolvedHeap, Timeline, Warning } from '../types.ts'
import { Preparation } from './preparation.ts'
import type { RunnerOptions } from './runner.ts'

/** Runs one server for one line of the plan. */
export class ServiceRunner {
  readonly #name: string
  readonly #options: RunnerOptions
  readonly #service: PreparedService
  readonly #heaps: readonly ResolvedHeap[]
  readonly #metrics: readonly CompareMetric[]
  readonly #padding: Rng
  readonly #preparation: Preparation
  readonly #warnings = new Map<string, Warning>()
  /** Of the runs that count; a block that was not completed has some too many. */
  readonly timelines: Timeline[] = []

  constructor(
    name: string,
    options: RunnerOptions,
    service: PreparedService,
    heaps: readonly ResolvedHeap[],
    metrics: readonly CompareMetric[],
    seed: number,
  ) {
    this.#name = name
    this.#options = options
    this.#service = service
    this.#heaps = heaps
    this.#metrics = metrics
    this.#padding = new Rng(seed)
    this.#preparation = new Preparation(options)
  }

  /** What the runs gave to be said, each once. */
  get warnings(): Warning[] {
    return [...this.#warnings.values()]
  }

  async run({ subject, block, warmup }: PlannedRun, signal?: AbortSignal): Promise<RunSample> {
    const problem = await this.#preparation.run(signal)
    if (problem !== null) return problem
    const heapIndex = subject === 'control' ? 0 : subject
    const heap = this.#heaps[heapIndex]
    if (heap === undefined) throw new RangeError(`no heap ${subject}`)
    const { timeoutMs, onOutput, probe } = this.#options
    const run = await runService(this.#service, heap, {
      reader: new OutputMatcher(this.#metrics),
      timeoutMs,
      signal,
      paddingBytes: this.#padding.below(4096),
      onOutput,
      probe,
    })
    for (const warning of run.warnings) this.#warnings.set(`${warning.code}\n${warning.message}`, warning)
    const values = run.probe === null ? run.values : { ...probeValues(run.probe), ...run.values }
    const { failure, verdict, wallNs, suspendedNs, problems, output, timeline } = run
    if (!warmup && subject !== 'control') {
      this.timelines.push({ workload: this.#name, heap: heap.spec, heapIndex, block, ...timeline })
    }
    return { values, failure, verdict, wallNs, suspendedNs, problems, output }
  }
}
