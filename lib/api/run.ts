/** `run()`: one run of a program under a heap, with its resources and the verdict whether the heap was in effect. */

import { usageError } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import { probeSettings } from '../launch/probe-settings.ts'
import { type LaunchedRun, prepareTarget, type RunTargetOptions, runLaunched } from '../launch/run.ts'
import { keepPerfMaps } from '../profile/index.ts'
import type { RunResult } from '../types.ts'
import { profileOf } from './profile.ts'

/** What `run()` takes. Output goes to this process's own unless `stdout` and `stderr` say otherwise. */
export interface RunOptions extends Omit<RunTargetOptions, 'watcher'> {
  /** The program and its arguments. */
  command: readonly string[]
  /** A heap as `alloc8 heaps` names it, with tunables (`jemalloc:narenas=2`), or a library's path; `default` if absent. */
  heap?: string | undefined
  /**
   * Puts what was sampled into the result, by stack: the probe samples then whatever `probe` says. Finding the names of
   * functions takes seconds where programs are large.
   */
  profile?: boolean | undefined
}

/**
 * Runs a program under a heap. A target that fails, crashes or hangs is a result; an `Alloc8Error` is thrown where
 * nothing could be run, and when `signal` is aborted.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { command, heap = 'default', profile: wanted = false, ...rest } = options
  checkCommand(command)
  const resolved = await resolveHeap(heap)
  const settings = wanted ? { ...rest, probe: sampling(rest.probe) } : rest
  const launched = await runAndKeep(prepareTarget(command, rest), resolved, settings)
  const { result, records, samples } = launched
  return wanted && samples !== null ? { ...result, profile: await profileOf(samples, records.records) } : result
}

/** Runs a target, and has a session that is kept take along the names of what was sampled in code made at run time. */
export async function runAndKeep(...words: Parameters<typeof runLaunched>): Promise<LaunchedRun> {
  const launched = await runLaunched(...words)
  const { result, samples } = launched
  if (result.session !== null && samples !== null) keepPerfMaps(samples, result.session)
  return launched
}

/** What is asked of the probe, with sampling. */
function sampling(probe: RunTargetOptions['probe']): RunTargetOptions['probe'] {
  const { levels, ...numbers } = probeSettings(probe ?? 'counts')
  return { levels: [...levels, 'sample'], ...numbers }
}

/** Throws a USAGE error unless the command is a list of words with a program in front; `option` is where it came from. */
export function checkCommand(command: readonly string[], option = 'command'): void {
  if (!Array.isArray(command) || typeof command[0] !== 'string' || command[0] === '') {
    throw usageError(option, 'a program and its arguments', command)
  }
}
