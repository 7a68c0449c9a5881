/** Runs a real program under a heap through `run()` and keeps what it wrote. */

import { type RunOptions, run } from '../../lib/api/run.ts'
import type { RunResult } from '../../lib/types.ts'
import { collector } from './launching.ts'

/** A run with the target's own output. */
export interface Observed {
  result: RunResult
  stdout: string
  stderr: string
}

/** Runs a command with nothing on its stdin; whatever outlives it is ended. */
export async function runUnder(
  heap: string,
  command: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<Observed> {
  const stdout = collector()
  const stderr = collector()
  const result = await run({
    command,
    heap,
    stdin: 'ignore',
    stdout: stdout.sink,
    stderr: stderr.sink,
    killTree: true,
    lifeline: true,
    detached: true,
    timeoutMs: 300_000,
    ...options,
  })
  return { result, stdout: stdout.text(), stderr: stderr.text() }
}

/** The codes of a run's reasons. */
export function reasonCodes({ result }: Observed): string[] {
  return result.verdict.reasons.map(({ code }) => code)
}
