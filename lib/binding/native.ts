/**
 * Finds alloc8's native products and loads the addon. The addon and this package greet each other by version before
 * anything else; where that fails, the error says what was found, what was expected and what to do.
 */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Alloc8Error } from '../errors.ts'
import { machineName, platform } from '../platform.ts'
import type { ProbeEntryName, ProbeLevel, ProbeTally, ProbeThread } from '../types.ts'
import { readElfMachine } from './elf.ts'

/** One process image as the witness saw it; or, inside a journal, objects that were loaded later. */
export interface WitnessRecord {
  pid: number
  ppid: number
  /** When the record was made, on the monotonic clock: orders the records of one process. */
  sequenceNs: bigint
  kind: 'exec' | 'fork' | 'late'
  /** The witness ran out of room; what is there is true. */
  truncated: boolean
  /** LD_AUDIT was set when it was made. */
  audited: boolean
  executable: string
  /** Loaded objects in search order; the first is the executable. */
  objects: string[]
  /** What each object's own reference to an entry point resolves to; target null: nothing defines it. */
  references: {
    object: number
    symbol: string
    version: string | null
    role: EntryPointRole
    target: number | null
  }[]
  /** The objects that define entry points. */
  definitions: { object: number; symbol: string; version: string | null; role: EntryPointRole }[]
}

/** What an entry point does: `derived` ones (operator new, the `__libc_` twins) are judged by what they call. */
export type EntryPointRole = 'allocate' | 'release' | 'query' | 'derived' | 'report'

/** What became of an image and its forked children after its record was made; native/record/journal_format.h. */
export interface Journal {
  /** The number and the `sequenceNs` of the image's record. */
  pid: number
  sequenceNs: bigint
  /** For which there was no room. */
  lostEntries: number
  /** Threads that the hooks of a heap have seen begin, and end; 0 where it has none. */
  threadsBegun: number
  threadsEnded: number
  entries: JournalEntry[]
}

/** One thing that a process did. */
export interface JournalEntry {
  kind: 'fork' | 'exec' | 'spawn' | 'shell' | 'load' | 'late' | 'looked'
  /** Who did it; of a fork, the child. */
  pid: number
  /** The parent of that process; 0 where it was not asked for. */
  ppid: number
  /** The process that posix_spawn started; otherwise 0. */
  child: number
  /** On the monotonic clock, before what the entry tells of. */
  timeNs: bigint
  /** See `journalFlags`. */
  flags: number
  /** The path of the program or library, as far as it could be told. */
  text: string
  /** What was loaded, for `late`. */
  late: WitnessRecord | null
}

/** Bits of a journal entry, as native/record/journal_format.h has them. */
export const journalFlags = {
  preloadKept: 1,
  preloadPresent: 2,
  sessionKept: 4,
  otherRoot: 8,
  otherUser: 16,
  deepBound: 32,
  ownNamespace: 64,
} as const

/** A probe's file as the addon reads it; native/record/probe_format.h. */
export interface RawProbe {
  pid: number
  ppid: number
  startNs: bigint
  /** At its start. */
  levels: ProbeLevel[]
  /** The same; of a child that inherits, at the start of its parent, and so on. */
  startLevels: ProbeLevel[]
  startLevelsNs: bigint
  /** How many changes the session's control page had had then; null where the levels are for good. */
  controlChanges: number | null
  /** Whether it has a file of latencies, or was to have one and could not. */
  hasLatency: boolean
  latencyFailed: boolean
  /** What counting, live bytes, timing and sampling take at a call, each beside those before it; 0: not known. */
  costPicoseconds: [number, number, number, number]
  /** What samples have taken. */
  samplingNs: number
  /** What a closer look takes at a call that is not timed. */
  watchPicoseconds: number
  forked: boolean
  inherits: boolean
  peakBytes: number
  peakNs: bigint
  liveBlocks: number
  liveBytes: number
  threadsSeen: number
  lostThreads: number
  /** Processes that descend from it and could not make a file: the first of them, and how many there have been. */
  unrecorded: { pid: number; ppid: number; startNs: bigint }[]
  unrecordedCount: number
  total: ProbeTally
  threads: (ProbeThread & { beganNs: bigint })[]
}

/** A file of latencies as the addon reads it; native/record/latency_format.h. */
export interface RawLatency {
  pid: number
  /** One in so many calls was timed. */
  every: number
  nsPerTick: number
  /** Timed, but there was no room for them. */
  lostCalls: number
  lostThreads: number
  histograms: {
    entry: ProbeEntryName
    /** The largest size of the group; null of the one that has all that is larger, and where sizes are not known. */
    upToBytes: number | null
    bySize: boolean
    maxTicks: number
    sumTicks: number
    /** Calls by bucket. */
    counts: Float64Array
  }[]
}

/** A file of samples as the addon reads it; native/record/samples_format.h. */
export interface RawSamples {
  pid: number
  ppid: number
  startNs: bigint
  sampleBytes: number
  /** For which there was no room, and what they stand for. */
  lostSamples: number
  lostBytes: number
  /** Where the process has its sampled live blocks, for who may read its memory; null in files of before. */
  live: { addressesAt: bigint; blocksAt: bigint; places: number } | null
  /** Upper limits in nanoseconds of all buckets of lifetimes but the last. */
  lifetimeLimitsNs: number[]
  modules: RawModule[]
  /** The first has number 0 and stands for all threads that had no place. */
  threads: { thread: number; name: string }[]
  sites: RawSite[]
}

/** A loaded object in which frames lie. */
export interface RawModule {
  path: string
  /** In hex; empty where it has none. */
  buildId: string
  /** Where it was loaded: what is added to addresses in its file. */
  bias: bigint
}

/** One stack of one thread, with sums over its samples. */
export interface RawSite {
  /** A position in `threads`. */
  thread: number
  complete: boolean
  /**
   * Return addresses, the allocation's caller first: a position in `modules` plus 1 in the bits from 48 on, 0 for code of
   * none; below it the address in the module's file, or in memory.
   */
  frames: BigUint64Array
  samples: number
  blocks: number
  bytes: number
  /** Variance of `bytes`, in bytes squared. */
  bytesVariance: number
  liveSamples: number
  liveBlocks: number
  liveBytes: number
  liveBytesVariance: number
  freedElsewhereBlocks: number
  freedElsewhereBytes: number
  /** Freed blocks by how long they lived. */
  lifetimes: number[]
}

/** A heap's library as the addon opens it: null is what it does not export itself. */
export interface RawHeap {
  malloc: ((bytes: number) => bigint) | null
  free: ((address: bigint) => void) | null
  realloc: ((address: bigint, bytes: number) => bigint) | null
  usableSize: ((address: bigint) => number) | null
  /** mallinfo2. */
  statistics: (() => Record<string, bigint>) | null
}

/** The native addon. */
export interface Addon {
  version: string
  /** @throws an Error with the code SESSION_CORRUPT for a file that is not a whole, sound record */
  readWitness(path: string): WitnessRecord
  /** @throws an Error with the code SESSION_CORRUPT where the bytes are not a sound journal, as far as it is used */
  parseJournal(bytes: Buffer): Journal
  /**
   * How many bytes of a probe's file are in use, by its first page.
   * @throws an Error with the code SESSION_CORRUPT where it is none
   */
  probeBytesInUse(start: Buffer): number
  /**
   * What two readings of one file, one after the other, say.
   * @throws an Error with the code SESSION_CORRUPT
   */
  parseProbe(first: Buffer, second: Buffer): RawProbe
  /**
   * How many bytes of a file of latencies are in use, by its first page.
   * @throws an Error with the code SESSION_CORRUPT where it is none
   */
  latencyBytesInUse(start: Buffer): number
  /** @throws an Error with the code SESSION_CORRUPT where the bytes are no sound file of latencies, as far as it is used */
  parseLatency(bytes: Buffer): RawLatency
  /**
   * Which parts of a file of samples are in use, by its first page: pairs of an offset and a length, in order.
   * @throws an Error with the code SESSION_CORRUPT where it is none
   */
  samplesParts(start: Buffer): [offset: number, bytes: number][]
  /**
   * Reads such a file, of which the parts in use stand in `bytes`.
   * @throws an Error with the code SESSION_CORRUPT where they are not sound
   */
  parseSamples(bytes: Buffer): RawSamples
  /** Whether a file has a security.capability attribute. */
  fileCapabilities(path: string): boolean
  /** Tries to open a hardware counter of this process: 0 where that works, else the errno. */
  hardwareCounterError(): number
  /**
   * Opens a heap's library beside our own heap, for good. Nothing checks the addresses that its functions are given.
   * @throws an Error with the loader's words
   */
  openHeap(path: string): RawHeap
  /** Copies bytes out of, and into, a block of such a heap. */
  readMemory(address: bigint, bytes: number): Buffer
  writeMemory(address: bigint, bytes: Uint8Array): void
}

const addonName = 'alloc8.node'

/** The package's folder: this file is two levels below it, in lib/binding as well as in dist/binding. */
export const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

const loaded = new Map<string, Addon>()

/** The folder of the native products. ALLOC8_NATIVE_DIR in the environment overrides it. */
export function nativeDirectory(): string {
  const override = process.env.ALLOC8_NATIVE_DIR
  return override === undefined || override === '' ? join(packageRoot, 'build', 'Release') : resolve(override)
}

/**
 * The path of one native product, which exists.
 * @throws Alloc8Error NATIVE where it does not
 */
export function nativeFile(name: string): string {
  const path = join(nativeDirectory(), name)
  if (existsSync(path)) return path
  throw new Alloc8Error('NATIVE', `alloc8's native part is not built: ${path} does not exist`, { hint: buildHint() })
}

/** The version in package.json, which every native product must have. */
export function packageVersion(): string {
  const path = join(packageRoot, 'package.json')
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return version
}

/**
 * The addon, loaded once.
 * @throws Alloc8Error NATIVE: it is missing, does not load, or is of another version
 */
export function addon(): Addon {
  const path = nativeFile(addonName)
  const known = loaded.get(path)
  if (known !== undefined) return known
  const found = load(path)
  checkAddon(path, found, packageVersion())
  loaded.set(path, found)
  return found
}

function load(path: string): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (cause) {
    throw notLoaded(path, cause)
  }
}

const neededFunctions = [
  'readWitness',
  'parseJournal',
  'probeBytesInUse',
  'parseProbe',
  'latencyBytesInUse',
  'parseLatency',
  'fileCapabilities',
  'hardwareCounterError',
  'openHeap',
] as const satisfies (keyof Addon)[]

/**
 * Throws unless what a file exports is alloc8's addon of the given version. Exported for its test.
 * @throws Alloc8Error NATIVE
 */
export function checkAddon(path: string, found: unknown, version: string): asserts found is Addon {
  const { version: actual, ...functions } = (found ?? {}) as Partial<Record<keyof Addon, unknown>>
  const needed = neededFunctions.map((name) => functions[name])
  const whole = needed.every((each) => typeof each === 'function')
  if (typeof actual === 'string' && actual === version && whole) return
  const what =
    typeof actual === 'string' ? `version ${actual}${whole ? '' : ', without all functions'}` : 'another addon'
  throw new Alloc8Error('NATIVE', `${path}: found ${what}, expected alloc8's addon, version ${version}`, {
    hint: buildHint(),
  })
}

/** The error for an addon that Node cannot load: the file's machine against ours, else the loader's own words. */
function notLoaded(path: string, cause: unknown): Alloc8Error {
  const words = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
  const expected = platform().elf
  const found = machineOf(path)
  const fits = found !== null && found.bits === expected.bits && found.machine === expected.machine
  const reason = fits
    ? `it does not load: ${words}`
    : `found ${found === null ? 'no ELF file' : machineName(found)}, expected ${machineName(expected)}`
  return new Alloc8Error('NATIVE', `${path}: ${reason}`, { cause, hint: buildHint() })
}

function machineOf(path: string): { bits: 32 | 64; machine: number } | null {
  try {
    return readElfMachine(path)
  } catch {
    return null
  }
}

function buildHint(): string {
  return process.env.ALLOC8_NATIVE_DIR
    ? 'ALLOC8_NATIVE_DIR is set: build there, or unset it and run "npm run build"'
    : 'run "npm run build" in the package\'s folder; it needs python3, g++ and make'
}
