/**
 * A session's control page: the file by which the probe's levels are changed while programs run;
 * native/record/control_format.h has its layout. A change is written so that a process that begins meanwhile takes it
 * for one that came later, and never misses it.
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { Alloc8Error } from '../errors.ts'
import type { ProbeLevel, ProbeSettings } from '../types.ts'
import { readUpTo, withFile } from './files.ts'

const pageBytes = 4096
const magic = 'A8CNTRL1'
const version = 1
const at = { version: 8, bytes: 12, levels: 16, changes: 20, sampleBytes: 24, latencyEvery: 32, history: 256 } as const
const changeBytes = 16
const historyLength = 240

/** The bits of native/record/probe_format.h. */
const bits: Record<ProbeLevel, number> = { counts: 1, live: 2, latency: 4, sample: 8 }
const names = Object.keys(bits) as ProbeLevel[]

/** Nobody writes to it by accident, and a program's `> *` does not cut it short under all that have it mapped. */
const mode = 0o440

/** The levels of a session, now and before. */
export interface Control {
  levels: ProbeLevel[]
  /** How many changes there have been. */
  changes: number
  /** The last of them, oldest first, with their number and their time on the monotonic clock. */
  history: { number: number; ns: bigint; levels: ProbeLevel[] }[]
}

/** A change takes less than a millisecond. */
const longestLockMs = 1000

const controlFile = (folder: string) => path.join(folder, 'control')

const maskOf = (levels: readonly ProbeLevel[]) =>
  levels.length === 0 ? 0 : levels.reduce((mask, level) => mask | bits[level], bits.counts)

const levelsOf = (mask: number): ProbeLevel[] => names.filter((name) => (mask & bits[name]) !== 0)

/** Makes the page of a session in which nothing has begun. `group` may read it too, as it may the session's folder. */
export function createControl(folder: string, settings: ProbeSettings, group?: number): void {
  const page = Buffer.alloc(pageBytes)
  page.write(magic, 0, 'latin1')
  page.writeUInt32LE(version, at.version)
  page.writeUInt32LE(pageBytes, at.bytes)
  page.writeUInt32LE(maskOf(settings.levels), at.levels)
  page.writeBigUInt64LE(BigInt(settings.sampleBytes ?? 0), at.sampleBytes)
  page.writeUInt32LE(settings.latencyEvery ?? 0, at.latencyEvery)
  const fd = openSync(controlFile(folder), 'wx', 0o600)
  try {
    writeSync(fd, page)
    if (group !== undefined) fchownSync(fd, -1, group)
    fchmodSync(fd, mode)
  } finally {
    closeSync(fd)
  }
}

/**
 * Has all processes of a session, and those that begin later, do what the levels say from their next call on; no levels
 * turn the probe off. `counts` belongs to each. Latencies and samples of a process that has some already go on with the
 * numbers with which they began.
 * @throws Alloc8Error USAGE where the folder is no session of which the levels can be changed
 */
export function setProbeLevels(folder: string, levels: readonly ProbeLevel[]): void {
  const unknown = levels.find((level) => !names.includes(level))
  if (unknown !== undefined) {
    throw new Alloc8Error('USAGE', `levels: expected some of ${names.join(', ')}, got ${String(unknown)}`)
  }
  let lock: string | undefined
  let fd: number | undefined
  try {
    fd = openToWrite(controlFile(folder))
    lock = takeLock(folder)
    const control = readControl(folder)
    if (control === null) throw new Error('the page is gone')
    const write = (offset: number, value: number) => {
      const word = Buffer.alloc(4)
      word.writeUInt32LE(value)
      writeSync(fd as number, word, 0, word.length, offset)
    }
    const change = Buffer.alloc(changeBytes)
    change.writeBigUInt64LE(process.hrtime.bigint())
    change.writeUInt32LE(maskOf(levels), 8)
    writeSync(fd, change, 0, changeBytes, at.history + (control.changes % historyLength) * changeBytes)
    write(at.levels, maskOf(levels))
    write(at.changes, control.changes + 1)
  } catch (cause) {
    throw notControlled(folder, cause)
  } finally {
    if (lock !== undefined) rmSync(lock, { force: true })
    if (fd !== undefined) closeSync(fd)
  }
}

/** Two changes at once could leave levels that the history does not have. A lock whose maker was killed is taken over. */
function takeLock(folder: string): string {
  const file = path.join(folder, 'control.lock')
  for (;;) {
    try {
      closeSync(openSync(file, 'wx', 0o600))
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const made = lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (made !== 0 && Date.now() - made > longestLockMs) rmSync(file, { force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  }
}

/** The page cannot be written, not even by its owner, but for this moment. */
function openToWrite(file: string): number {
  const looking = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { mode: before } = fstatSync(looking)
    fchmodSync(looking, before | 0o200)
    try {
      return openSync(`/proc/self/fd/${looking}`, constants.O_RDWR)
    } finally {
      fchmodSync(looking, before)
    }
  } finally {
    closeSync(looking)
  }
}

const notControlled = (folder: string, cause: unknown) =>
  new Alloc8Error(
    'USAGE',
    `${folder}: no session of which the levels can be changed${cause instanceof Error ? `: ${cause.message}` : ''}`,
    { cause, hint: 'name the folder of a run with --probe that is going on, as --session gave it' },
  )

/**
 * The page as it is; null where there is none.
 * @throws an Error that says what is wrong with it, and at which offset
 */
export function readControl(folder: string): Control | null {
  try {
    return withFile(controlFile(folder), pageBytes, (fd) => parseControl(readUpTo(fd, pageBytes)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function parseControl(page: Buffer): Control {
  if (page.length < pageBytes) throw new Error(`truncated at offset ${page.length}`)
  if (page.toString('latin1', 0, magic.length) !== magic) throw new Error('not a control page at offset 0')
  if (page.readUInt32LE(at.version) !== version) throw new Error(`unknown version at offset ${at.version}`)
  if (page.readUInt32LE(at.bytes) !== pageBytes) throw new Error(`wrong size at offset ${at.bytes}`)
  const changes = page.readUInt32LE(at.changes)
  const history: Control['history'] = []
  for (let number = Math.max(0, changes - historyLength); number < changes; number++) {
    const offset = at.history + (number % historyLength) * changeBytes
    const levels = levelsOf(page.readUInt32LE(offset + 8))
    history.push({ number, ns: page.readBigUInt64LE(offset), levels })
  }
  return { levels: levelsOf(page.readUInt32LE(at.levels)), changes, history }
}

/** Since when a process has done what a level asks for. */
export interface LevelSpan {
  /** From its start to now, without a gap. */
  whole: boolean
  /** When it first did so; null: never. Of one that did so at its start, `startNs`. */
  since: bigint | null
  /** How often the level was lowered and raised again. */
  gaps: number
}

/**
 * What the page says of one level in a process that began with `startLevels` when there had been `changes` changes. Null
 * where it cannot be known any more: there have been more changes since than the page keeps.
 */
export function levelSpan(
  control: Control | null,
  level: ProbeLevel,
  { startLevels, startNs, changes }: { startLevels: readonly ProbeLevel[]; startNs: bigint; changes: number | null },
): LevelSpan | null {
  const atStart = startLevels.includes(level)
  const fixed = { whole: atStart, since: atStart ? startNs : null, gaps: 0 }
  if (changes === null || control === null) return changes === null ? fixed : null
  const later = control.history.filter(({ number }) => number >= changes)
  if (changes > control.changes || later.length < control.changes - changes) return null
  const states = [{ ns: startNs, on: atStart }, ...later.map(({ ns, levels }) => ({ ns, on: levels.includes(level) }))]
  const since = states.find(({ on }) => on)?.ns ?? null
  const spans = states.filter(({ on }, index) => on && !(states[index - 1]?.on ?? false)).length
  return { whole: states.every(({ on }) => on), since, gaps: Math.max(0, spans - 1) }
}
