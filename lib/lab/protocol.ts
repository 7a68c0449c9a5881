/**
 * What is said between a puppet and us, byte by byte; the other side is native/puppet/protocol.h, and test/unit/lab
 * holds the two against each other. Everything is little-endian and of fixed size.
 */

import { Alloc8Error } from '../errors.ts'

export const PROTOCOL_VERSION = 3

/** Every command and its number. */
export const ops = {
  malloc: 1,
  calloc: 2,
  realloc: 3,
  reallocarray: 4,
  free: 5,
  memalign: 6,
  alignedAlloc: 7,
  posixMemalign: 8,
  usableSize: 9,
  newBytes: 10,
  deleteBytes: 11,
  read: 12,
  write: 13,
  fill: 14,
  compare: 15,
  verify: 16,
  load: 17,
  touch: 18,
  increment: 19,
  mmap: 20,
  munmap: 21,
  mprotect: 22,
  madvise: 23,
  sbrk: 24,
  fork: 25,
  startThread: 26,
  joinThread: 27,
  exitThread: 28,
  exitProcess: 29,
  waitProcess: 30,
  barrier: 31,
  sleep: 32,
  trim: 33,
  mark: 34,
  statistics: 35,
  tell: 36,
  copy: 37,
  atomicAdd: 38,
  mremap: 39,
} as const

/** A command's name. */
export type Op = keyof typeof ops

/** The value of an earlier command of the same list, plus an offset in bytes. */
export interface ValueOf {
  command: number
  offset: number
}

/** One command as it is sent. */
export interface Command {
  op: Op
  args: readonly (bigint | ValueOf)[]
  data?: Uint8Array | undefined
}

/** How a list of commands is to be run. */
export interface RequestOptions {
  sequence: number
  repeat: number
  timed: boolean
  /** Waits at this place for so many parties first. */
  meeting: { place: number; parties: number } | null
}

/** Sizes in bytes, as in the header. */
export const layout = {
  request: 32,
  command: 48,
  reply: 32,
  result: 24,
  hello: 56,
  died: 24 + 8 * 64,
  meeting: 16,
} as const

/** Places at which threads can meet; those below `first` are for barriers in lists. */
export const meetings = { first: 128, count: 4096, abandonedAt: 8 } as const

/** What one message may have behind its head. */
export const LONGEST = 2 ** 28

const MOST_ARGUMENTS = 4
const mask64 = (1n << 64n) - 1n

/**
 * The bytes behind the head of a request.
 * @throws Alloc8Error USAGE where they are more than a message may have
 */
export function checkLength(commands: readonly Command[]): number {
  const bytes = commands.reduce((sum, { data }) => sum + layout.command + (data?.length ?? 0), 0)
  if (bytes <= LONGEST) return bytes
  throw new Alloc8Error('USAGE', `batch: expected at most ${LONGEST} bytes of commands and data, got ${bytes}`, {
    hint: 'send it in parts',
  })
}

/**
 * The bytes of a request.
 * @throws Alloc8Error USAGE where they are more than a message may have
 */
export function encodeRequest(commands: readonly Command[], options: RequestOptions): Buffer {
  const listed = commands.length * layout.command
  const bytes = checkLength(commands)
  const buffer = Buffer.alloc(layout.request + bytes)
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const head = [bytes, options.sequence, commands.length, options.repeat, options.timed ? 1 : 0]
  for (const [at, value] of head.entries()) view.setUint32(4 * at, value, true)
  view.setUint32(20, options.meeting?.place ?? 0, true)
  view.setUint32(24, options.meeting?.parties ?? 0, true)
  let dataOffset = 0
  let at: number = layout.request
  for (const { op, args, data } of commands) {
    view.setUint16(at, ops[op], true)
    view.setUint16(at + 2, encodeArguments(view, at + 8, args), true)
    view.setUint32(at + 4, data?.length ?? 0, true)
    view.setBigUint64(at + 40, BigInt(dataOffset), true)
    if (data !== undefined) {
      buffer.set(data, layout.request + listed + dataOffset)
      dataOffset += data.length
    }
    at += layout.command
  }
  return buffer
}

/** Writes arguments; gives the bits of those that stand for earlier values. */
function encodeArguments(view: DataView, at: number, args: Command['args']): number {
  let references = 0
  for (let i = 0; i < MOST_ARGUMENTS; ++i) {
    const value = args[i] ?? 0n
    if (typeof value === 'bigint') {
      view.setBigUint64(at + 8 * i, value & mask64, true)
      continue
    }
    references |= 1 << i
    view.setUint32(at + 8 * i, value.command, true)
    view.setInt32(at + 8 * i + 4, value.offset, true)
  }
  return references
}

/** The first words of a thread. */
export interface Hello {
  version: number
  /** A signal ends the child of a fork that has said nothing yet; its last words follow. */
  dying: boolean
  token: bigint
  pid: number
  tid: number
  self: bigint
  stackLow: bigint
  stackHigh: bigint
}

/** The last words of a thread whose process dies by a signal. */
export interface LastWords {
  signal: number
  code: number
  address: bigint
  /** Position in the list under way; null where there was none. */
  command: number | null
  frames: bigint[]
}

/** What came of a list. */
export interface RawResults {
  values: BigUint64Array
  /** Error numbers of the system, 0 for none. */
  errors: Uint32Array
  /** Per command; zeros where it was not timed. */
  ns: Float64Array
  /** The bytes that commands have read, by position. */
  data: Map<number, Buffer>
  /** On the monotonic clock, when all who were to wait for one another were there; 0 where they never were. */
  startNs: bigint
  totalNs: number
}

/** A message of a puppet. */
export type Message =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'done'; sequence: number; results: RawResults }
  | { kind: 'died'; sequence: number; words: LastWords }

/** The length of the message that begins in a buffer, or null where its head is not whole yet. */
export function messageBytes(buffer: Buffer): number | null {
  return buffer.length < layout.reply ? null : layout.reply + buffer.readUInt32LE(0)
}

/**
 * Reads a whole message.
 * @throws Alloc8Error PUPPET where it is none: the puppet has written over its own memory, or is of another version
 */
export function decodeMessage(buffer: Buffer): Message {
  const [sequence, kind, count] = [buffer.readUInt32LE(4), buffer.readUInt32LE(8), buffer.readUInt32LE(12)]
  const body = buffer.subarray(layout.reply)
  if (kind === 1 && body.length === layout.hello) return { kind: 'hello', hello: decodeHello(body) }
  if (kind === 3 && body.length === layout.died) return { kind: 'died', sequence, words: decodeLastWords(body) }
  if (kind !== 2 || body.length < count * layout.result) {
    throw new Alloc8Error(
      'PUPPET',
      `a puppet said something of kind ${kind} with ${body.length} bytes, which is none`,
      {
        hint: 'it has written over its own memory, or the native part is of another version: npm run build',
      },
    )
  }
  const results = decodeResults(body, count)
  return {
    kind: 'done',
    sequence,
    results: { ...results, startNs: buffer.readBigUInt64LE(16), totalNs: Number(buffer.readBigUInt64LE(24)) },
  }
}

function decodeHello(body: Buffer): Hello {
  const word = (at: number) => body.readBigUInt64LE(at)
  return {
    version: body.readUInt32LE(0),
    dying: body.readUInt32LE(4) === 1,
    token: word(8),
    pid: Number(word(16)),
    tid: Number(word(24)),
    self: word(32),
    stackLow: word(40),
    stackHigh: word(48),
  }
}

function decodeLastWords(body: Buffer): LastWords {
  const command = body.readUInt32LE(16)
  const count = Math.min(body.readUInt32LE(20), 64)
  return {
    signal: body.readUInt32LE(0),
    code: body.readInt32LE(4),
    address: body.readBigUInt64LE(8),
    command: command === 0xffffffff ? null : command,
    frames: Array.from({ length: count }, (_, i) => body.readBigUInt64LE(24 + 8 * i)),
  }
}

function decodeResults(body: Buffer, count: number): Omit<RawResults, 'startNs' | 'totalNs'> {
  const values = new BigUint64Array(count)
  const errors = new Uint32Array(count)
  const ns = new Float64Array(count)
  const data = new Map<number, Buffer>()
  let dataAt = count * layout.result
  for (let i = 0; i < count; ++i) {
    const at = i * layout.result
    values[i] = body.readBigUInt64LE(at)
    errors[i] = body.readUInt32LE(at + 8)
    ns[i] = Number(body.readBigUInt64LE(at + 16))
    const bytes = body.readUInt32LE(at + 12)
    if (bytes === 0) continue
    // A copy, so that one read does not keep the whole message.
    data.set(i, Buffer.from(body.subarray(dataAt, dataAt + bytes)))
    dataAt += bytes
  }
  return { values, errors, ns, data }
}
