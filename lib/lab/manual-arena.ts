/**
 * An arena as one writes it by hand, in a puppet's memory: a header, and behind it blocks that begin where the one before
 * ended. All that it knows lies in that memory; here is only the arithmetic, in the steps in which a program does it
 * (read the offset, add, store it), so that threads share it and forks copy it as they do with a program's. It takes no
 * lock, on purpose.
 */

import { Alloc8Error, usageError } from '../errors.ts'
import { memoryFlags } from './batch.ts'
import type { PuppetThread } from './thread.ts'

/** Where an arena's memory comes from: the heap (`malloc`, `memalign`), or a mapping of its own, private or shared. */
export type ArenaSource = 'malloc' | 'memalign' | 'mmap' | 'shared'

/** How an arena is made. */
export interface ArenaOptions {
  /** `malloc` unless given. */
  source?: ArenaSource | undefined
  /** Of the base, where the source is `memalign`; a page unless given. */
  alignment?: number | undefined
  /** Puts a head in front of every block (its state, its size, and where the one before is): for `walk` and `free`. */
  heads?: boolean | undefined
}

/** The header as some thread has read it. Offsets are bytes from the base. */
export interface ArenaState {
  /** Where the next block may begin. */
  offset: number
  capacity: number
  /** The head of the newest block; 0 where there is none, or where there are no heads. */
  last: number
  /** How many blocks were allocated since the arena was made or reset. */
  blocks: number
}

/** A block with a head. */
export interface ArenaBlock {
  address: bigint
  size: number
  live: boolean
}

/** What the heads say, from the newest block back to the first. */
export interface ArenaWalk {
  /** By address. */
  blocks: ArenaBlock[]
  /** The first head met that is none: it was written over; what lies before it cannot be reached. Null: all are whole. */
  damagedHead: bigint | null
}

/** The header: offset, capacity, newest head, number of blocks; eight bytes each. */
export const ARENA_HEADER = 32
/** A head: eight letters of state, four bytes of size, four of where the head before it is. */
export const ARENA_HEAD = 16

const LIVE = 'live....'
const GONE = 'freed...'
const { PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS } = memoryFlags
const mostBytes = 2 ** 32 - 1

/** An arena in a puppet's memory. It may be used from any thread, and under the same base from any fork. */
export class ManualArena {
  /** Its first byte, where the header is. Eight bytes there are the offset. */
  readonly base: bigint
  readonly source: ArenaSource
  readonly heads: boolean

  private constructor(base: bigint, source: ArenaSource, heads: boolean) {
    this.base = base
    this.source = source
    this.heads = heads
  }

  /**
   * Makes one of so many bytes, its header among them.
   * @throws Alloc8Error USAGE; PUPPET where its memory is refused
   */
  static async make(thread: PuppetThread, capacity: number, options: ArenaOptions = {}): Promise<ManualArena> {
    const { source = 'malloc', alignment = 4096, heads = false } = options
    if (!(Number.isInteger(capacity) && capacity > ARENA_HEADER && capacity <= mostBytes)) {
      throw usageError('capacity', `a whole number above ${ARENA_HEADER} and below 4 GiB`, capacity)
    }
    const base = await baseFrom(thread, capacity, source, alignment)
    if (base === 0n) {
      throw new Alloc8Error('PUPPET', `${thread.name}: no ${capacity} bytes for an arena from ${source}`)
    }
    const arena = new ManualArena(base, source, heads)
    await thread.write(base, headerOf({ offset: ARENA_HEADER, capacity, last: 0, blocks: 0 }))
    return arena
  }

  /** What the header says now. */
  async look(thread: PuppetThread): Promise<ArenaState> {
    const header = await thread.read(this.base, ARENA_HEADER)
    const word = (index: number) => Number(header.readBigUInt64LE(8 * index))
    return { offset: word(0), capacity: word(1), last: word(2), blocks: word(3) }
  }

  /** Where a block would lie by what was read; null where it does not fit. Touches nothing. */
  placeOf(state: ArenaState, size: number, alignment = 16): number | null {
    const least = this.base + BigInt(state.offset + (this.heads ? ARENA_HEAD : 0))
    const start = Number(roundedUp(least, alignment) - this.base)
    return start + size <= state.capacity ? start : null
  }

  /**
   * The second half of an allocation: stores what follows from what was read, also where that is no longer so. The
   * block's address; 0n where it does not fit.
   */
  async take(thread: PuppetThread, seen: ArenaState, size: number, alignment = 16): Promise<bigint> {
    if (!(Number.isInteger(size) && size >= 0 && size <= mostBytes)) throw usageError('size', 'a whole number', size)
    const start = this.placeOf(seen, size, alignment)
    if (start === null) return 0n
    const address = this.base + BigInt(start)
    const batch = thread.batch()
    if (this.heads) batch.write(address - BigInt(ARENA_HEAD), headOf(size, seen.last))
    const last = this.heads ? start - ARENA_HEAD : 0
    batch.write(this.base, headerOf({ offset: start + size, capacity: seen.capacity, last, blocks: seen.blocks + 1 }))
    await batch.run()
    return address
  }

  /** A block at a multiple of `alignment`, a power of two; 0n where the capacity is used up. */
  async allocate(thread: PuppetThread, size: number, alignment = 16): Promise<bigint> {
    return this.take(thread, await this.look(thread), size, alignment)
  }

  /** Every block is gone, and the next one begins where the first did. The bytes stay. */
  async reset(thread: PuppetThread): Promise<void> {
    const { capacity } = await this.look(thread)
    await thread.write(this.base, headerOf({ offset: ARENA_HEADER, capacity, last: 0, blocks: 0 }))
  }

  /**
   * Gives one block back, in an arena with heads; its bytes are not used again before a reset.
   * @returns `freed`; `twice` where it was freed already; `stranger` where no head stands before that address
   */
  async free(thread: PuppetThread, address: bigint): Promise<'freed' | 'twice' | 'stranger'> {
    this.#wantHeads('free')
    const head = address - BigInt(ARENA_HEAD)
    const state = (await thread.read(head, LIVE.length)).toString('latin1')
    if (state === GONE) return 'twice'
    if (state !== LIVE) return 'stranger'
    await thread.write(head, GONE)
    return 'freed'
  }

  /** All blocks as their heads tell, in an arena with heads. */
  async walk(thread: PuppetThread): Promise<ArenaWalk> {
    this.#wantHeads('walk')
    const { offset, last } = await this.look(thread)
    const bytes = await thread.read(this.base, offset)
    const blocks: ArenaBlock[] = []
    for (let at = last; at !== 0; ) {
      const state = bytes.toString('latin1', at, at + LIVE.length)
      const [size, before] = [bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12)]
      // Heads go down from one to the next, or a written one could lead in circles.
      if ((state !== LIVE && state !== GONE) || before >= at || at + ARENA_HEAD + size > offset) {
        return { blocks, damagedHead: this.base + BigInt(at) }
      }
      blocks.unshift({ address: this.base + BigInt(at + ARENA_HEAD), size, live: state === LIVE })
      at = before
    }
    return { blocks, damagedHead: null }
  }

  /** The used part, header included, as it stands in memory. */
  async dump(thread: PuppetThread): Promise<ArenaState & { bytes: Buffer }> {
    const state = await this.look(thread)
    return { ...state, bytes: await thread.read(this.base, state.offset) }
  }

  /**
   * Gives it another capacity: a heap's memory by realloc, a mapping by mremap. What comes back may lie elsewhere, and
   * then this one must not be used any more. Null where what is allocated would not fit, or there is no memory.
   */
  async resize(thread: PuppetThread, capacity: number): Promise<ManualArena | null> {
    const state = await this.look(thread)
    if (capacity < state.offset) return null
    const base = await this.#movedBase(thread, state.capacity, capacity)
    if (base === 0n) return null
    await thread.write(base, headerOf({ ...state, capacity }))
    return new ManualArena(base, this.source, this.heads)
  }

  /** Gives its memory back to where it came from. */
  async close(thread: PuppetThread): Promise<void> {
    if (this.source === 'malloc' || this.source === 'memalign') return thread.free(this.base)
    const { capacity } = await this.look(thread)
    await thread.munmap(this.base, capacity)
  }

  async #movedBase(thread: PuppetThread, oldCapacity: number, capacity: number): Promise<bigint> {
    if (this.source === 'malloc' || this.source === 'memalign') return thread.realloc(this.base, capacity)
    const batch = thread.batch()
    const moved = batch.mremap(this.base, oldCapacity, capacity)
    const result = await batch.run()
    return result.error(moved) === null ? result.value(moved) : 0n
  }

  #wantHeads(call: string): void {
    if (!this.heads) throw usageError(call, 'an arena made with { heads: true }', 'one without')
  }
}

async function baseFrom(thread: PuppetThread, capacity: number, source: ArenaSource, alignment: number) {
  if (source === 'malloc') return thread.malloc(capacity)
  if (source === 'memalign') return thread.memalign(alignment, capacity)
  const visibility = source === 'shared' ? MAP_SHARED : MAP_PRIVATE
  return thread.mmap(capacity, { protection: PROT_READ | PROT_WRITE, flags: visibility | MAP_ANONYMOUS })
}

function headerOf({ offset, capacity, last, blocks }: ArenaState): Buffer {
  const header = Buffer.alloc(ARENA_HEADER)
  for (const [index, value] of [offset, capacity, last, blocks].entries()) {
    header.writeBigUInt64LE(BigInt(value), 8 * index)
  }
  return header
}

function headOf(size: number, before: number): Buffer {
  const head = Buffer.alloc(ARENA_HEAD)
  head.write(LIVE, 'latin1')
  head.writeUInt32LE(size, 8)
  head.writeUInt32LE(before, 12)
  return head
}

function roundedUp(address: bigint, alignment: number): bigint {
  const step = BigInt(alignment)
  return ((address + step - 1n) / step) * step
}
