/**
 * Two chains of runs at the same moment on the same CPUs: what a duet is made of. A chain is one command run so many
 * times in a row that it is long enough to meet the machine's noise. Both first runs are made ready and then released
 * together; from there on the scheduler slices time between the two, so that what disturbs one disturbs the other.
 */

/** A promise that opens once `count` have arrived at it. */
export class Barrier {
  #missing: number
  #open = (): void => {}
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve
  })

  constructor(count: number) {
    this.#missing = count
  }

  /** Waits for the others. */
  arrive(): Promise<void> {
    this.#missing--
    if (this.#missing <= 0) this.#open()
    return this.#opened
  }

  /** Lets those who wait go: somebody will not come. */
  abandon(): void {
    this.#open()
  }
}

/** What a chain does: runs once, with the gate to wait at before it starts (none for its later runs). */
export type Link<T> = (gate: (() => Promise<void>) | undefined, signal: AbortSignal) => Promise<T>

/** Both chains, when they have ended. */
export interface PairOutcome<T> {
  first: T[]
  second: T[]
  /** Share of the longer chain's time in which both ran, 0 to 1. */
  overlap: number
}

/**
 * Runs both chains, `repeats` times each, at the same moment. `first` is released a moment before `second`, which is
 * why callers change places. When one throws the other is ended, and the first error is thrown when both have ended.
 */
export async function runPair<T>(
  first: Link<T>,
  second: Link<T>,
  repeats: number,
  signal?: AbortSignal,
): Promise<PairOutcome<T>> {
  const stop = new AbortController()
  const stopBoth = () => stop.abort(signal?.reason)
  signal?.addEventListener('abort', stopBoth, { once: true })
  if (signal?.aborted) stopBoth()
  const barrier = new Barrier(2)
  let failure: { error: unknown } | null = null
  let begun = 0
  const chain = async (link: Link<T>) => {
    const results: T[] = []
    try {
      for (let run = 0; run < repeats; run++) {
        const gate = async () => {
          await barrier.arrive()
          begun = performance.now()
        }
        results.push(await link(run === 0 ? gate : undefined, stop.signal))
      }
    } catch (error) {
      failure ??= { error }
      stop.abort(error)
    } finally {
      // One that failed before it was ready must not keep the other waiting.
      barrier.abandon()
    }
    return { results, ended: performance.now() }
  }
  try {
    const [one, other] = await Promise.all([chain(first), chain(second)])
    if (failure !== null) throw (failure as { error: unknown }).error
    const [shorter, longer] = [one.ended, other.ended].map((end) => end - begun).sort((a, b) => a - b) as [
      number,
      number,
    ]
    return { first: one.results, second: other.results, overlap: longer > 0 ? Math.max(0, shorter / longer) : 1 }
  } finally {
    signal?.removeEventListener('abort', stopBoth)
  }
}
