/** What a session looks like at one moment, while it grows or after its end. */

import type { ProbeEntry, ProbeEntryName, ProbeLevel, ProbeSize, UnrecordedProcess } from './probe.ts'

/** Differences to the snapshot before, by second. */
export interface SnapshotRates {
  callsPerSecond: number
  allocationsPerSecond: number
  freesPerSecond: number
  requestedBytesPerSecond: number
}

/** How long calls took since they were timed; of the level `latency`, and of whole processes only. */
export interface SnapshotLatency {
  /** How many calls were timed. */
  calls: number
  p50Ns: number
  p90Ns: number
  p99Ns: number
  p999Ns: number
  p9999Ns: number
  maxNs: number
}

/** What was called in one place since it began. */
export interface SnapshotCounts {
  calls: number
  /** Blocks that were asked for. */
  allocations: number
  /** Calls of free and of the operators delete. */
  frees: number
  /** Allocations that gave null. */
  failures: number
  requestedBytes: number
}

/** Counts with the change since the snapshot before; that is null in the first one. */
export interface SnapshotActivity extends SnapshotCounts {
  rates: SnapshotRates | null
  latency: SnapshotLatency | null
}

/** One thread. Threads that have ended are listed until another takes their place. */
export interface SnapshotThread extends SnapshotActivity {
  thread: number
  /** As /proc has it; null when it has ended before it was looked at. */
  name: string | null
  alive: boolean
  /** Given less taken; below zero where it frees what others allocate. Of the level `live`, else 0. */
  netBlocks: number
  netBytes: number
  entries: Partial<Record<ProbeEntryName, ProbeEntry>>
  sizes: ProbeSize[]
}

/** One process image, or a forked child. A process that becomes another program by exec has an entry for each. */
export interface SnapshotProcess extends SnapshotActivity {
  /** Tells it from all others of the session. */
  id: string
  pid: number
  ppid: number
  /** The entry of the process that started it; null where that has none. */
  parent: string | null
  /** Short name of the program; null where it ended before it was looked at. */
  name: string | null
  executable: string | null
  /** The words that it was started with; null where it ended before it was looked at. */
  command: string | null
  /** Of one that has ended the numbers are the last ones. */
  state: 'running' | 'ended'
  forked: boolean
  /** Now; none where the probe was turned off. */
  levels: ProbeLevel[]
  /** From the session's first call to this process's. */
  beganAfterNs: number
  /** Null where the level was not `live` from its start, or a forked child's inheritance is not known. */
  liveBlocks: number | null
  liveBytes: number | null
  /** The highest of live bytes, which misses 64 KiB a thread at most. */
  peakBytes: number | null
  /** When that was, from the process's first call on. */
  peakAfterNs: number | null
  /** Null when it has ended. */
  rssBytes: number | null
  entries: Partial<Record<ProbeEntryName, ProbeEntry>>
  sizes: ProbeSize[]
  threads: SnapshotThread[]
  /** How many threads there have been; those for which there was no room are not among them. */
  threadsSeen: number
  lostThreads: number
}

/** All processes together, those that are not listed any more with them. */
export interface SnapshotTotals extends SnapshotActivity {
  processes: number
  running: number
  /** Of those that run; null where none is known. */
  liveBlocks: number | null
  liveBytes: number | null
  /** The highest of one process; null where none is known. */
  peakBytes: number | null
  /** Of those that run, pages that they share counted by each; null where none runs. */
  rssBytes: number | null
  threads: number
  sizes: ProbeSize[]
}

/** A session at one moment. */
export interface SessionSnapshot {
  schema: 1
  /** The session's folder. */
  session: string
  /** `ended`: no process runs, and none will come. */
  state: 'running' | 'ended'
  /** When it was taken: milliseconds since 1970. */
  unixMs: number
  /** From the first call of the first process on. */
  elapsedNs: number
  /** Since the snapshot before, for which the rates are; null in the first one. */
  intervalNs: number | null
  totals: SnapshotTotals
  /** In the order in which they began. Of those that have ended only the latest are listed. */
  processes: SnapshotProcess[]
  /** Those that have ended and are not listed. */
  omitted: SnapshotCounts & { processes: number }
  /** Processes that could make no file of their own, as far as their ancestors say; and how many more there are. */
  unrecorded: UnrecordedProcess[]
  unrecordedOmitted: number
  /** Files that could not be read, and why. */
  unreadable: string[]
}

/** A session that can be looked at: one of a run under way, or a folder's. */
export interface LiveSession {
  /** Its folder. */
  readonly directory: string
  /** What it looks like now; rates are for the time since the last call. */
  snapshot(): SessionSnapshot
  /**
   * Snapshots at an interval (1000 ms unless given), the first at once and the last when the session has ended, or until
   * `signal` is aborted. Several can go on side by side.
   */
  watch(options?: WatchOptions): AsyncGenerator<SessionSnapshot, void, undefined>
  /**
   * Has all its processes, and those that begin later, do what the levels say from their next call on; no levels turn the
   * probe off.
   */
  setLevels(levels: readonly ProbeLevel[]): void
  /** Lets go of the folder. What was seen last can still be asked for. */
  close(): void
}

/** How a session is watched. */
export interface WatchOptions {
  /** From 10 to a day. */
  intervalMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** A session that is under way on this machine. */
export interface RunningSession {
  directory: string
  /** The process that controls it, and the launcher of its target. */
  controllerPid: number
  launcherPid: number
  command: string[]
  /** Whether a probe was asked for; without one there is nothing to watch. */
  probed: boolean
}
