/**
 * The process images of a run, out of what they left: records of those that the witness was loaded into, and journals of
 * what these forked and started. A program that was started and left no record is an image, too: one unseen.
 */

import type { Journal, JournalEntry, WitnessRecord } from '../binding/native.ts'

/** One image: a program in a process. */
export interface ProcessImage {
  pid: number
  /** 0 where it is not known. */
  ppid: number
  executable: string
  /** On the monotonic clock: when it was first heard of. */
  timeNs: bigint
  /** Its own record, or of a forked child that of the image which it is a copy of; null for one that was not seen. */
  record: WitnessRecord | null
  /** Whether it is a copy by fork. */
  forked: boolean
  /** What was loaded later into it, by itself or, before it was forked, by what it is a copy of. */
  late: JournalEntry[]
  /** Libraries that it asked for, or before it was forked what it is a copy of. */
  loads: JournalEntry[]
  /** Those of them that it asked for itself and that nobody could look at any more. */
  unseenLoads: JournalEntry[]
  /** How it was started, for one that was not seen. */
  start: JournalEntry | null
}

/** Whether a started program is one into which no witness can be loaded, by its path. */
export type IsOutOfReach = (path: string) => boolean

/**
 * Lists the images of a run, oldest first. A forked child that became another program is listed as that program alone.
 * @param shell the real path of the shell that `system` and `popen` start
 */
export function listImages(
  records: readonly WitnessRecord[],
  journals: readonly Journal[],
  shell: string,
  isOutOfReach: IsOutOfReach,
): ProcessImage[] {
  const claims = new Claims(records, shell, isOutOfReach)
  const journalOf = new Map(journals.map((journal) => [`${journal.pid}-${journal.sequenceNs}`, journal]))
  const images: ProcessImage[] = []
  const starts: JournalEntry[] = []
  for (const record of records) {
    const entries = journalOf.get(`${record.pid}-${record.sequenceNs}`)?.entries ?? []
    images.push(witnessed(record, entries))
    for (const entry of entries) {
      if (entry.kind === 'fork' && !becomesAnother(entry, entries, records)) images.push(forked(record, entry, entries))
      if (entry.kind === 'exec' || entry.kind === 'spawn' || entry.kind === 'shell') starts.push(entry)
    }
  }
  for (const start of starts.sort((a, b) => compare(a.timeNs, b.timeNs))) {
    if (!claims.claim(start)) images.push(unseen(start))
  }
  return images.sort((a, b) => compare(a.timeNs, b.timeNs))
}

function witnessed(record: WitnessRecord, entries: readonly JournalEntry[]): ProcessImage {
  const { pid, ppid, executable, sequenceNs: timeNs } = record
  const own = entries.filter((entry) => entry.pid === pid)
  return { pid, ppid, executable, timeNs, record, forked: false, ...loadedBy(own), start: null }
}

function forked(record: WitnessRecord, fork: JournalEntry, entries: readonly JournalEntry[]): ProcessImage {
  const { pid, ppid, timeNs } = fork
  const own = entries.filter((entry) => entry.pid === pid && entry.timeNs >= timeNs)
  const before = entries.filter((entry) => entry.pid === ppid && entry.timeNs < timeNs)
  const loaded = loadedBy(own, before)
  return { pid, ppid, executable: record.executable, timeNs, record, forked: true, ...loaded, start: null }
}

function unseen(start: JournalEntry): ProcessImage {
  // Of a shell the number is not known.
  const pid = start.kind === 'spawn' ? start.child : start.kind === 'exec' ? start.pid : 0
  const ppid = start.kind === 'exec' ? start.ppid : start.pid
  const { text: executable, timeNs } = start
  return { pid, ppid, executable, timeNs, record: null, forked: false, ...loadedBy([]), start }
}

/** What was loaded by an image itself, and `before` by what it is a copy of. */
function loadedBy(own: readonly JournalEntry[], before: readonly JournalEntry[] = []) {
  const all = [...before, ...own]
  const late = all.filter(({ late }) => late !== null)
  return { late, loads: all.filter(({ kind }) => kind === 'load'), unseenLoads: unseenLoadsOf(own) }
}

/** What was asked for after the last look. */
function unseenLoadsOf(entries: readonly JournalEntry[]): JournalEntry[] {
  const looked = entries.findLast(({ kind }) => kind === 'looked')?.timeNs ?? -1n
  return entries.filter(({ kind, timeNs }) => kind === 'load' && timeNs > looked)
}

/** Whether a forked child went on to run another program, by its journal or by that program's record. */
function becomesAnother(
  fork: JournalEntry,
  entries: readonly JournalEntry[],
  records: readonly WitnessRecord[],
): boolean {
  // The system may have given its number to a second child of the same parent, whose doings are not the first's.
  const again = entries.find(({ kind, pid, timeNs }) => kind === 'fork' && pid === fork.pid && timeNs > fork.timeNs)
  const isOwn = (timeNs: bigint) => timeNs > fork.timeNs && (again === undefined || timeNs < again.timeNs)
  return (
    entries.some(({ kind, pid, timeNs }) => kind === 'exec' && pid === fork.pid && isOwn(timeNs)) ||
    records.some(({ pid, ppid, sequenceNs }) => pid === fork.pid && ppid === fork.ppid && isOwn(sequenceNs))
  )
}

/** Finds the record of what was started; each is found once. */
class Claims {
  readonly #shell: string
  readonly #isOutOfReach: IsOutOfReach
  readonly #free = new Map<string, WitnessRecord[]>()
  readonly #claimed = new Set<WitnessRecord>()

  constructor(records: readonly WitnessRecord[], shell: string, isOutOfReach: IsOutOfReach) {
    this.#shell = shell
    this.#isOutOfReach = isOutOfReach
    for (const record of records) {
      for (const key of [`pid ${record.pid}`, `ppid ${record.ppid}`]) {
        const list = this.#free.get(key)
        if (list === undefined) this.#free.set(key, [record])
        else list.push(record)
      }
    }
  }

  claim(start: JournalEntry): boolean {
    const record = this.#find(start)
    if (record === undefined) return false
    this.#claimed.add(record)
    return true
  }

  #find(start: JournalEntry): WitnessRecord | undefined {
    // What comes after it in the same process is of a program that it started in its turn.
    if (this.#isOutOfReach(start.text)) return undefined
    if (start.kind === 'shell') {
      return this.#first(`ppid ${start.pid}`, start, ({ executable }) => executable === this.#shell)
    }
    return this.#first(`pid ${start.kind === 'spawn' ? start.child : start.pid}`, start, () => true)
  }

  #first(key: string, start: JournalEntry, fits: (record: WitnessRecord) => boolean): WitnessRecord | undefined {
    return this.#free
      .get(key)
      ?.find((record) => record.sequenceNs >= start.timeNs && !this.#claimed.has(record) && fits(record))
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
