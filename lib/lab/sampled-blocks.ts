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

/** More than any probe has places. */
const mostPlaces = 1 << 20
const [addressBytes, blockBytes] = [8, 32]

/**
 * Those that are there now. Nothing is locked: what is put in or taken out meanwhile is left out.
 * @throws Alloc8Error PROCESS: it has ended, or may not be read
 */
export function readSampledBlocks({ pid, live, threads }: RawSamples): SampledBlock[] {
  if (live === null || live.places > mostPlaces) return []
  const { addressesAt, blocksAt, places } = live
  const names = new Map(threads.map(({ thread, name }) => [thread, name]))
  const found = new Map<bigint, SampledBlock>()
  withMemoryOf(pid, (read) => {
    const addresses = read(addressesAt, places * addressBytes)
    if (addresses === null) return
    for (let at = 0; at < places; ++at) {
      const address = addresses.readBigUInt64LE(at * addressBytes)
      // 0 is none, 1 one that is being written.
      if (address <= 1n) continue
      const block = read(blocksAt + BigInt(at * blockBytes), blockBytes)
      const still = read(addressesAt + BigInt(at * addressBytes), addressBytes)?.readBigUInt64LE(0)
      if (block === null || still !== address) continue
      const [bornNs, thread] = [block.readBigUInt64LE(16), block.readInt32LE(28)]
      // One that was freed while nothing was sampled stands for good; its address may have been given again.
      if ((found.get(address)?.bornNs ?? 0n) > bornNs) continue
      found.set(address, {
        address,
        usable: Number(block.readBigUInt64LE(0)),
        size: Number(block.readBigUInt64LE(8)),
        bornNs,
        thread: `${names.get(thread) || 'thread'} ${thread}`,
      })
    }
  })
  return [...found.values()]
}
