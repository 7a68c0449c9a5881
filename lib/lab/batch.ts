/**
 * A list of commands that one thread runs at full speed, each of which may use the values of earlier ones. Made first,
 * run afterwards, alone or together with those of other threads.
 */

import { Alloc8Error, checkObject, usageError } from '../errors.ts'
import { BatchResult, Later } from './batch-result.ts'
import type { BlockTable } from './blocks.ts'
import { type Command, LONGEST, type Op, type RawResults, type ValueOf } from './protocol.ts'

export { BatchResult, differenceOf, errorName, Later } from './batch-result.ts'

/** An address in a puppet. */
export type Address = bigint | Later

/** A number of bytes. */
export type Size = number | bigint

/** What a call that frees or resizes may be told. */
export interface Unchecked {
  /** Does it with any address: one that was never allocated, was freed already, or lies inside a block. */
  unchecked?: boolean | undefined
}

/** Protections and flags of mappings, by their names in sys/mman.h. */
export const memoryFlags = {
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  MAP_FIXED: 16,
  MAP_ANONYMOUS: 32,
  MADV_DONTNEED: 4,
  MADV_FREE: 8,
  MREMAP_MAYMOVE: 1,
} as const

/** How a mapping is asked for. */
export interface MmapOptions {
  address?: bigint | undefined
  /** 3 (PROT_READ | PROT_WRITE) unless given; see `memoryFlags`. */
  protection?: number | undefined
  /** 34 (MAP_PRIVATE | MAP_ANONYMOUS) unless given. */
  flags?: number | undefined
}

/** Who runs a batch. */
export interface Runner {
  /** As errors and blocks name it. */
  name: string
  blocks: BlockTable
  /** Stands for the thread. */
  thread: object
  /** Throws what `run` would throw before anything is run. */
  check(commands: readonly Command[]): void
  /** Runs it, after having met others where that is asked for. */
  run(batch: Batch, options: BatchOptions, meeting?: { place: number; parties: number }): Promise<RawResults>
}

/** How a batch is run. */
export interface BatchOptions {
  /** The time of every command, for about 50 ns each. */
  timed?: boolean | undefined
  /** The whole list so many times; results are the last one's. Blocks of the rounds before are not known to checks. */
  repeat?: number | undefined
  /** How long to wait for the end. */
  timeoutMs?: number | undefined
}

const MOST_REPEATS = 2 ** 32 - 1
/** Of Node's timers; what is longer would be over at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1
type Effect = (raw: RawResults) => void

/** A list of commands in the making. Every method adds one and gives the value that it will have. */
export class Batch {
  readonly commands: Command[] = []
  readonly runner: Runner
  readonly #effects: Effect[] = []
  readonly #freed = new Set<number>()
  /** Addresses that were live when a command was made that wants them so. */
  readonly #checked: { address: bigint; op: Op }[] = []

  constructor(runner: Runner) {
    this.runner = runner
  }

  malloc(size: Size): Later {
    return this.#allocate('malloc', [size], size)
  }

  calloc(count: Size, size: Size): Later {
    return this.#allocate('calloc', [count, size], Number(count) * Number(size))
  }

  realloc(address: Address, size: Size, options: Unchecked = {}): Later {
    return this.#resize('realloc', address, [size], size, options)
  }

  reallocarray(address: Address, count: Size, size: Size, options: Unchecked = {}): Later {
    return this.#resize('reallocarray', address, [count, size], Number(count) * Number(size), options)
  }

  memalign(alignment: Size, size: Size): Later {
    return this.#allocate('memalign', [alignment, size], size)
  }

  alignedAlloc(alignment: Size, size: Size): Later {
    return this.#allocate('alignedAlloc', [alignment, size], size)
  }

  posixMemalign(alignment: Size, size: Size): Later {
    return this.#allocate('posixMemalign', [alignment, size], size)
  }

  /** operator new, new[] and their aligned forms; null where it threw bad_alloc. */
  new(size: Size, options: { alignment?: number | undefined; array?: boolean | undefined } = {}): Later {
    return this.#allocate('newBytes', [size, options.alignment ?? 0, options.array ? 1 : 0], size)
  }

  free(address: Address, options: Unchecked = {}): Later {
    return this.#release('free', address, [], options)
  }

  /** operator delete, delete[] and their sized and aligned forms. */
  delete(
    address: Address,
    options: Unchecked & {
      size?: number | undefined
      alignment?: number | undefined
      array?: boolean | undefined
    } = {},
  ): Later {
    return this.#release(
      'deleteBytes',
      address,
      [options.size ?? 0, options.alignment ?? 0, options.array ? 1 : 0],
      options,
    )
  }

  /** malloc_usable_size: 0 for null. */
  usableSize(address: Address, options: Unchecked = {}): Later {
    if (!options.unchecked) this.#check(address, 'usableSize')
    return this.add('usableSize', [address])
  }

  /** Copies bytes out; where they cannot be read that is an error (`EFAULT`), and no crash. */
  read(address: Address, bytes: Size): Later {
    if (bytes < 0 || bytes > LONGEST) throw usageError('read', `at most ${LONGEST} bytes at once`, bytes)
    return this.add('read', [address, bytes])
  }

  /** Stores bytes, wherever that is. */
  write(address: Address, data: string | Uint8Array): Later {
    return this.add('write', [address], bytesOf(data))
  }

  fill(address: Address, byte: number, bytes: Size): Later {
    return this.add('fill', [address, wholeIn('fill', byte, 0, 255), bytes])
  }

  /** memmove within the process. */
  copy(to: Address, from: Address, bytes: Size): Later {
    return this.add('copy', [to, from, bytes])
  }

  /** Its `difference` is where memory is first not as `data` has it. */
  compare(address: Address, data: string | Uint8Array): Later {
    return this.add('compare', [address], bytesOf(data))
  }

  /** Its `difference` is where memory is first not `byte`. */
  verify(address: Address, byte: number, bytes: Size): Later {
    return this.add('verify', [address, wholeIn('verify', byte, 0, 255), bytes])
  }

  /** Loads one byte as programs do: with a crash where nothing is. */
  load(address: Address): Later {
    return this.add('load', [address])
  }

  /** Writes one byte at every step. */
  touch(address: Address, bytes: Size, stride: Size = 4096): Later {
    if (stride <= 0) throw usageError('stride', 'bytes above 0', stride)
    return this.add('touch', [address, bytes, stride])
  }

  /** Adds 1 to the eight bytes at an address, so many times, by a load and a store each. */
  increment(address: Address, times: Size): Later {
    return this.add('increment', [address, times])
  }

  /** The same by atomic instructions. */
  atomicAdd(address: Address, times: Size): Later {
    return this.add('atomicAdd', [address, times])
  }

  mmap(bytes: Size, options: MmapOptions = {}): Later {
    return this.add('mmap', [options.address ?? 0n, bytes, options.protection ?? 3, options.flags ?? 34])
  }

  munmap(address: Address, bytes: Size): Later {
    return this.add('munmap', [address, bytes])
  }

  mprotect(address: Address, bytes: Size, protection: number): Later {
    return this.add('mprotect', [address, bytes, protection])
  }

  madvise(address: Address, bytes: Size, advice: number): Later {
    return this.add('madvise', [address, bytes, advice])
  }

  mremap(address: Address, oldBytes: Size, newBytes: Size, flags: number = memoryFlags.MREMAP_MAYMOVE): Later {
    return this.add('mremap', [address, oldBytes, newBytes, flags])
  }

  /** The break as it was before; by 0 as it is. */
  sbrk(bytes: Size): Later {
    return this.add('sbrk', [bytes])
  }

  /** malloc_trim. */
  trim(keepBytes: Size = 0): Later {
    return this.add('trim', [keepBytes])
  }

  /**
   * Waits at a place (0 to 127) until `parties` threads of this puppet or its forks are there. In a list that was begun
   * `together` it gives up (ECANCELED) once one of those has failed. A place still counts who has died waiting there:
   * use another then.
   */
  barrier(place: number, parties: number): Later {
    wholeIn('place', place, 0, 127)
    if (!(Number.isInteger(parties) && parties > 0)) throw usageError('parties', 'a whole number above 0', parties)
    return this.add('barrier', [place, parties])
  }

  sleep(ms: number): Later {
    if (!(Number.isFinite(ms) && ms >= 0)) throw usageError('sleep', 'milliseconds from 0', ms)
    return this.add('sleep', [Math.round(ms * 1e6)])
  }

  /** Something for whoever follows the system calls: `madvise(number * 4096, 0, 0)`, which does nothing. */
  mark(number: number): Later {
    return this.add('mark', [number])
  }

  /** Runs all of it in its thread. */
  async run(options: BatchOptions = {}): Promise<BatchResult> {
    checkOptions(options)
    this.checkBlocks()
    return this.settled(await this.runner.run(this, options))
  }

  /** What has been freed since a command was made is refused as it would have been then. */
  checkBlocks(): void {
    for (const { address, op } of this.#checked) this.runner.blocks.check(address, op)
  }

  /** What it has come to, known to the table of blocks. */
  settled(raw: RawResults): BatchResult {
    for (const effect of this.#effects) effect(raw)
    return new BatchResult(this, raw)
  }

  /** Any command. */
  add(op: Op, args: readonly (Address | Size)[], data?: Uint8Array): Later {
    this.commands.push({ op, args: args.map((arg) => this.#argument(op, arg)), data })
    return new Later(this, this.commands.length - 1)
  }

  #argument(op: Op, arg: Address | Size): bigint | ValueOf {
    if (arg instanceof Later) {
      if (!arg.isOf(this)) throw usageError(op, 'a value of this batch', 'one of another batch')
      return arg
    }
    if (typeof arg === 'bigint' && arg < 1n << 64n && arg >= -(1n << 63n)) return arg
    if (Number.isSafeInteger(arg)) return BigInt(arg)
    throw usageError(op, 'a whole number or an address (bigint) of 64 bits', arg)
  }

  #allocate(op: Op, args: readonly Size[], size: Size): Later {
    const later = this.add(op, args)
    this.#effect((raw) => this.runner.blocks.allocated(raw.values[later.command] ?? 0n, Number(size), this.runner.name))
    return later
  }

  #resize(op: Op, address: Address, args: readonly Size[], size: Size, options: Unchecked): Later {
    if (!options.unchecked) this.#check(address, op)
    const later = this.add(op, [address, ...args])
    this.#effect((raw) => {
      const value = raw.values[later.command] ?? 0n
      if (value !== 0n || Number(size) === 0) this.runner.blocks.freed(this.#known(address, raw), this.runner.name)
      this.runner.blocks.allocated(value, Number(size), this.runner.name)
    })
    // The old block is gone; that it stays where there is no memory for the new one, no list can know beforehand.
    if (address instanceof Later) this.#freed.add(address.command)
    return later
  }

  #release(op: Op, address: Address, args: readonly Size[], options: Unchecked): Later {
    if (!options.unchecked) this.#check(address, op)
    const later = this.add(op, [address, ...args])
    if (address instanceof Later && address.offset === 0) this.#freed.add(address.command)
    this.#effect((raw) => this.runner.blocks.freed(this.#known(address, raw), this.runner.name))
    return later
  }

  #check(address: Address, op: Op): void {
    if (typeof address === 'bigint') {
      this.runner.blocks.check(address, op)
      this.#checked.push({ address, op })
      return
    }
    if (!(address instanceof Later)) throw usageError(op, 'an address (bigint)', address)
    // Numbers of another batch's commands mean nothing here.
    this.#argument(op, address)
    if (this.#freed.has(address.command) || address.offset !== 0) {
      const what = address.offset === 0 ? 'was freed already, earlier in this batch' : 'lies inside of a block'
      throw new Alloc8Error('PUPPET_ADDRESS', `${op}: the value of command ${address.command} ${what}`, {
        hint: 'to do it all the same, pass { unchecked: true }',
      })
    }
  }

  #known(address: Address, raw: RawResults): bigint {
    return typeof address === 'bigint' ? address : (raw.values[address.command] ?? 0n) + BigInt(address.offset)
  }

  #effect(effect: Effect): void {
    this.#effects.push(effect)
  }
}

/** Throws a USAGE error for options of the wrong shape. */
export function checkOptions(options: BatchOptions): void {
  checkObject('options', options)
  const { repeat, timeoutMs } = options
  if (repeat !== undefined && !(Number.isInteger(repeat) && repeat > 0 && repeat <= MOST_REPEATS)) {
    throw usageError('repeat', `a whole number from 1 to ${MOST_REPEATS}`, repeat)
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= LONGEST_WAIT_MS)) {
    throw usageError('timeoutMs', `milliseconds above 0, at most ${LONGEST_WAIT_MS}`, timeoutMs)
  }
}

/** The number; a USAGE error where it is none of these. */
export function wholeIn(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw usageError(name, `a whole number from ${least} to ${most}`, value)
}

/** Text as UTF-8, or bytes as they are; a USAGE error for anything else. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) throw usageError('data', 'text or bytes', data)
  return typeof data === 'string' ? Buffer.from(data) : data
}
