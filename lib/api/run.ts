/** `run()`: one run of a program under a heap, with its resources and the verdict whether the heap was in effect. */

import { usageError } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import { prepareTarget, type RunTargetOptions, runTarget } from '../launch/run.ts'
import type { RunResult } from '../types.ts'

/** What `run()` takes. Output goes to this process's own unless `stdout` and `stderr` say otherwise. */
export interface RunOptions extends RunTargetOptions {
  /** The program and its arguments. */
  command: readonly string[]
  /** A heap as `alloc8 heaps` names it, with tunables (`jemalloc:narenas=2`), or a library's path; `default` if absent. */
  heap?: string | undefined
}

/**
 * Runs a program under a heap. A target that fails, crashes or hangs is a result; an `Alloc8Error` is thrown where
 * nothing could be run, and when `signal` is aborted.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { command, heap = 'default', ...rest } = options
  checkCommand(command)
  const resolved = await resolveHeap(heap)
  return runTarget(prepareTarget(command, rest), resolved, rest)
}

/** Throws a USAGE error unless the command is a list of words with a program in front; `option` is where it came from. */
export function checkCommand(command: readonly string[], option = 'command'): void {
  if (!Array.isArray(command) || typeof command[0] !== 'string' || command[0] === '') {
    throw usageError(option, 'a program and its arguments', command)
  }
}
