/** One thread of a puppet: every call here is made there, by that thread, and its value comes back. */

import { Alloc8Error } from '../errors.ts'
import {
  type Address,
  Batch,
  type BatchResult,
  differenceOf,
  errorName,
  type Later,
  type MmapOptions,
  type Size,
  type Unchecked,
} from './batch.ts'
import type { Line } from './channel.ts'
import type { PuppetProcess } from './process.ts'
import type { Hello } from './protocol.ts'

/** glibc's mallinfo2: what the heap says of itself, in bytes and numbers of blocks. */
export interface Mallinfo {
  arena: bigint
  ordblks: bigint
  smblks: bigint
  hblks: bigint
  hblkhd: bigint
  usmblks: bigint
  fsmblks: bigint
  uordblks: bigint
  fordblks: bigint
  keepcost: bigint
}

const mallinfoFields = [
  ...(['arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks', 'uordblks', 'fordblks'] as const),
  'keepcost' as const,
]

/** How a thread ends itself. */
export type ThreadEnding = 'return' | 'pthread_exit' | 'cancel'
/** In the order of their numbers in a command. */
export const endings: readonly ThreadEnding[] = ['return', 'pthread_exit', 'cancel']

/** A thread of a puppet's process. Calls are made in the order in which they are asked for. */
export class PuppetThread {
  readonly process: PuppetProcess
  /** `main`, or `thread 0` and so on. */
  readonly name: string
  readonly token: bigint
  readonly line: Line
  readonly #hello: Hello
  /** It was told to end, or has gone. */
  ended = false

  constructor(process: PuppetProcess, name: string, line: Line, hello: Hello) {
    this.process = process
    this.name = name
    this.line = line
    this.token = hello.token
    this.#hello = hello
  }

  /** The system's number of the thread. */
  get tid(): number {
    return this.#hello.tid
  }

  /** Its pthread_self. */
  get self(): bigint {
    return this.#hello.self
  }

  /** Where its stack lies; null of a main thread. */
  get stack(): { low: bigint; high: bigint } | null {
    const { stackLow: low, stackHigh: high } = this.#hello
    return low === 0n ? null : { low, high }
  }

  /** A list of commands to be run at full speed; see `PuppetProcess.together` for several threads at one moment. */
  batch(): Batch {
    return new Batch({
      name: this.name,
      thread: this,
      blocks: this.process.blocks,
      check: (commands) => this.process.checkRequest(this, commands),
      run: (batch, options, meeting) => this.process.ask(this, batch.commands, options, meeting ?? null),
    })
  }

  /** null is 0n, as the heap gives it. */
  malloc(size: Size): Promise<bigint> {
    return this.#value((batch) => batch.malloc(size))
  }

  calloc(count: Size, size: Size): Promise<bigint> {
    return this.#value((batch) => batch.calloc(count, size))
  }

  realloc(address: bigint, size: Size, options?: Unchecked): Promise<bigint> {
    return this.#value((batch) => batch.realloc(address, size, options))
  }

  reallocarray(address: bigint, count: Size, size: Size, options?: Unchecked): Promise<bigint> {
    return this.#value((batch) => batch.reallocarray(address, count, size, options))
  }

  memalign(alignment: Size, size: Size): Promise<bigint> {
    return this.#value((batch) => batch.memalign(alignment, size))
  }

  alignedAlloc(alignment: Size, size: Size): Promise<bigint> {
    return this.#value((batch) => batch.alignedAlloc(alignment, size))
  }

  posixMemalign(alignment: Size, size: Size): Promise<bigint> {
    return this.#value((batch) => batch.posixMemalign(alignment, size))
  }

  /** operator new and its kin; 0n where it threw bad_alloc. */
  new(size: Size, options?: { alignment?: number | undefined; array?: boolean | undefined }): Promise<bigint> {
    return this.#value((batch) => batch.new(size, options))
  }

  /**
   * @throws Alloc8Error PUPPET_ADDRESS unless a live block of this process begins there, or `unchecked` is set
   */
  async free(address: bigint, options?: Unchecked): Promise<void> {
    await this.#value((batch) => batch.free(address, options))
  }

  /** operator delete and its kin. */
  async delete(address: bigint, options?: Parameters<Batch['delete']>[1]): Promise<void> {
    await this.#value((batch) => batch.delete(address, options))
  }

  async usableSize(address: bigint, options?: Unchecked): Promise<number> {
    return Number(await this.#value((batch) => batch.usableSize(address, options)))
  }

  /**
   * The bytes at an address.
   * @throws Alloc8Error PUPPET where some of them cannot be read
   */
  async read(address: bigint, bytes: Size): Promise<Buffer> {
    let later: Later | undefined
    const result = await this.#run(
      (batch) => {
        later = batch.read(address, bytes)
      },
      `read(${hex(address)}, ${bytes})`,
    )
    return result.data(later as Later)
  }

  /** Stores bytes, also where there is none of our blocks; what the system does not allow kills the puppet. */
  async write(address: bigint, data: string | Uint8Array): Promise<void> {
    await this.#value((batch) => batch.write(address, data))
  }

  async fill(address: bigint, byte: number, bytes: Size): Promise<void> {
    await this.#value((batch) => batch.fill(address, byte, bytes))
  }

  async copy(to: bigint, from: bigint, bytes: Size): Promise<void> {
    await this.#value((batch) => batch.copy(to, from, bytes))
  }

  /** The offset at which memory is first not as `data` has it, or null. */
  async compare(address: bigint, data: string | Uint8Array): Promise<number | null> {
    return differenceOf(await this.#value((batch) => batch.compare(address, data)))
  }

  /** The offset at which memory is first not `byte`, or null. */
  async verify(address: bigint, byte: number, bytes: Size): Promise<number | null> {
    return differenceOf(await this.#value((batch) => batch.verify(address, byte, bytes)))
  }

  /** One byte, loaded as programs load it. */
  async load(address: bigint): Promise<number> {
    return Number(await this.#value((batch) => batch.load(address)))
  }

  async touch(address: bigint, bytes: Size, stride?: Size): Promise<void> {
    await this.#value((batch) => batch.touch(address, bytes, stride))
  }

  increment(address: bigint, times: Size): Promise<bigint> {
    return this.#value((batch) => batch.increment(address, times))
  }

  /**
   * @throws Alloc8Error PUPPET where the system refuses, as all calls of the system here do
   */
  mmap(bytes: Size, options?: MmapOptions): Promise<bigint> {
    return this.#value((batch) => batch.mmap(bytes, options))
  }

  async munmap(address: bigint, bytes: Size): Promise<void> {
    await this.#value((batch) => batch.munmap(address, bytes))
  }

  async mprotect(address: bigint, bytes: Size, protection: number): Promise<void> {
    await this.#value((batch) => batch.mprotect(address, bytes, protection))
  }

  async madvise(address: bigint, bytes: Size, advice: number): Promise<void> {
    await this.#value((batch) => batch.madvise(address, bytes, advice))
  }

  /** The break before it moved. */
  sbrk(bytes: Size = 0): Promise<bigint> {
    return this.#value((batch) => batch.sbrk(bytes))
  }

  async trim(keepBytes: Size = 0): Promise<boolean> {
    return (await this.#value((batch) => batch.trim(keepBytes))) !== 0n
  }

  async sleep(ms: number): Promise<void> {
    await this.#value((batch) => batch.sleep(ms))
  }

  async mark(number: number): Promise<void> {
    await this.#value((batch) => batch.mark(number))
  }

  /** mallinfo2, of whatever heap answers it. */
  async mallinfo(): Promise<Mallinfo> {
    let later: Later | undefined
    const result = await this.#run((batch) => {
      later = batch.add('statistics', [])
    }, 'mallinfo2()')
    const bytes = result.data(later as Later)
    return Object.fromEntries(
      mallinfoFields.map((name, i) => [name, bytes.readBigUInt64LE(8 * i)]),
    ) as unknown as Mallinfo
  }

  /** Has the process forked by this thread: in the child, this thread is all there is. */
  fork(): Promise<PuppetProcess> {
    return this.process.forkFrom(this)
  }

  /** Has this thread start another. */
  startThread(): Promise<PuppetThread> {
    return this.process.startThread(this)
  }

  /**
   * Ends this thread, and waits for its end. The process stays, unless this was its last thread, or is the one that runs
   * the program's main function and returns from it.
   */
  exit(how: ThreadEnding = 'return'): Promise<void> {
    return this.process.endThread(this, how)
  }

  async #value(build: (batch: Batch) => Later): Promise<bigint> {
    const batch = this.batch()
    const later = build(batch)
    return (await this.#settle(batch, later)).value(later)
  }

  async #run(build: (batch: Batch) => void, call: string): Promise<BatchResult> {
    const batch = this.batch()
    build(batch)
    const result = await batch.run()
    this.#refuse(result, 0, call)
    return result
  }

  async #settle(batch: Batch, later: Later): Promise<BatchResult> {
    const result = await batch.run()
    const command = batch.commands[later.command]
    // What allocates answers null by its value; for the rest, an error is one.
    if (command !== undefined && !allocating.has(command.op))
      this.#refuse(result, later.command, describeCommand(command))
    return result
  }

  #refuse(result: BatchResult, command: number, call: string): void {
    const name = errorName(result.errors[command] ?? 0)
    if (name === null) return
    const why = name === 'EFAULT' ? 'there is memory at that address only in part, or none (EFAULT)' : name
    throw new Alloc8Error('PUPPET', `puppet ${this.process.pid}, ${this.name}: ${call} failed: ${why}`)
  }
}

const allocating = new Set<string>([
  ...['malloc', 'calloc', 'realloc', 'reallocarray', 'memalign', 'alignedAlloc', 'posixMemalign', 'newBytes'],
])

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

/** `free(0x55…)`: numbers as they are, addresses in hex. */
export function describeCommand({ op, args, data }: Batch['commands'][number]): string {
  const isSize = allocating.has(op) || op === 'sbrk' || op === 'trim'
  const words = args.map((arg, at) => {
    if (typeof arg !== 'bigint')
      return `the value of command ${arg.command}${arg.offset === 0 ? '' : ` + ${arg.offset}`}`
    if (op === 'sleep') return `${Number(arg) / 1e6} ms`
    // A size is seldom 4 GiB, and an address seldom below; most calls begin with one.
    return arg >= (at > 0 || isSize ? 1n << 32n : 1n << 20n) || arg < 0n ? hex(BigInt.asUintN(64, arg)) : String(arg)
  })
  if (data !== undefined) words.push(`${data.length} bytes`)
  return `${op}(${words.join(', ')})`
}

/** An address or a size. */
export type { Address }
