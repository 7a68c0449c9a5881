/** The probe's files of a session folder: what every process has counted. */

import { fstatSync } from 'node:fs'
import path from 'node:path'
import { addon, type RawLatency, type RawProbe } from '../binding/native.ts'
import type { ProbeCost, ProbeLevel, ProbeProcess, ProbeReport, UnrecordedProcess } from '../types.ts'
import { type Control, levelSpan, readControl } from './control.ts'
import { listFolder, readUpTo, withFile } from './files.ts'
import { readLatency, toLatency } from './latency.ts'
import { joinUnrecorded, unrecordedOf } from './unrecorded.ts'

const firstBytes = 4096

/** More than any probe writes. */
const largestBytes = 256 << 20

/** A target could fill its folder. */
const maxFiles = 100_000

/** The names of a session's probe files. */
export const probeFiles = (folder: string) =>
  listFolder(folder)
    .filter((name) => name.endsWith('.probe'))
    .slice(0, maxFiles)

/** A process's file with what belongs to it. */
interface Found {
  raw: RawProbe
  latency: RawLatency | null
}

/** What others know of a session's processes. */
export interface OtherKnowledge {
  /** Programs that were started and are not known to have recorded anything, and when on the monotonic clock. */
  started: readonly (UnrecordedProcess & { timeNs: bigint })[]
  executableOf: (pid: number) => string | null
}

const nothingElse: OtherKnowledge = { started: [], executableOf: () => null }

/** What a session's processes have counted, in the order in which they began. A folder that is gone has none. */
export function readProbes(
  folder: string,
  levels: readonly ProbeLevel[],
  { started, executableOf }: OtherKnowledge = nothingElse,
): ProbeReport {
  const unreadable: string[] = []
  const trying = <T>(name: string, read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      unreadable.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      return null
    }
  }
  const found: Found[] = []
  for (const name of probeFiles(folder)) {
    const raw = trying(name, () => readProbe(path.join(folder, name)))
    if (raw === null) continue
    const beside = name.replace(/\.probe$/, '.latency')
    if (raw.latencyFailed) unreadable.push(`${beside}: could not be made (no room, or no right)`)
    const latency = raw.hasLatency ? trying(beside, () => readLatency(path.join(folder, beside))) : null
    found.push({ raw, latency })
  }
  // After them: a change that came meanwhile is then known, and what it made untrue is not said.
  const control = trying('control', () => readControl(folder))
  found.sort(({ raw: a }, { raw: b }) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0))
  const files = found.map(({ raw }) => raw)
  const forked = unrecordedOf(files, (pid, ppid) => executableOf(pid) ?? executableOf(ppid))
  const silent = started.filter(({ pid, timeNs }) => !files.some((raw) => raw.pid === pid && raw.startNs >= timeNs))
  const programs = silent.map(({ pid, ppid, executable }) => ({ pid, ppid, executable }))
  const latencies = found.map(({ latency }) => latency).filter((each) => each !== null)
  return {
    levels: [...levels],
    processes: found.map(({ raw, latency }) => toProcess(raw, latency, control)),
    latency: toLatency(latencies),
    ...joinUnrecorded(forked, { unrecorded: programs, unrecordedOmitted: 0 }),
    unreadable,
  }
}

/**
 * Reads one process's file twice, so that what was taken is not seen before it was given.
 * @throws an Error that says what is wrong with it, and at which offset
 */
export function readProbe(file: string): RawProbe {
  return readProbeAgain(file, null).raw
}

/** What a file said, with its bytes where nothing changed while it was read. */
export interface ProbeReading {
  raw: RawProbe
  atRest: Buffer | null
}

/** More is not kept to be compared. */
const largestKept = 256 << 10

/**
 * As `readProbe`, for a file that was read before: one at rest that has not changed since is not parsed again.
 * @throws an Error that says what is wrong with it, and at which offset
 */
export function readProbeAgain(file: string, before: ProbeReading | null): ProbeReading {
  return withFile(file, largestBytes, (fd) => {
    const first = readInUse(fd)
    if (before?.atRest?.equals(first)) return before
    // Longer where threads have begun meanwhile, who may have given what the first reading has as taken.
    const second = readInUse(fd)
    const kept = first.length <= largestKept && first.equals(second)
    return { raw: addon().parseProbe(first, second), atRest: kept ? second : null }
  })
}

/** What the file says of its length is the target's word; threads that begin meanwhile are left for the next time. */
function readInUse(fd: number): Buffer {
  const head = readUpTo(fd, firstBytes)
  const used = addon().probeBytesInUse(head)
  const bytes = readUpTo(fd, Math.min(used, fstatSync(fd).size, largestBytes))
  head.copy(bytes)
  return bytes
}

/** What is known of a process by its files: what cannot be known is null, and no live count is below zero. */
export function toProcess(raw: RawProbe, latency: RawLatency | null, control: Control | null): ProbeProcess {
  const timed = latency === null ? null : toLatency([latency])
  return {
    pid: raw.pid,
    ppid: raw.ppid,
    levels: raw.controlChanges === null || control === null ? raw.levels : control.levels,
    forked: raw.forked,
    inherits: raw.inherits,
    ...liveOf(raw, control),
    latency: timed,
    cost: costOf(raw, timed?.entries.reduce((sum, { count }) => sum + count, 0) ?? 0),
    total: raw.total,
    threads: raw.threads.map(({ beganNs: _, ...thread }) => thread),
    threadsSeen: raw.threadsSeen,
    lostThreads: raw.lostThreads,
  }
}

type Live = Pick<
  ProbeProcess,
  'liveBlocks' | 'liveBytes' | 'peakBytes' | 'peakAfterNs' | 'netBlocksSince' | 'netBytesSince' | 'sinceNs' | 'gaps'
>

const nothingLive: Live = {
  liveBlocks: null,
  liveBytes: null,
  peakBytes: null,
  peakAfterNs: null,
  netBlocksSince: null,
  netBytesSince: null,
  sinceNs: null,
  gaps: null,
}

/** "Live" is only what was counted from the first block on; else it is the net of the time in which it was counted. */
function liveOf(raw: RawProbe, control: Control | null): Live {
  const { startLevels, startLevelsNs: startNs, controlChanges: changes } = raw
  const span = levelSpan(control, 'live', { startLevels, startNs, changes })
  const knowsItsBlocks = !raw.forked || raw.inherits
  if (span?.whole && knowsItsBlocks) {
    return {
      ...nothingLive,
      liveBlocks: Math.max(0, raw.liveBlocks),
      liveBytes: Math.max(0, raw.liveBytes),
      peakBytes: Math.max(0, raw.peakBytes, raw.liveBytes),
      peakAfterNs: Number(raw.peakNs > raw.startNs ? raw.peakNs - raw.startNs : 0n),
    }
  }
  if (span === null || span.since === null) return nothingLive
  return {
    ...nothingLive,
    netBlocksSince: raw.liveBlocks,
    netBytesSince: raw.liveBytes,
    sinceNs: Number(span.since - raw.startNs),
    gaps: span.gaps,
  }
}

/** Calls of each kind times what one takes; live bytes were looked at for the blocks that have a usable size. */
function costOf({ costPicoseconds, watchPicoseconds, samplingNs, total }: RawProbe, timed: number): ProbeCost {
  const [counting, live, timing, sampling] = costPicoseconds
  const calls = Object.values(total.entries).reduce((sum, entry) => sum + entry.calls, 0)
  const looked = total.sizes.reduce((sum, size) => sum + size.givenBlocks + size.takenBlocks, 0)
  const watched = timed === 0 ? 0 : calls
  const totalNs =
    (calls * counting + looked * live + timed * timing + watched * watchPicoseconds + calls * sampling) / 1000 +
    samplingNs
  return { nsPerCall: calls === 0 ? 0 : totalNs / calls, calls, totalNs }
}
