/**
 * Reads a session again and again while it grows. A file is read as long as its process runs and once after its end; then
 * its last numbers are kept, and of the oldest only their sums, so that a thousand compilers cost no more than those that
 * run.
 */

import { basename, join } from 'node:path'
import { addon, type RawLatency, type WitnessRecord } from '../binding/native.ts'
import { type Control, readControl } from './control.ts'
import { listFolder } from './files.ts'
import { readLatency } from './latency.ts'
import { type ProbeReading, probeFiles, readProbeAgain } from './probes.ts'
import { lookAt, type ProcessFacts, processStat, type Sighting, threadNames } from './processes.ts'
import { type Folded, fold, nothingFolded, type Reading, type ReadProcess } from './snapshot.ts'

/** One file and what was seen of its process. */
interface Entry {
  name: string
  pid: number
  read: Omit<ReadProcess, 'parent'> | null
  reading: ProbeReading | null
  facts: ProcessFacts | null
  sighting: Sighting | null
  /** Another image has the same process since. */
  doubted: boolean
  ended: boolean
  /** Why it could not be read, and how often in a row. */
  problem: string | null
  failures: number
}

/** Threads of one process whose names are asked for. */
const mostNames = 256

/** A file without a process that has it mapped and that cannot be read is given up after so many readings. */
const mostTries = 6

/** Reads one session's folder. */
export class SessionReader {
  readonly #directory: string
  readonly #folder: string
  readonly #mostEnded: number
  readonly #entries = new Map<string, Entry>()
  readonly #foldedNames = new Set<string>()
  #folded: Folded = nothingFolded()
  #lastControl: Control | null = null
  #startNs: bigint | null = null
  #witnesses: Map<number, string[]> | null = null

  /** `folder` is where the files are reached, `directory` its name; so many that have ended are kept whole. */
  constructor(directory: string, folder: string, mostEnded: number) {
    this.#directory = directory
    this.#folder = folder
    this.#mostEnded = mostEnded
  }

  /** Reads what may have changed. `over` says that nothing runs any more, whatever processes there are. */
  read(over: boolean): Reading {
    this.#witnesses = null
    this.#findFiles()
    for (const entry of this.#entries.values()) if (!entry.ended) this.#readEntry(entry, over)
    this.#foldOldest()
    const read = [...this.#entries.values()].flatMap((entry) => (entry.read === null ? [] : [entry.read]))
    read.sort((a, b) => (a.raw.startNs < b.raw.startNs ? -1 : a.raw.startNs > b.raw.startNs ? 1 : 0))
    const first = read[0]?.raw.startNs
    if (first !== undefined && (this.#startNs === null || first < this.#startNs)) this.#startNs = first
    return {
      directory: this.#directory,
      ended: over,
      unixMs: Date.now(),
      nowNs: process.hrtime.bigint(),
      startNs: this.#startNs,
      processes: withParents(read),
      folded: this.#folded,
      control: this.#control(),
      unreadable: this.#problems(over),
    }
  }

  /** Whether a process was seen running at the last reading. */
  anyRunning(): boolean {
    return [...this.#entries.values()].some(({ ended, facts }) => !ended && facts !== null)
  }

  /** Whether there was a file at the last reading. */
  anyFile(): boolean {
    return this.#entries.size > 0 || this.#foldedNames.size > 0
  }

  #findFiles(): void {
    for (const name of probeFiles(this.#folder)) {
      if (this.#entries.has(name) || this.#foldedNames.has(name)) continue
      const pid = Number.parseInt(name, 10)
      for (const other of this.#entries.values()) if (other.pid === pid) other.doubted = true
      this.#entries.set(name, {
        name,
        pid: Number.isSafeInteger(pid) && pid > 0 ? pid : 0,
        read: null,
        reading: null,
        facts: null,
        sighting: null,
        doubted: false,
        ended: false,
        problem: null,
        failures: 0,
      })
    }
  }

  /** The process first and its file afterwards: what it wrote before its end is in it then. */
  #readEntry(entry: Entry, over: boolean): void {
    let running = !over && this.#look(entry)
    this.#readFile(entry, running)
    // A file is there for a moment before its process has mapped it.
    if (!running && !over && entry.sighting === null && processStat(entry.pid) !== null) {
      running = this.#look(entry)
      this.#readFile(entry, running)
      if (entry.problem !== null && entry.failures < mostTries) return
    }
    if (running) return
    entry.ended = true
    entry.reading = null
  }

  #look(entry: Entry): boolean {
    const seen = lookAt(entry.pid, entry.name, entry.sighting, entry.doubted)
    entry.doubted = false
    if (seen === null) return false
    entry.facts = seen.facts
    entry.sighting = seen.sighting
    return true
  }

  #readFile(entry: Entry, running: boolean): void {
    try {
      entry.reading = readProbeAgain(join(this.#folder, entry.name), entry.reading)
      const { raw } = entry.reading
      const live = raw.threads.filter(({ alive, thread }) => alive && thread !== raw.pid).slice(0, mostNames)
      const numbers = live.map(({ thread }) => thread)
      const known = entry.facts ?? this.#factsOfEnded(entry, raw.startNs)
      entry.read = {
        id: basename(entry.name, '.probe'),
        raw,
        latency: raw.hasLatency ? this.#latency(entry) : null,
        name: known.name || null,
        executable: known.executable,
        command: known.command,
        rssBytes: running ? known.rssBytes : null,
        running,
        threadNames: new Map([...(entry.read?.threadNames ?? []), ...(running ? threadNames(entry.pid, numbers) : [])]),
      }
      entry.problem = null
      entry.failures = 0
    } catch (error) {
      // A folder that goes away takes files along whose last numbers are known.
      if (entry.read !== null) entry.read = { ...entry.read, running }
      else entry.problem = error instanceof Error ? error.message : String(error)
      entry.failures++
    }
  }

  /** A file that is being made has nothing yet. */
  #latency({ name, read }: Entry): RawLatency | null {
    try {
      return readLatency(join(this.#folder, name.replace(/\.probe$/, '.latency')))
    } catch {
      return read?.latency ?? null
    }
  }

  /** A folder that goes away takes it along; what it said last still holds for what was read. */
  #control(): Control | null {
    try {
      this.#lastControl = readControl(this.#folder) ?? this.#lastControl
    } catch {
      // A damaged one says nothing new.
    }
    return this.#lastControl
  }

  /** Of a process that ended before it was looked at its witness may tell. */
  #factsOfEnded(entry: Entry, startNs: bigint): ProcessFacts {
    const executable = entry.read?.executable ?? this.#witnessed(entry.pid, startNs)
    return { name: executable === null ? '' : basename(executable), executable, command: null, rssBytes: null }
  }

  /** The executable in the record of that process that is nearest in time. */
  #witnessed(pid: number, startNs: bigint): string | null {
    this.#witnesses ??= witnessFiles(this.#folder)
    let nearest: { record: WitnessRecord; distance: bigint } | null = null
    for (const name of this.#witnesses.get(pid) ?? []) {
      try {
        const record = addon().readWitness(join(this.#folder, name))
        const distance = record.sequenceNs > startNs ? record.sequenceNs - startNs : startNs - record.sequenceNs
        if (nearest === null || distance < nearest.distance) nearest = { record, distance }
      } catch {
        // It says nothing then.
      }
    }
    return nearest?.record.executable ?? null
  }

  /** Of too many that have ended the oldest are kept as sums. */
  #foldOldest(): void {
    const ended = [...this.#entries.values()].filter((entry) => entry.ended)
    const beginning = (entry: Entry) => entry.read?.raw.startNs ?? 0n
    const tooMany = ended.length - this.#mostEnded
    if (tooMany <= 0) return
    ended.sort((a, b) => (beginning(a) < beginning(b) ? -1 : 1))
    for (const entry of ended.slice(0, tooMany)) {
      if (entry.read !== null) {
        const { startNs } = entry.read.raw
        if (this.#startNs === null || startNs < this.#startNs) this.#startNs = startNs
        this.#folded = fold(this.#folded, { ...entry.read, parent: null }, this.#control())
      }
      this.#entries.delete(entry.name)
      this.#foldedNames.add(entry.name)
    }
  }

  /** A file that is being made is no problem yet. */
  #problems(over: boolean): string[] {
    return [...this.#entries.values()].flatMap(({ name, problem, ended, failures }) =>
      problem !== null && (over || ended || failures > 1) ? [`${name}: ${problem}`] : [],
    )
  }
}

/** The names of witness records by the process that they are of. */
function witnessFiles(folder: string): Map<number, string[]> {
  const files = new Map<number, string[]>()
  for (const name of listFolder(folder)) {
    if (!name.endsWith('.witness')) continue
    const pid = Number.parseInt(name, 10)
    files.set(pid, [...(files.get(pid) ?? []), name])
  }
  return files
}

/** Each with the entry of its parent: of that number the latest that began before it did. */
function withParents(processes: readonly Omit<ReadProcess, 'parent'>[]): ReadProcess[] {
  const latest = new Map<number, string>()
  const executables = new Map<string, string | null>()
  return processes.map((process) => {
    const parent = latest.get(process.raw.ppid) ?? null
    latest.set(process.raw.pid, process.id)
    // A forked child is the program that its parent is.
    const inherited = process.raw.forked && parent !== null ? (executables.get(parent) ?? null) : null
    const executable = process.executable ?? inherited
    executables.set(process.id, executable)
    const name = process.name ?? (executable === null ? null : basename(executable))
    return { ...process, executable, name, parent }
  })
}
