/** What one run of a target gave. */

import type { ProbeReport } from './probe.ts'
import type { Profile } from './profile.ts'
import type { Verdict } from './verdict.ts'

/** Something that the caller should know; `message` ends with what to do. */
export interface Warning {
  code: string
  message: string
}

/** A process that outlived its target. */
export interface Leftover {
  pid: number
  command: string
}

/** What one run gave. Times are nanoseconds, memory is bytes; see DESIGN, "Accounting", for whose they are. */
export interface RunResult {
  schema: 1
  heap: string
  command: string[]
  /** null when the target died by a signal. */
  exitCode: number | null
  signal: string | null
  timedOut: boolean
  wallNs: number
  /** How long the machine slept meanwhile, which is not in wallNs. */
  suspendedNs: number
  userNs: number
  sysNs: number
  peakRssBytes: number
  minorFaults: number
  majorFaults: number
  voluntarySwitches: number
  involuntarySwitches: number
  tree: { processes: number; userNs: number; sysNs: number; peakRssBytes: number }
  /**
   * The threads of all witnessed processes for which the heap's thread hooks were called; null where it has no hooks.
   * More have begun than ended where a process was ended by a signal or by _exit.
   */
  threads: { begun: number; ended: number } | null
  /** What the probe has counted; null without one. */
  probe: ProbeReport | null
  /** What was sampled, by stack; null unless it was asked for. */
  profile: Profile | null
  verdict: Verdict
  /** The session folder, where it was kept, else null. */
  session: string | null
  leftovers: Leftover[]
  warnings: Warning[]
}
