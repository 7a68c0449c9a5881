/**
 * What a comparison is given and what one run of it gives back. The runner that starts targets is passed in, so that
 * this folder knows nothing of processes and its tests can play any machine, calm or noisy.
 */

import type { HeapInfo, Machine, Metric, Pairing, ProbeLevel, RunFailure, Verdict } from '../types.ts'

/** A heap to compare: what `heaps` knows of it and the text that was asked for. */
export interface ComparedHeapInfo extends HeapInfo {
  spec: string
  /** As in `ComparedHeap`. */
  sha256?: string | null | undefined
  label?: string | undefined
  command?: readonly string[] | undefined
}

/** A metric with the flags of its pattern (`i`, `s`, `u` and so on; none unless given). */
export interface CompareMetric extends Metric {
  flags?: string | undefined
}

/** Who runs: the position of a heap in the list, or the control, which is the baseline (heap 0) a second time. */
export type Subject = number | 'control'

/** One run as the plan has it. Warm-up blocks count -n to -1, the others from 0. */
export interface PlannedRun {
  subject: Subject
  block: number
  warmup: boolean
  /** The run is to count instructions, for which it is slowed down; nothing else of it is used. */
  counted?: boolean | undefined
}

/** What one run gave. */
export interface RunSample {
  /** One per metric; null where the target printed no such number. */
  values: Record<string, number | null>
  /** Set when the run as a whole does not count: a crash, a wrong exit status, a timeout. */
  failure: Omit<RunFailure, 'block'> | null
  /** Whether the heap was in effect; null when the run did not come that far. */
  verdict: Verdict | null
  wallNs: number
  /** How long the machine slept during the run. */
  suspendedNs?: number | undefined
  /** Share of all cores' time during the run in which they had nothing to do, 0 to 1; not told where it is not known. */
  machineIdle?: number | undefined
  /** What counted the instructions of a run that was to count them. */
  countedBy?: 'counters' | 'callgrind' | undefined
  /** By metric: why its value is null though the run succeeded (see `OutputMatcher`). */
  problems?: Record<string, string> | undefined
  /** The last of what the target printed, for a failure by `problems`. */
  output?: string | undefined
}

/** The metric whose runs are of their own kind. */
export const INSTRUCTIONS = 'instructions'

/** Starts one target, waits for it, and says what it gave. Rejects only when alloc8 itself fails or is aborted. */
export type Runner = (run: PlannedRun, signal?: AbortSignal) => Promise<RunSample>

/** A duet as the plan has it: the subject beside the baseline, both at the same moment on the same cores. */
export interface PlannedPair extends PlannedRun {
  /** Which of the two is released first, by some microseconds. */
  candidateFirst: boolean
  /** How many cores they share, and how often each side runs the command in a row. */
  cores: number
  repeats: number
}

/** What one duet gave. Numbers are of one run, whatever the repeats: sums are divided, peaks are the highest. */
export interface PairSample {
  candidate: RunSample
  baseline: RunSample
  /** Share of the longer side's time in which both ran. */
  overlap: number
}

/** Runs one duet, as `Runner` runs one target. */
export type PairRunner = (pair: PlannedPair, signal?: AbortSignal) => Promise<PairSample>

/** Where a comparison stands: told before each run and once at the end. */
export interface Progress {
  /** Runs finished, warm-up and control included, of `total`. */
  done: number
  total: number
  /** The block in progress, as in `PlannedRun`. */
  block: number
  /** The spec of the heap that runs. */
  heap: string
  elapsedMs: number
  /** null until the first run has ended. */
  remainingMs: number | null
  /** Of a suite: the workload that runs, and how many of how many are done. The times are then the suite's. */
  workload?: string | undefined
  workloadsDone?: number | undefined
  workloads?: number | undefined
}

/** What `runComparison` takes. */
export interface ComparisonOptions {
  /** The first is the baseline. Two may have the same spec. */
  heaps: readonly ComparedHeapInfo[]
  /** Name of what runs, for the cells. */
  workload: string
  command: readonly string[]
  machine: Machine
  /** alloc8's version, for the result. */
  version?: string | undefined
  /** The command line that does it again. */
  reproduce?: string | null | undefined
  metrics: readonly CompareMetric[]
  blocks: number
  warmupBlocks: number
  /** No block is begun that would end later than this; null: no limit. */
  maxTimeMs?: number | null | undefined
  seed: number
  /** How CPU time is paired; without it duets where the program suits them. Needs a `PairRunner` for duets. */
  pairing?: Pairing | undefined
  /** Whether something is done before each run that two runs at once would share. */
  prepared?: boolean | undefined
  /** The levels of the probe that is in front of every heap; none where there is none. */
  probed?: readonly ProbeLevel[] | undefined
  /** Goes on beyond `blocks`, at most to four times as many, until each verdict is decided. */
  untilDecided?: boolean | undefined
  /** A share: 0.01 is 1 %. */
  threshold: number
  /** Others for single metrics, by name. */
  thresholds?: Readonly<Record<string, number>> | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
  /** The name of a file that runs and is no longer as it was at first; asked before and after each block. */
  replaced?: (() => Promise<string | null>) | undefined
  /** Milliseconds of a clock that only goes forward; `performance.now` unless given. */
  now?: (() => number) | undefined
}

/** Why a comparison ended before its last block. */
export type Stop =
  | { why: 'interrupted' | 'max-time' }
  /** `block` is the first that may have run with the new file, as in `PlannedRun`. */
  | { why: 'library-replaced'; file: string; block: number }

/** What a heap or the control did in the complete blocks, in block order. */
export interface SubjectRuns {
  spec: string
  /** The runs alone; where everything was measured in duets, the runs of those. */
  samples: readonly RunSample[]
  /** null where there were no duets. */
  duets: SubjectDuets | null
  /** The runs whose instructions were counted, from the first block on; null where no metric asked. */
  counted: readonly (RunSample | undefined)[] | null
}

/** A subject's side of the duets, and the baseline's beside it. */
export interface SubjectDuets {
  own: readonly RunSample[]
  partners: readonly RunSample[]
  /** The names of the metrics that are taken from duets. */
  metrics: ReadonlySet<string>
}
