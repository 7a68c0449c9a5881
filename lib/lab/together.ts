/**
 * Batches of several threads, each begun at the moment when all are there, and what becomes of the others where one of
 * them dies or hangs before that: they wait no longer, and their threads can be used again.
 */

import { Alloc8Error, usageError } from '../errors.ts'
import { Batch, type BatchOptions } from './batch.ts'
import type { BatchResult } from './batch-result.ts'
import { meetings } from './protocol.ts'

/** Where threads of a puppet meet. A place is used once more only where all of its meetings have come about. */
export class MeetingPlaces {
  #last = meetings.first - 1
  readonly #abandoned = new Set<number>()
  readonly #tell: (place: number) => void

  /** `tell` has those who wait at a place go on. */
  constructor(tell: (place: number) => void) {
    this.#tell = tell
  }

  /**
   * One at which nobody waits.
   * @throws Alloc8Error PUPPET after thousands of meetings that did not come about
   */
  next(): number {
    if (this.#abandoned.size === meetings.count - meetings.first) {
      throw new Alloc8Error('PUPPET', `no place to meet is left after ${this.#abandoned.size} that were abandoned`, {
        hint: 'start another puppet',
      })
    }
    do {
      this.#last = this.#last + 1 < meetings.count ? this.#last + 1 : meetings.first
    } while (this.#abandoned.has(this.#last))
    return this.#last
  }

  /** Not all will come: who waits is to go on, and nobody is to meet there again. */
  abandon(place: number): void {
    this.#abandoned.add(place)
    this.#tell(place)
  }
}

/** Whoever was to be met never came. */
const abandoned = Symbol('abandoned')

/**
 * Runs them. Where one does not come to its end, what the others did is known to their tables of blocks all the same.
 * @throws whatever the first of them rejected with
 */
export async function runTogether(
  batches: readonly Batch[],
  options: BatchOptions,
  places: MeetingPlaces,
): Promise<BatchResult[]> {
  const meeting = { place: places.next(), parties: batches.length }
  const failures: unknown[] = []
  const ends = await Promise.all(
    batches.map(async (batch) => {
      try {
        const raw = await batch.runner.run(batch, options, meeting)
        return raw.startNs === 0n ? abandoned : batch.settled(raw)
      } catch (error) {
        if (failures.length === 0) places.abandon(meeting.place)
        failures.push(error)
        return abandoned
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
  return ends.filter((end) => end !== abandoned)
}

/** Throws a USAGE error unless they are batches of different threads. */
export function checkParties(batches: readonly Batch[]): void {
  if (!Array.isArray(batches) || !batches.every((batch) => batch instanceof Batch)) {
    throw usageError('together', 'a list of batches', batches)
  }
  const threads = new Set(batches.map(({ runner }) => runner.thread))
  if (batches.length === 0 || threads.size !== batches.length) {
    throw usageError('together', 'batches of different threads', `${batches.length} of ${threads.size} threads`)
  }
}
