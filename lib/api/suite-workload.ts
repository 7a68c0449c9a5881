/**
 * One workload of a suite with what is around it: setup, the comparison, teardown. The teardown is run however the rest
 * ended, also after Ctrl-C, for else the next run finds what this one left.
 */

import { preventsRuns, type WorkloadResult } from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import type { CompareResult, ResolvedHeap, Warning, WorkloadProblem } from '../types.ts'
import { compareService, compareWorkload, type Known, type WorkloadOptions } from './compare.ts'
import { endLeftovers, endLeftoversAtExit, type Survivor, survivorsOf } from './leftovers.ts'
import { isService, type WorkloadSettings } from './suite-settings.ts'
import { runUntimed } from './untimed.ts'

/** A workload with the options of this run. */
export type SuiteWorkload = Omit<WorkloadSettings, 'options'> & {
  options: WorkloadOptions & { cwd: string; env: NodeJS.ProcessEnv }
}

/** What became of a workload. */
interface Measured {
  result: CompareResult | null
  problem?: WorkloadProblem | undefined
  warnings?: Warning[]
}

/** Runs a workload, or nothing of it where it is not to be reached any more. */
export async function runSuiteWorkload(
  work: SuiteWorkload,
  heaps: readonly ResolvedHeap[],
  unreached: boolean,
): Promise<WorkloadResult> {
  if (unreached) return { result: await unrun(work, heaps), unreached }
  const around = new Around(work)
  let measured: Measured = { result: null }
  try {
    const problem = await around.setUp()
    if (problem !== null) measured = { result: null, problem }
    else if (!around.aborted) measured = await measure(work, heaps)
  } finally {
    await around.tearDown()
  }
  const { problem = around.problem } = measured
  const result = measured.result ?? (await unrun(work, heaps))
  const { aborted } = around
  const warnings = [...(measured.warnings ?? []), ...around.warnings]
  return { result, problem, warnings, ...(aborted && { unreached: true }) }
}

async function unrun(work: SuiteWorkload, heaps: readonly ResolvedHeap[]): Promise<CompareResult> {
  return (await compareKind(work, { heaps, unrun: true })).result
}

/** Compares heaps under a workload of either kind. */
async function compareKind(
  { name, workload, options }: SuiteWorkload,
  known: Known,
): Promise<{ result: CompareResult; warnings?: Warning[] }> {
  if (isService(workload)) return compareService(name, options, workload, known)
  return { result: await compareWorkload(name, options, known) }
}

/** What a target or its prepare command cannot do is the workload's problem; all else ends the suite. */
const workloadCodes = new Set(['USAGE', 'TARGET_NOT_FOUND', 'TARGET_NOT_EXECUTABLE', 'PORT_IN_USE'])

async function measure(work: SuiteWorkload, heaps: readonly ResolvedHeap[]) {
  try {
    return await compareKind(work, { heaps })
  } catch (error) {
    if (!(error instanceof Alloc8Error) || !workloadCodes.has(error.code)) throw error
    const phase = error.message.startsWith('--prepare') ? 'prepare' : 'start'
    const message = error.message.replace(/^--prepare/, 'prepare')
    return { result: null, problem: { phase, message, hint: error.hint ?? '' } satisfies WorkloadProblem }
  }
}

/** What is run around a workload, and what became of it. */
class Around {
  readonly #work: SuiteWorkload
  #left: Survivor[] = []
  /** A second Ctrl-C waits for no teardown. */
  readonly #atExit = () => endLeftoversAtExit(this.#left)
  aborted = false
  problem: WorkloadProblem | undefined
  readonly warnings: { code: string; message: string }[] = []

  constructor(work: SuiteWorkload) {
    this.#work = work
  }

  /** Runs the setup. Its problem, or null; where it was stopped, `aborted` is set and there is nothing to measure. */
  async setUp(): Promise<WorkloadProblem | null> {
    const { setup } = this.#work.workload
    if (setup === undefined) return null
    try {
      const { problem, leftovers } = await this.#run('setup', setup, this.#work.options.signal)
      this.#left = survivorsOf(leftovers)
      process.once('exit', this.#atExit)
      return problem
    } catch (error) {
      if (!(error instanceof Alloc8Error) || error.code !== 'ABORTED') throw error
      this.aborted = true
      return null
    }
  }

  /** Runs the teardown, and then ends what the setup started and it has not ended. No Ctrl-C stops it. */
  async tearDown(): Promise<void> {
    const { teardown } = this.#work.workload
    if (teardown !== undefined) {
      const { problem } = await this.#run('teardown', teardown, undefined)
      if (problem !== null) this.problem = problem
    }
    const ended = await endLeftovers(this.#left)
    process.off('exit', this.#atExit)
    if (ended.length === 0) return
    const names = ended.map(({ pid, command }) => `${command} (${pid})`).join(', ')
    const message = `what its setup had started still ran after it and was ended: ${names}. End it in a teardown`
    this.warnings.push({ code: 'setup-leftovers', message })
  }

  async #run(
    phase: 'setup' | 'teardown',
    command: NonNullable<SuiteWorkload['workload']['setup']>,
    signal?: AbortSignal,
  ) {
    const { options, setupTimeoutMs } = this.#work
    const { cwd, env } = options
    const ran = await runUntimed(command, { title: phase, code: 'SETUP', cwd, env, signal, timeoutMs: setupTimeoutMs })
    const { problem } = ran
    return { ...ran, problem: problem && { phase, message: problem.message, hint: problem.hint ?? '' } }
  }
}

/** Whether a suite's result has a workload of which nothing could be measured. */
export function hasFailedWorkload({ workloads }: Pick<CompareResult, 'workloads'>): boolean {
  return workloads.some(({ problem }) => preventsRuns(problem))
}
