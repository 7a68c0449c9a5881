/**
 * What a heap costs a process, step by step: its memory now less what it had before the heap was asked for anything. The
 * puppet's own room for commands is made as large beforehand as it will have to be, so that it is no part of that.
 */

import type { PuppetProcess } from './process.ts'
import type { PuppetThread } from './thread.ts'

/** In bytes, above what there was at first. */
export interface Footprint {
  /** Memory that the process has for itself, swapped out or not: what the system cannot take back while it runs. */
  held: number
  /** As the kernel counts it, pages included that were offered to the system (MADV_FREE) and not taken yet. */
  resident: number
  /** Anonymous memory that may be written to, there or not. */
  mapped: number
}

/** Measures one process. */
export class FootprintMeter {
  readonly #process: PuppetProcess
  readonly #before: Footprint

  private constructor(process: PuppetProcess) {
    this.#process = process
    this.#before = absolute(process)
  }

  /** @param commands as many as the largest batch will have that any of these threads is given */
  static async begin(threads: readonly PuppetThread[], commands: number): Promise<FootprintMeter> {
    const [first] = threads
    if (first === undefined) throw new RangeError('threads: expected one at least, got none')
    for (const thread of threads) {
      const batch = thread.batch()
      for (let i = 0; i < commands; ++i) batch.verify(0n, 0, 0)
      await batch.run()
    }
    return new FootprintMeter(first.process)
  }

  now(): Footprint {
    const now = absolute(this.#process)
    const above = (kind: keyof Footprint) => Math.max(0, now[kind] - this.#before[kind])
    return { held: above('held'), resident: above('resident'), mapped: above('mapped') }
  }
}

function absolute(process: PuppetProcess): Footprint {
  const { rssBytes, privateDirtyBytes, swapBytes } = process.memory()
  const writable = process.mappings().filter(({ permissions, name }) => permissions === 'rw-p' && !name.startsWith('/'))
  return {
    held: privateDirtyBytes + swapBytes,
    resident: rssBytes,
    mapped: writable.reduce((sum, { start, end }) => sum + Number(end - start), 0),
  }
}
