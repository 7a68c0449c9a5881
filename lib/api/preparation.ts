/** The command before each run. A run without it would measure another thing, so that its failure is the run's. */

import type { RunSample } from '../compare/index.ts'
import type { WorkloadOptions } from './compare.ts'
import { runUntimed } from './untimed.ts'

/** What it takes of a comparison's options. */
type PreparationOptions = Pick<WorkloadOptions, 'prepare' | 'cwd' | 'env' | 'timeoutMs'>

/** The --prepare command of a comparison. */
export class Preparation {
  readonly #options: PreparationOptions
  /** A run has been begun. */
  #begun = false

  constructor(options: PreparationOptions) {
    this.#options = options
  }

  /** Runs it, if there is one; gives the failed run that a failure makes of it. It has as much time as a run. */
  async run(signal: AbortSignal | undefined): Promise<RunSample | null> {
    const { cwd, env, timeoutMs, prepare } = this.#options
    if (prepare !== undefined) {
      const { problem } = await runUntimed(prepare, { title: '--prepare', code: 'USAGE', cwd, env, signal, timeoutMs })
      // Before the first run it is a mistake to be mended; later it costs that run and not the blocks before it.
      if (problem !== null && !this.#begun) throw problem
      if (problem !== null) return failedRun(problem.message, problem.hint ?? '')
    }
    this.#begun = true
    return null
  }
}

/** A run that gave nothing, for a reason that is not the target's. */
export function failedRun(message: string, output: string): RunSample {
  const failure = { exitCode: null, signal: null, timedOut: false, message, output }
  return { values: {}, failure, verdict: null, wallNs: 0 }
}
