/**
 * The GNU hash table of an ELF file (DT_GNU_HASH): from a name to the symbols that may have it, in a few small reads.
 * The layout and the hash function are those of glibc's elf/dl-lookup.c: a filter, buckets with the first symbol of
 * each, and chains in which a symbol's hash has its lowest bit set where the chain ends.
 */

import { type ElfLayout, locate, type Segment } from './elf-layout.ts'
import type { FileRanges } from './file-ranges.ts'

/** Chains are a few symbols long; a longer one is garbage or an attack. */
const chainLimit = 16 * 1024

/** An open hash table. */
export class GnuHash {
  readonly #file: FileRanges
  readonly #layout: ElfLayout
  readonly #firstHashed: number
  readonly #bucketCount: number
  readonly #bucketsAt: number

  constructor(file: FileRanges, layout: ElfLayout, offset: number, header: Buffer) {
    this.#file = file
    this.#layout = layout
    this.#bucketCount = layout.u32(header, 0)
    this.#firstHashed = layout.u32(header, 4)
    this.#bucketsAt = offset + 16 + layout.u32(header, 8) * (layout.bits / 8)
  }

  /** The indices of the symbols whose hash is that of a name. */
  candidates(name: string): number[] {
    if (this.#bucketCount === 0) return []
    const hash = gnuHash(name)
    const bucket = this.#file.read(this.#bucketsAt + (hash % this.#bucketCount) * 4, 4)
    const first = bucket === null ? 0 : this.#layout.u32(bucket, 0)
    if (first < this.#firstHashed) return []
    const chain = this.#chain(first)
    const indices: number[] = []
    for (let at = 0; at + 4 <= chain.length; at += 4) {
      const value = this.#layout.u32(chain, at)
      if ((value | 1) === (hash | 1)) indices.push(first + at / 4)
      if ((value & 1) === 1) break
    }
    return indices
  }

  /** The number of symbols in the file's dynamic table. 0: the table holds none, or is broken. */
  symbolCount(): number {
    const buckets = this.#file.read(this.#bucketsAt, this.#bucketCount * 4)
    let last = 0
    for (let at = 0; buckets !== null && at < buckets.length; at += 4)
      last = Math.max(last, this.#layout.u32(buckets, at))
    if (last < this.#firstHashed) return 0
    const chain = this.#chain(last)
    for (let at = 0; at + 4 <= chain.length; at += 4) {
      if ((this.#layout.u32(chain, at) & 1) === 1) return last + at / 4 + 1
    }
    return 0
  }

  #chain(first: number): Buffer {
    const chainsAt = this.#bucketsAt + this.#bucketCount * 4
    return this.#file.readUpTo(chainsAt + (first - this.#firstHashed) * 4, chainLimit * 4)
  }
}

/** Opens the table at a linked address. null: there is none, or it is not in the file. */
export function readGnuHash(
  file: FileRanges,
  layout: ElfLayout,
  segments: readonly Segment[],
  address: number | null,
): GnuHash | null {
  const place = address === null ? null : locate(segments, address)
  const header = place === null ? null : file.read(place.offset, 16)
  return place === null || header === null ? null : new GnuHash(file, layout, place.offset, header)
}

/** Bernstein's hash with 33, as dl_new_hash computes it. */
export function gnuHash(name: string): number {
  let hash = 5381
  for (const byte of Buffer.from(name)) hash = (Math.imul(hash, 33) + byte) >>> 0
  return hash
}
