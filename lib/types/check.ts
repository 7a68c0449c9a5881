/** What the conformance kit says of heaps: each case with its outcome, misuse with its score, and what kept it from running. */

import type { HeapKind } from './heaps.ts'

/** `skip`: this heap or this machine does not offer what the case tests; the message says why. */
export type CaseOutcome = 'pass' | 'fail' | 'skip'

/**
 * What became of a program that misused the heap. `stopped`: it was ended; `masked`: it went on and nothing of its data
 * was hurt; `silent`: it went on with its data hurt, or with one block handed out twice.
 */
export type MisuseOutcome = 'stopped' | 'masked' | 'silent'

/** One program of the kit, as it is described in its source. */
export interface CaseDescription {
  /** `group/name`. */
  id: string
  group: string
  /** What holds where the case passes, in one or a few sentences. */
  explanation: string
  /** Where that is written: a clause of C23, POSIX, the glibc manual, the C++ standard or the Itanium C++ ABI. */
  standard: string
  /** Path of the program's source. */
  source: string
}

/** A case under one heap. */
export interface CaseResult extends CaseDescription {
  outcome: CaseOutcome
  /** What happened, where it did not pass; else empty. */
  message: string
  /** A shell command that runs this one program under this heap. */
  reproduce: string
  wallMs: number
}

/** A misuse under one heap. */
export interface MisuseResult extends CaseDescription {
  outcome: MisuseOutcome
  /** The signal, status or words it ended with, or what was hurt. */
  message: string
  reproduce: string
  wallMs: number
}

/** Why a heap could not be checked at all: nothing starts under it. */
export interface CheckProblem {
  code: 'not-loaded' | 'not-in-effect' | 'crashes' | 'hangs' | 'ends'
  message: string
}

/** A heap under the kit. */
export interface CheckedHeap {
  /** The heap as it was asked for, `jemalloc:narenas=2`. */
  heap: string
  kind: HeapKind
  path: string | null
  version: string | null
  /** Set where nothing starts under the heap: then the first case has failed and the others were not run. */
  problem: CheckProblem | null
  /** What is no fault and yet good to know: it prints at start, it starts threads. */
  notes: string[]
  cases: CaseResult[]
  misuse: MisuseResult[]
}

/** What `check()` returns. `holds`: no case of any heap failed. */
export interface CheckResult {
  schema: 1
  holds: boolean
  /** Set where the check was stopped: what had not run by then was skipped. */
  interrupted: boolean
  wallMs: number
  heaps: CheckedHeap[]
}

/** How far a check has come. */
export interface CheckProgress {
  done: number
  total: number
  heap: string
  id: string
  failed: number
}
