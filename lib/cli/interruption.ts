/** Long work in front of somebody: a progress display, Ctrl-C once to stop in order and twice to end at once, reports. */

import type { Reports } from './reports.ts'

/**
 * Does `work` with Ctrl-C and gives its result, and whether it was interrupted. `stopping` is said at the first Ctrl-C;
 * where there is no result, reports that are new are taken away again.
 */
export async function watched<Result>(
  {
    progress,
    reports,
    stopping,
  }: { progress: { end(): void }; reports: Pick<Reports<Result>, 'abandon'>; stopping: string },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<{ result: Result; interrupted: boolean }> {
  const interrupt = interruption(
    () => {
      progress.end()
      process.stderr.write(`alloc8: ${stopping}; once more ends it at once\n`)
    },
    () => {
      progress.end()
      reports.abandon()
    },
  )
  try {
    const result = await work(interrupt.signal)
    return { result, interrupted: interrupt.signal.aborted }
  } catch (error) {
    reports.abandon()
    throw error
  } finally {
    progress.end()
    interrupt.end()
  }
}

/**
 * The first Ctrl-C ends the work with what there is, after `first`; the second ends the process at once, after
 * `second`.
 */
function interruption(first: () => void, second: () => void): { signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) {
      second()
      process.exit(130)
    }
    first()
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  return {
    signal: controller.signal,
    end: () => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, stop)
    },
  }
}
