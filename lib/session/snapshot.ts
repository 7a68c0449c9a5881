/**
 * From what was read of a session's processes to a snapshot: sums of their parts, differences to the snapshot before.
 * Numbers in, plain data out.
 */

import type { RawLatency, RawProbe } from '../binding/native.ts'
import type {
  ProbeSize,
  ProbeTally,
  SessionSnapshot,
  SnapshotActivity,
  SnapshotCounts,
  SnapshotLatency,
  SnapshotProcess,
  SnapshotRates,
  SnapshotThread,
  SnapshotTotals,
} from '../types.ts'
import type { Control } from './control.ts'
import { isFreeing } from './entries.ts'
import { allTimesOf } from './latency.ts'
import { toProcess } from './probes.ts'
import { joinUnrecorded, type Unrecorded, unrecordedOf } from './unrecorded.ts'

/** One process as it was read last. */
export interface ReadProcess {
  id: string
  raw: RawProbe
  /** Null where nothing was timed. */
  latency: RawLatency | null
  parent: string | null
  name: string | null
  executable: string | null
  command: string | null
  rssBytes: number | null
  running: boolean
  threadNames: ReadonlyMap<number, string>
}

/** Processes that have ended and are kept as sums only. */
export interface Folded extends SnapshotCounts, Unrecorded {
  processes: number
  peakBytes: number | null
  sizes: ProbeSize[]
}

/** All that a snapshot is made of. */
export interface Reading {
  directory: string
  ended: boolean
  unixMs: number
  /** On the monotonic clock. */
  nowNs: bigint
  /** The first call of the session; null before there was one. */
  startNs: bigint | null
  processes: readonly ReadProcess[]
  folded: Folded
  /** The session's control page, read after them; null where it has none. */
  control: Control | null
  unreadable: readonly string[]
}

/** A snapshot, and when it was taken on the monotonic clock: what the next one's rates are differences to. */
export interface Taken {
  snapshot: SessionSnapshot
  nowNs: bigint
  counts: ReadonlyMap<string, SnapshotCounts>
}

const noCounts: SnapshotCounts = { calls: 0, allocations: 0, frees: 0, failures: 0, requestedBytes: 0 }

/** Nothing folded yet. */
export function nothingFolded(): Folded {
  return { ...noCounts, processes: 0, peakBytes: null, sizes: [], unrecorded: [], unrecordedOmitted: 0 }
}

/** Adds a process that has ended to the sums. */
export function fold(folded: Folded, process: ReadProcess, control: Control | null): Folded {
  const { peakBytes } = toProcess(process.raw, null, control)
  return {
    ...addCounts(folded, countsOf(process.raw.total)),
    processes: folded.processes + 1,
    peakBytes: largest([folded.peakBytes, peakBytes]),
    sizes: addSizes([folded.sizes, process.raw.total.sizes]),
    ...joinUnrecorded(folded, unrecordedIn([process])),
  }
}

/** A child that could make no file runs what its parent runs, as far as is known. */
function unrecordedIn(processes: readonly ReadProcess[]): Unrecorded {
  const executables = new Map(processes.map(({ raw, executable }) => [raw.pid, executable]))
  return unrecordedOf(
    processes.map(({ raw }) => raw),
    (_, ppid) => executables.get(ppid) ?? null,
  )
}

/** The sums over a tally's entry points. */
function countsOf(tally: ProbeTally): SnapshotCounts {
  const counts = { ...noCounts }
  for (const [name, entry] of Object.entries(tally.entries)) {
    counts.calls += entry.calls
    counts.failures += entry.failures
    counts.requestedBytes += entry.requestedBytes
    if (isFreeing(name)) counts.frees += entry.calls
  }
  for (const { requests } of tally.sizes) counts.allocations += requests
  return counts
}

function addCounts(a: SnapshotCounts, b: SnapshotCounts): SnapshotCounts {
  return {
    calls: a.calls + b.calls,
    allocations: a.allocations + b.allocations,
    frees: a.frees + b.frees,
    failures: a.failures + b.failures,
    requestedBytes: a.requestedBytes + b.requestedBytes,
  }
}

/** Size classes of several places as one list, by size. */
export function addSizes(lists: readonly (readonly ProbeSize[])[]): ProbeSize[] {
  const sums = new Map<number | null, ProbeSize>()
  for (const size of lists.flat()) {
    const sum = sums.get(size.upToBytes)
    if (sum === undefined) sums.set(size.upToBytes, { ...size })
    else {
      sum.requests += size.requests
      sum.givenBlocks += size.givenBlocks
      sum.givenBytes += size.givenBytes
      sum.takenBlocks += size.takenBlocks
      sum.takenBytes += size.takenBytes
    }
  }
  const order = (size: ProbeSize) => size.upToBytes ?? Number.POSITIVE_INFINITY
  return [...sums.values()].sort((a, b) => order(a) - order(b))
}

/** How long the calls of some processes took since they began; null where none was timed. */
function latencyOf(processes: readonly ReadProcess[]): SnapshotLatency | null {
  const times = allTimesOf(processes.map(({ latency }) => latency).filter((each) => each !== null))
  if (times === null) return null
  const { count, meanNs: _, ...rest } = times
  return { calls: count, ...rest }
}

/** Makes a snapshot; `before` is what its rates are differences to. */
export function toSnapshot(reading: Reading, before: Taken | null): Taken {
  const { directory, ended, unixMs, nowNs, startNs, processes, folded, control, unreadable } = reading
  const intervalNs = before === null ? null : Number(nowNs - before.nowNs)
  const counts = new Map<string, SnapshotCounts>()
  const activity = (key: string, now: SnapshotCounts, latency: SnapshotLatency | null = null): SnapshotActivity => {
    counts.set(key, now)
    return { ...now, rates: ratesOf(now, before?.counts.get(key) ?? noCounts, intervalNs), latency }
  }
  const shown = processes.map((process) => processOf(process, control, startNs ?? nowNs, activity))
  const { processes: omittedProcesses } = folded
  const snapshot: SessionSnapshot = {
    schema: 1,
    session: directory,
    state: ended ? 'ended' : 'running',
    unixMs,
    elapsedNs: startNs === null ? 0 : Math.max(0, Number(nowNs - startNs)),
    intervalNs,
    totals: totalsOf(shown, folded, activity, latencyOf(processes)),
    processes: shown,
    omitted: { ...countsAlone(folded), processes: omittedProcesses },
    ...joinUnrecorded(folded, unrecordedIn(processes)),
    unreadable: [...unreadable],
  }
  return { snapshot, nowNs, counts }
}

type ActivityOf = (key: string, now: SnapshotCounts, latency?: SnapshotLatency | null) => SnapshotActivity

function processOf(
  process: ReadProcess,
  control: Control | null,
  sessionStartNs: bigint,
  activity: ActivityOf,
): SnapshotProcess {
  const { id, raw, parent, name, executable, command, running } = process
  const known = toProcess(raw, process.latency, control)
  const began = raw.startNs > sessionStartNs ? Number(raw.startNs - sessionStartNs) : 0
  return {
    id,
    pid: raw.pid,
    ppid: raw.ppid,
    parent,
    name,
    executable,
    command,
    state: running ? 'running' : 'ended',
    forked: raw.forked,
    levels: known.levels,
    beganAfterNs: began,
    ...activity(id, countsOf(raw.total), latencyOf([process])),
    liveBlocks: known.liveBlocks,
    liveBytes: known.liveBytes,
    peakBytes: known.peakBytes,
    peakAfterNs: known.peakAfterNs,
    rssBytes: running ? process.rssBytes : null,
    entries: raw.total.entries,
    sizes: raw.total.sizes,
    threads: raw.threads.map((thread) => threadOf(process, thread, activity)),
    threadsSeen: raw.threadsSeen,
    lostThreads: raw.lostThreads,
  }
}

function threadOf(process: ReadProcess, thread: RawProbe['threads'][number], activity: ActivityOf): SnapshotThread {
  const key = `${process.id}/${thread.thread}/${thread.beganNs}`
  const net = (given: 'givenBlocks' | 'givenBytes', taken: 'takenBlocks' | 'takenBytes') =>
    thread.sizes.reduce((sum, size) => sum + size[given] - size[taken], 0)
  return {
    thread: thread.thread,
    name: process.threadNames.get(thread.thread) ?? (thread.thread === process.raw.pid ? process.name : null),
    alive: thread.alive && process.running,
    ...activity(key, countsOf(thread)),
    netBlocks: net('givenBlocks', 'takenBlocks'),
    netBytes: net('givenBytes', 'takenBytes'),
    entries: thread.entries,
    sizes: thread.sizes,
  }
}

function totalsOf(
  processes: readonly SnapshotProcess[],
  folded: Folded,
  activity: ActivityOf,
  latency: SnapshotLatency | null,
): SnapshotTotals {
  const running = processes.filter(({ state }) => state === 'running')
  return {
    processes: processes.length + folded.processes,
    running: running.length,
    ...activity('', processes.reduce<SnapshotCounts>(addCounts, countsAlone(folded)), latency),
    liveBlocks: sum(running.map(({ liveBlocks }) => liveBlocks)),
    liveBytes: sum(running.map(({ liveBytes }) => liveBytes)),
    peakBytes: largest([folded.peakBytes, ...processes.map(({ peakBytes }) => peakBytes)]),
    rssBytes: sum(running.map(({ rssBytes }) => rssBytes)),
    threads: running.reduce((all, { threads }) => all + threads.filter(({ alive }) => alive).length, 0),
    sizes: addSizes([folded.sizes, ...processes.map(({ sizes }) => sizes)]),
  }
}

const countsAlone = (all: SnapshotCounts): SnapshotCounts => addCounts(all, noCounts)

function ratesOf(now: SnapshotCounts, before: SnapshotCounts, intervalNs: number | null): SnapshotRates | null {
  if (intervalNs === null || intervalNs <= 0) return null
  const perSecond = (key: keyof SnapshotCounts) => (Math.max(0, now[key] - before[key]) * 1e9) / intervalNs
  return {
    callsPerSecond: perSecond('calls'),
    allocationsPerSecond: perSecond('allocations'),
    freesPerSecond: perSecond('frees'),
    requestedBytesPerSecond: perSecond('requestedBytes'),
  }
}

/** The sum of those that are known, null where none is. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((all, value) => all + value, 0)
}

function largest(values: readonly (number | null)[]): number | null {
  return values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null)
}
