/**
 * Processes of a session that could not be recorded: a child that was forked behind another root or with other rights
 * finds no room for a file of its own, and its nearest ancestor that has one lists it.
 */

import type { RawProbe } from '../binding/native.ts'
import type { UnrecordedProcess } from '../types.ts'

/** Those that are listed one by one, and how many more there have been. */
export interface Unrecorded {
  unrecorded: UnrecordedProcess[]
  unrecordedOmitted: number
}

/** More are counted only. */
const mostListed = 1000

/** What some processes' files say, in the order in which it happened. `executableOf` knows what a number ran. */
export function unrecordedOf(
  files: readonly Pick<RawProbe, 'unrecorded' | 'unrecordedCount'>[],
  executableOf: (pid: number, ppid: number) => string | null,
): Unrecorded {
  const all = files.flatMap(({ unrecorded }) => unrecorded)
  const sorted = all.toSorted((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0))
  const count = files.reduce((sum, { unrecordedCount }) => sum + unrecordedCount, 0)
  const listed = sorted.slice(0, mostListed)
  return {
    unrecorded: listed.map(({ pid, ppid }) => ({ pid, ppid, executable: executableOf(pid, ppid) })),
    unrecordedOmitted: Math.max(0, count - listed.length),
  }
}

/** Two lists as one. */
export function joinUnrecorded(a: Unrecorded, b: Unrecorded): Unrecorded {
  const all = [...a.unrecorded, ...b.unrecorded]
  const unrecorded = all.slice(0, mostListed)
  return { unrecorded, unrecordedOmitted: a.unrecordedOmitted + b.unrecordedOmitted + all.length - unrecorded.length }
}
