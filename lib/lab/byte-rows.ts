/** Memory before and after, as rows of a picture of bytes. */

import type { LabBytes } from '../types.ts'
import { hex } from './words.ts'

/** A stretch of memory with a name: from its first byte to the one behind its last, counted from where the memory begins. */
export interface Stretch {
  from: number
  to: number
  label: string
}

/**
 * Rows of sixteen bytes; each is named after the stretches that it has bytes of. The two must be equally long.
 * @param address of their first byte
 */
export function byteRows(
  address: bigint,
  before: Uint8Array,
  after: Uint8Array,
  stretches: readonly Stretch[],
): LabBytes['rows'] {
  const rows: LabBytes['rows'] = []
  for (let from = 0; from < before.length; from += 16) {
    const to = Math.min(from + 16, before.length)
    const inside = stretches.filter((stretch) => stretch.from < to && stretch.to > from)
    rows.push({
      address: hex(address + BigInt(from)),
      label: inside.map(({ label }) => label).join(', '),
      before: Buffer.from(before.subarray(from, to)).toString('hex'),
      after: Buffer.from(after.subarray(from, to)).toString('hex'),
    })
  }
  return rows
}

/** How many bytes of a stretch differ between the two. */
export function bytesChanged(before: Uint8Array, after: Uint8Array, from = 0, to = before.length): number {
  let changed = 0
  for (let at = from; at < to; ++at) if (before[at] !== after[at]) ++changed
  return changed
}
