/** Ctrl-C during long work: once to stop in order, twice to end at once. */

/**
 * The first Ctrl-C ends the work with what there is, after `first`; the second ends the process at once, after
 * `second`.
 */
export function interruption(first: () => void, second: () => void): { signal: AbortSignal; end(): void } {
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
