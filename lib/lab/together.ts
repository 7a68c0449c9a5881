/**
 * Batches of several threads, each begun at the moment when all are there, and what becomes of the others where one of
 * them dies or hangs before that: they wait no longer, and their threads can be used again.
 */

import { usageError } from '../errors.ts'
import { Batch, type BatchOptions } from './batch.ts'
import type { BatchResult } from './batch-result.ts'

/** Places below are for barriers in batches; above, as native/puppet/linux/threads.cpp has them. */
const [firstPlace, endOfPlaces] = [128, 65_536]

/** Where threads of a puppet meet. */
export class MeetingPlaces {
  #next = firstPlace
  /** Where somebody may have died waiting: whom the place still counts. */
  readonly #spoilt = new Set<number>()

  /** One at which nobody waits. */
  next(): number {
    do {
      this.#next = this.#next + 1 < endOfPlaces ? this.#next + 1 : firstPlace
    } while (this.#spoilt.has(this.#next))
    return this.#next
  }

  /** Nobody is to meet there again. */
  spoil(place: number): void {
    // Where all are spoilt the oldest are the least likely to matter.
    if (this.#spoilt.size < (endOfPlaces - firstPlace) / 2) this.#spoilt.add(place)
  }
}

/** Whoever was to be met never came. */
class Abandoned extends Error {}

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
  const results = await Promise.all(
    batches.map(async (batch) => {
      try {
        const raw = await batch.runner.run(batch, options, meeting)
        if (raw.startNs === 0n) throw new Abandoned()
        return batch.settled(raw)
      } catch (error) {
        if (failures.length === 0) {
          places.spoil(meeting.place)
          for (const { runner } of batches) runner.leaveMeeting()
        }
        failures.push(error)
        return null
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
  return results.filter((result) => result !== null)
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
