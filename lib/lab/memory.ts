/**
 * The memory of a process as the kernel shows it: mappings, which of their pages are there and whose, and sums. Needs
 * the right to read another process (the same user, and no security module against it); an error says what is in the way.
 */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { Alloc8Error } from '../errors.ts'
import type { LabPageState } from '../types.ts'

/** One mapping. Addresses are whole pages; `end` is the first byte behind it. */
export interface Mapping {
  start: bigint
  end: bigint
  /** As the kernel writes it: `rw-p`. */
  permissions: string
  offset: bigint
  /** A file, `[heap]`, `[stack]`, `[anon:NAME]` and the like; empty for anonymous memory. */
  name: string
  /** The file or shared memory that it shows, by its numbers (device and inode); undefined for private memory. */
  backing?: string | undefined
}

/** A page of a process. */
export interface PageState {
  address: bigint
  present: boolean
  swapped: boolean
  /** Mapped by this process alone; false after fork until one of the two writes. */
  exclusive: boolean
  /** A file's, or shared anonymous memory. */
  fileOrShared: boolean
}

/** Sums over a process, in bytes. */
export interface MemorySums {
  rssBytes: number
  /** Each page divided by how many processes have it. */
  pssBytes: number
  privateDirtyBytes: number
  swapBytes: number
}

export const PAGE = 4096n

/** How many pages are asked for at once. */
const pagesAtOnce = 1 << 16

/** More is not one heap's, and would be gigabytes of page states. */
export const mostPages = 1 << 24

/**
 * The mappings of a process, by address.
 * @throws Alloc8Error PROCESS: it has gone, or may not be read
 */
export function readMappings(pid: number): Mapping[] {
  return readProcess(pid, 'maps').flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)$/.exec(line)
    if (match === null) return []
    const [, start, end, permissions = '', offset, device, inode, name = ''] = match
    const range = { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), permissions, offset: BigInt(`0x${offset}`) }
    return [{ ...range, name, ...(inode === '0' ? {} : { backing: `${device}:${inode}` }) }]
  })
}

/** The mapping that an address lies in. */
export function mappingOf(mappings: readonly Mapping[], address: bigint): Mapping | undefined {
  return mappings.find(({ start, end }) => start <= address && address < end)
}

/**
 * @throws Alloc8Error PROCESS
 */
export function readMemorySums(pid: number): MemorySums {
  const sums = new Map<string, number>()
  for (const line of readProcess(pid, 'smaps_rollup')) {
    const match = /^(\w+): +(\d+) kB$/.exec(line)
    if (match?.[1] !== undefined) sums.set(match[1], Number(match[2]) * 1024)
  }
  const of = (name: string) => sums.get(name) ?? 0
  return {
    rssBytes: of('Rss'),
    pssBytes: of('Pss'),
    privateDirtyBytes: of('Private_Dirty'),
    swapBytes: of('Swap'),
  }
}

/**
 * The pages of a range, whether something is mapped there or not.
 * @throws Alloc8Error PROCESS; USAGE where the range is no range or has more than 64 GiB
 */
export function readPages(pid: number, start: bigint, end: bigint): PageState[] {
  const first = start / PAGE
  const states: PageState[] = []
  eachPage(pid, start, end, (at, high) => states.push(pageState((first + BigInt(at)) * PAGE, high)))
  return states
}

/** Pages in a row that are in the same state; `end` is the first byte behind them. */
export interface PageRun {
  start: bigint
  end: bigint
  state: LabPageState
}

/**
 * The pages of a range in runs of one state, which takes little memory however large the range is.
 * @throws Alloc8Error PROCESS; USAGE where the range is no range or has more than 64 GiB
 */
export function readPageRuns(pid: number, start: bigint, end: bigint): PageRun[] {
  const runs: PageRun[] = []
  let begin = 0
  let state: LabPageState | null = null
  const from = start / PAGE
  const finish = (upTo: number) => {
    if (state !== null && upTo > begin) {
      runs.push({ start: (from + BigInt(begin)) * PAGE, end: (from + BigInt(upTo)) * PAGE, state })
    }
    begin = upTo
  }
  const count = eachPage(pid, start, end, (at, high) => {
    const now = stateOf(high)
    if (now === state) return
    finish(at)
    state = now
  })
  finish(count)
  return runs
}

function stateOf(high: number): LabPageState {
  if (high & (1 << 30)) return 'swapped'
  if (high >= 0) return 'absent'
  if (high & (1 << 29)) return 'file'
  return high & (1 << 24) ? 'own' : 'shared'
}

/** Calls with the upper half of each page's entry, as a number with a sign; returns how many there were. */
function eachPage(pid: number, start: bigint, end: bigint, use: (at: number, high: number) => void): number {
  const first = start / PAGE
  const count = Number((end + PAGE - 1n) / PAGE - first)
  if (count < 0 || count > mostPages) {
    throw new Alloc8Error('USAGE', `pages: expected a range of at most ${mostPages} pages, got ${count}`)
  }
  const file = opened(pid, 'pagemap')
  try {
    const bytes = Buffer.alloc(8 * Math.min(pagesAtOnce, count))
    for (let done = 0; done < count; done += pagesAtOnce) {
      const wanted = 8 * Math.min(pagesAtOnce, count - done)
      const got = readSync(file, bytes, 0, wanted, Number((first + BigInt(done)) * 8n))
      for (let i = 0; i * 8 + 8 <= got; ++i) use(done + i, bytes.readInt32LE(8 * i + 4))
      if (got < wanted) return done + Math.floor(got / 8)
    }
  } finally {
    closeSync(file)
  }
  return count
}

/**
 * Gives `use` a function that copies a process's memory: so many bytes from an address on, null where they are not there.
 * @throws Alloc8Error PROCESS: it has ended, or may not be read
 */
export function withMemoryOf<T>(pid: number, use: (read: (address: bigint, bytes: number) => Buffer | null) => T): T {
  const file = opened(pid, 'mem')
  try {
    return use((address, bytes) => {
      const buffer = Buffer.alloc(bytes)
      try {
        return readSync(file, buffer, 0, bytes, address) === bytes ? buffer : null
      } catch {
        return null
      }
    })
  } finally {
    closeSync(file)
  }
}

/**
 * How many threads a process has.
 * @throws Alloc8Error PROCESS
 */
export function countThreads(pid: number): number {
  const line = readProcess(pid, 'status').find((each) => each.startsWith('Threads:'))
  return Number(line?.slice('Threads:'.length))
}

/** The upper half of an entry; Documentation/admin-guide/mm/pagemap.rst of Linux has the bits. */
function pageState(address: bigint, high: number): PageState {
  const bit = (number: number) => (high & (1 << (number - 32))) !== 0
  return { address, present: bit(63), swapped: bit(62), fileOrShared: bit(61), exclusive: bit(56) }
}

function opened(pid: number, file: string): number {
  try {
    return openSync(`/proc/${pid}/${file}`, 'r')
  } catch (error) {
    throw unreadable(pid, file, error)
  }
}

function readProcess(pid: number, file: string): string[] {
  try {
    const lines = readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\n')
    // Of a process that is ending nothing is left to read.
    if (lines.length > 1) return lines
  } catch (error) {
    throw unreadable(pid, file, error)
  }
  throw new Alloc8Error('PROCESS', `process ${pid}: it has ended, or is ending`)
}

function unreadable(pid: number, file: string, cause: unknown): Alloc8Error {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ESRCH')
    return new Alloc8Error('PROCESS', `process ${pid}: it has ended`, { cause })
  const scope = tracingScope()
  const said = scope === null ? 'which this kernel has not' : `which is ${scope} here`
  return new Alloc8Error(
    'PROCESS',
    `process ${pid}: /proc/${pid}/${file} may not be read (${code ?? 'unknown error'})`,
    {
      cause,
      hint:
        `it has to be of the same user and not setuid; besides, kernel.yama.ptrace_scope (${said}) of 2 or 3 keeps ` +
        'others than root out: sudo sysctl kernel.yama.ptrace_scope=0',
    },
  )
}

function tracingScope(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8').trim()
  } catch {
    return null
  }
}
