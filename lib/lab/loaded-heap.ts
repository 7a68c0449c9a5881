/**
 * `loadHeap()`: a heap opened inside of this process, beside Node's own, to be called directly. Nothing is interposed.
 * Addresses are checked before the heap sees them, because a wrong one would end this process; for that there are puppets.
 */

import { addon, type RawHeap } from '../binding/native.ts'
import { Alloc8Error, usageError } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import { bytesOf } from './batch.ts'
import type { Mallinfo } from './thread.ts'

const LARGEST = 2 ** 47

/** A heap in this process. Its blocks are not Node's, and stay until they are freed. */
export class LoadedHeap {
  /** As it was asked for. */
  readonly name: string
  /** The library's file. */
  readonly path: string
  readonly #raw: RawHeap
  readonly #live = new Map<bigint, number>()

  constructor(name: string, path: string, raw: RawHeap) {
    this.name = name
    this.path = path
    this.#raw = raw
  }

  /** A block's address; 0n where the heap has none. */
  malloc(bytes: number): bigint {
    const address = this.#call('malloc')(size('malloc', bytes))
    if (address !== 0n) this.#live.set(address, bytes)
    return address
  }

  /**
   * @throws Alloc8Error PUPPET_ADDRESS for an address that is no live block of this heap; null is none, and is fine
   */
  free(address: bigint): void {
    this.#check('free', address)
    this.#call('free')(address)
    this.#live.delete(address)
  }

  /** The block's new address; 0n where there is no room, and then it is as it was. */
  realloc(address: bigint, bytes: number): bigint {
    this.#check('realloc', address)
    const moved = this.#call('realloc')(address, size('realloc', bytes))
    if (moved !== 0n || bytes === 0) this.#live.delete(address)
    if (moved !== 0n) this.#live.set(moved, bytes)
    return moved
  }

  /** How many bytes of a block may be used. */
  usableSize(address: bigint): number {
    this.#check('usableSize', address)
    return this.#call('usableSize')(address)
  }

  /** A copy of a block's first bytes. */
  read(address: bigint, bytes: number): Buffer {
    this.#checkRange('read', address, bytes)
    return addon().readMemory(address, bytes)
  }

  /** Stores bytes at a block's beginning. */
  write(address: bigint, data: string | Uint8Array): void {
    const bytes = Buffer.from(bytesOf(data))
    this.#checkRange('write', address, bytes.length)
    addon().writeMemory(address, bytes)
  }

  /** What the heap says of itself (mallinfo2); null where its library does not answer that. */
  stats(): Mallinfo | null {
    return (this.#raw.statistics?.() as unknown as Mallinfo | undefined) ?? null
  }

  #call<Name extends 'malloc' | 'free' | 'realloc' | 'usableSize'>(name: Name): NonNullable<RawHeap[Name]> {
    const call = this.#raw[name]
    if (call !== null) return call as NonNullable<RawHeap[Name]>
    throw new Alloc8Error('HEAP_LIBRARY', `${this.path}: expected a library that exports ${name}, and it does not`)
  }

  #check(call: string, address: bigint): void {
    if (typeof address !== 'bigint') throw usageError(call, 'an address (bigint)', address)
    if (address === 0n || this.#live.has(address)) return
    throw new Alloc8Error(
      'PUPPET_ADDRESS',
      `${call}: 0x${address.toString(16)} is no live block of ${this.name} here`,
      {
        hint: `it would end this process; to see what the heap makes of it: await puppet({ heap: '${this.name}' })`,
      },
    )
  }

  #checkRange(call: string, address: bigint, bytes: number): void {
    this.#check(call, address)
    const usable = address === 0n ? 0 : this.usableSize(address)
    if (!Number.isInteger(bytes) || bytes < 0 || bytes > usable) {
      throw usageError(call, `at most the block's ${usable} usable bytes`, bytes)
    }
  }
}

/**
 * Opens a heap in this process: a built-in or found one by its name, or a library by its path.
 *
 * @throws Alloc8Error HEAP_LIBRARY where it cannot be opened so, with the reason; a puppet is the way then. As `run()`
 *   for names; USAGE for `default` and `system`, which this process has already, and for tunables, which heaps read from
 *   the environment at their start
 */
export async function loadHeap(name: string): Promise<LoadedHeap> {
  const heap = await resolveHeap(name)
  const [path, ...others] = heap.preload
  if (path === undefined || others.length > 0 || heap.kind === 'system' || heap.kind === 'default') {
    throw usageError('heap', 'a heap with a library of its own (alloc8 heaps lists them)', name)
  }
  if (heap.env.length > 0) throw usageError('heap', 'a heap without tunables, which are read at its start', name)
  try {
    return new LoadedHeap(name, path, addon().openHeap(path))
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    const reason = words.includes('static TLS')
      ? 'it wants thread-local storage that only a library loaded at the start of a process can have'
      : 'the loader refuses it'
    throw new Alloc8Error('HEAP_LIBRARY', `${path} cannot be opened in a running process: ${reason} (${words})`, {
      cause,
      hint: `start a process under it: await puppet({ heap: '${name}' })`,
    })
  }
}

function size(call: string, bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= LARGEST) return bytes
  throw usageError(call, `a whole number of bytes from 0 to ${LARGEST}`, bytes)
}
