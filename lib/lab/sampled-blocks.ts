/**
 * The sampled blocks of a running process that are live, from the table that its probe keeps in its memory: what a map of
 * a session can show of blocks. A block of n bytes is among them with the probability 1 - exp(-n / mean).
 */

import type { RawSamples } from '../binding/native.ts'
import { withMemoryOf } from './memory.ts'

/** One of them. */
export interface SampledBlock {
  address: bigint
  /** As asked for, in bytes; 16 where it was less. */
  size: number
  usable: number
  /** On the monotonic clock of its machine. */
  bornNs: bigint
  /** Its name, and the system's number. */
  thread: string
}

/** As many places as a probe has. */
const mostPlaces = 1 << 16
const [addressBytes, blockBytes] = [8, 32]

/**
 * Those of a process that are there now, by address. Nothing is locked: a place that is not the same twice is left out.
 * Of a block that was freed while nothing was sampled nobody knows; where another lies there by now, that one is given.
 * @throws Alloc8Error PROCESS: it has ended, or may not be read
 */
export function readSampledBlocks(pid: number, { live, threads }: RawSamples): SampledBlock[] {
  if (live === null || live.places > mostPlaces) return []
  const { addressesAt, blocksAt, places } = live
  const [first, second] = withMemoryOf(pid, (read) => {
    const look = () => ({
      addresses: read(addressesAt, places * addressBytes),
      blocks: read(blocksAt, places * blockBytes),
    })
    return [look(), look()]
  })
  if (first.addresses === null || first.blocks === null || second.addresses === null || second.blocks === null)
    return []
  const names = new Map(threads.map(({ thread, name }) => [thread, name]))
  const found: SampledBlock[] = []
  for (let at = 0; at < places; ++at) {
    const address = first.addresses.readBigUInt64LE(at * addressBytes)
    // 0 is none, 1 one that is being written.
    if (address <= 1n || second.addresses.readBigUInt64LE(at * addressBytes) !== address) continue
    const block = first.blocks.subarray(at * blockBytes, (at + 1) * blockBytes)
    if (!block.equals(second.blocks.subarray(at * blockBytes, (at + 1) * blockBytes))) continue
    const thread = block.readInt32LE(28)
    found.push({
      address,
      usable: Number(block.readBigUInt64LE(0)),
      size: Number(block.readBigUInt64LE(8)),
      bornNs: block.readBigUInt64LE(16),
      thread: `${names.get(thread) || 'thread'} ${thread}`,
    })
  }
  return withoutOlder(found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)))
}

/** Of blocks that overlap, which not all can be live, the younger. */
function withoutOlder(sorted: readonly SampledBlock[]): SampledBlock[] {
  const kept: SampledBlock[] = []
  for (const block of sorted) {
    let isCovered = false
    for (let last = kept.at(-1); last !== undefined && endOf(last) > block.address; last = kept.at(-1)) {
      isCovered = last.bornNs > block.bornNs
      if (isCovered) break
      kept.pop()
    }
    if (!isCovered) kept.push(block)
  }
  return kept
}

const endOf = ({ address, usable }: SampledBlock) => address + BigInt(usable)
