/**
 * A session that can be looked at while its processes run: snapshots, one by one or at an interval. Nothing is locked and
 * nothing is told to the target, whose files are read as they are.
 */

import { closeSync, existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'
import type { LiveSession, ProbeLevel, SessionSnapshot, WatchOptions } from '../types.ts'
import { anchorOf, openFolder } from './anchor.ts'
import { setProbeLevels } from './control.ts'
import { listFolder } from './files.ts'
import { processStat } from './processes.ts'
import { SessionReader } from './reader.ts'
import { runningSessions } from './running.ts'
import { type Reading, type Taken, toSnapshot } from './snapshot.ts'

/** So many processes that have ended are listed; of others a snapshot has the sums. */
const mostEnded = 1000

const longestIntervalMs = 24 * 60 * 60 * 1000

/** Whether anything may still come, and when it is known that nothing will. */
export interface SessionLife {
  over(anyRunning: boolean): boolean
  /** Resolves when it is over, where somebody will tell. */
  ending?: Promise<void>
  close(): void
}

/** A session's folder, read whenever it is asked for. */
export class FolderSession implements LiveSession {
  readonly directory: string
  readonly #folder: string
  readonly #reader: SessionReader
  readonly #life: SessionLife
  readonly #wakers = new Set<() => void>()
  #reading: Reading | null = null
  #last: Taken | null = null
  #over = false
  #closed = false

  constructor(directory: string, folder: string, life: SessionLife) {
    this.directory = directory
    this.#folder = folder
    this.#reader = new SessionReader(directory, folder, mostEnded)
    this.#life = life
    void life.ending?.then(() => {
      for (const wake of this.#wakers) wake()
    })
  }

  snapshot(): SessionSnapshot {
    this.#last = this.#take(this.#last)
    return this.#last.snapshot
  }

  async *watch({ intervalMs = 1000, signal }: WatchOptions = {}): AsyncGenerator<SessionSnapshot, void, undefined> {
    checkInterval(intervalMs)
    let last: Taken | null = null
    let due = performance.now()
    while (!signal?.aborted) {
      last = this.#take(last)
      yield last.snapshot
      if (this.#over || this.#closed) return
      // A reader that was slow does not get what it has missed.
      due = Math.max(due + intervalMs, performance.now())
      await this.#pause(due - performance.now(), signal)
    }
  }

  /** @throws Alloc8Error USAGE where the folder is no session of which the levels can be changed, or it has ended */
  setLevels(levels: readonly ProbeLevel[]): void {
    // What was counted of one that has ended would be read by levels that it never had.
    if (this.#take(null).snapshot.state === 'ended') {
      throw new Alloc8Error('USAGE', `${this.directory}: this session has ended, and its levels are what they were`)
    }
    setProbeLevels(this.#folder, levels)
  }

  /** Whether any process has left a file. */
  hasProcesses(): boolean {
    return this.#reader.anyFile()
  }

  /** Reads for the last time: the files may go now. */
  finish(): void {
    if (this.#over || this.#closed) return
    this.#reading = this.#reader.read(true)
    this.#over = true
  }

  close(): void {
    if (this.#closed) return
    this.#reading ??= this.#reader.read(false)
    this.#closed = true
    for (const wake of this.#wakers) wake()
    this.#life.close()
  }

  /** What it is now; of a session that is over or closed what it was last. */
  #take(before: Taken | null): Taken {
    if (!this.#over && !this.#closed) {
      this.#reading = this.#reader.read(false)
      if (this.#life.over(this.#reader.anyRunning())) this.finish()
    }
    return toSnapshot(this.#reading ?? this.#reader.read(false), before)
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#over || this.#closed || signal?.aborted) return
    let wake = () => {}
    const timer = setTimeout(() => wake(), ms)
    try {
      await new Promise<void>((done) => {
        wake = done
        signal?.addEventListener('abort', wake, { once: true })
        this.#wakers.add(wake)
      })
    } finally {
      clearTimeout(timer)
      this.#wakers.delete(wake)
      signal?.removeEventListener('abort', wake)
    }
  }
}

function checkInterval(intervalMs: number): void {
  if (Number.isFinite(intervalMs) && intervalMs >= 10 && intervalMs <= longestIntervalMs) return
  throw usageError('intervalMs', `milliseconds from 10 to ${longestIntervalMs}`, intervalMs)
}

/**
 * Opens a session's folder, of a run that is under way or has ended.
 * @throws Alloc8Error SESSION_UNKNOWN: it is none
 */
export function openSession(folder: string): FolderSession {
  const directory = resolve(folder)
  let fd: number
  try {
    fd = openFolder(directory)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'it does not exist' : code === 'ENOTDIR' ? 'it is no folder' : `${code}`
    throw new Alloc8Error('SESSION_UNKNOWN', `${directory} is no session: ${why}`, { hint: listHint, cause })
  }
  const anchor = anchorOf(fd, directory)
  const launcher = runningSessions().find((each) => sameFolder(each.directory, directory))?.launcherPid ?? null
  if (launcher === null && !listFolder(anchor).some((name) => /\.(probe|witness|journal)$/.test(name))) {
    closeSync(fd)
    throw new Alloc8Error('SESSION_UNKNOWN', `${directory} is no session: no process has left anything in it`, {
      hint: listHint,
    })
  }
  const started = launcher === null ? null : processStat(launcher)?.startTicks
  return new FolderSession(directory, anchor, {
    over: (anyRunning) =>
      !anyRunning && (launcher === null || processStat(launcher)?.startTicks !== started || !existsSync(directory)),
    close: () => closeSync(fd),
  })
}

const listHint = '`alloc8 watch` lists the sessions that are under way'

function sameFolder(a: string, b: string): boolean {
  try {
    const [first, second] = [statSync(a), statSync(b)]
    return first.ino === second.ino && first.dev === second.dev
  } catch {
    return false
  }
}
