/** What a comparison gave: workloads, cells, control, and what follows from them. */

import type { HeapInfo } from './heaps.ts'
import type { Warning } from './run.ts'
import type { Reason, VerdictState } from './verdict.ts'

/** What a cell of a comparison says. */
export type CellVerdict = 'better' | 'worse' | 'same' | 'inconclusive'

/**
 * The metrics that alloc8 measures itself. Others are numbers that the target prints. `instructions` needs hardware
 * counters or callgrind; the `rss-` ones are of services: resident memory of the server's whole tree over time. From
 * `peak-live` on they need the probe: the highest of live bytes, allocations, bytes asked for, usable bytes over those,
 * and how long all but a share of the calls took that give blocks (`alloc-`) or take them back (`free-`).
 */
export type BuiltinMetric =
  | 'wall'
  | 'user'
  | 'sys'
  | 'cpu'
  | 'peak-rss'
  | 'faults'
  | 'instructions'
  | 'rss-mean'
  | 'rss-peak'
  | 'rss-after'
  | 'peak-live'
  | 'allocations'
  | 'allocated'
  | 'waste'
  | 'alloc-p50'
  | 'alloc-p99'
  | 'alloc-p99.9'
  | 'free-p50'
  | 'free-p99'
  | 'free-p99.9'

/**
 * How the runs of a metric were paired with the baseline's: `alone`, one after the other in a block, or `duet`, at the
 * same moment on the same cores (DESIGN, Statistics).
 */
export type Pairing = 'alone' | 'duet'

/** A metric: measured by us, or matched in the target's output (`pattern` has one group, the number). */
export interface Metric {
  name: string
  unit: 'ns' | 'bytes' | 'count' | ''
  higherIsBetter: boolean
  /** Source of a regular expression with one capturing group, or null for a metric that alloc8 measures. */
  pattern: string | null
}

/** A run that gave no number: it crashed, failed, hung, or printed nothing that matched. */
export interface RunFailure {
  block: number
  exitCode: number | null
  signal: string | null
  timedOut: boolean
  message: string
  /** The last of what the target printed, at most 64 KiB. */
  output: string
}

/** One workload under one heap by one metric, against the baseline. */
export interface Cell {
  workload: string
  heap: string
  metric: string
  unit: string
  higherIsBetter: boolean
  /** Heap over baseline; null when there are too few pairs. `low` and `high` bound it at 95 %. */
  ratio: number | null
  low: number | null
  high: number | null
  verdict: CellVerdict
  /** What counted as a difference, as a share. */
  threshold: number
  /** One per block, in block order; null where a run failed, and where instructions were no longer counted because they never varied. */
  runs: (number | null)[]
  failures: RunFailure[]
  pairing: Pairing
  /**
   * What the baseline gave beside each run, where that is not the baseline's own cell: in a duet each heap has a
   * partner of its own. null where the pairing is `alone`.
   */
  partners: (number | null)[] | null
  /** For those who want them; the verdict does not look at them. null where there are too few pairs. */
  tests: CellTests | null
}

/** Tests of a cell's pairs. */
export interface CellTests {
  pairs: number
  /** Wilcoxon's signed-rank test of the log ratios, two-sided: exact up to 25 pairs. */
  wilcoxonP: number
  /** The same after Holm's correction over all cells of the comparison but the baseline's. */
  holmP: number
}

/** A heap over all workloads by one metric: the geometric mean of its ratios, each workload counting alike. */
export interface Overall {
  heap: string
  metric: string
  higherIsBetter: boolean
  /** null when a workload has none, or there is only one workload. */
  ratio: number | null
  low: number | null
  high: number | null
  verdict: CellVerdict
  threshold: number
  /** How many workloads it is over. */
  workloads: number
}

/**
 * The heaps of which no other is as good in both speed and memory and better in one: each is the right choice for
 * somebody. Positions in `heaps`, because two may have the same spec.
 */
export interface ParetoSet {
  /** null: over all workloads. */
  workload: string | null
  speed: string
  memory: string
  heaps: number[]
}

/** Resident memory of a service's server, its whole tree, while it ran: pairs of milliseconds and bytes. */
export interface Timeline {
  workload: string
  heap: string
  /** The heap's position in `heaps`. */
  heapIndex: number
  block: number
  points: [ms: number, rssBytes: number][]
  /** When the load began and ended, milliseconds since the server's start; null where it did not come so far. */
  loadFromMs: number | null
  loadToMs: number | null
}

/** One workload of a comparison. */
export interface ComparedWorkload {
  name: string
  kind: 'command' | 'service'
  /** What ran under the heaps: of a service, the server. */
  command: string[]
  /** Of a service: what made the load. */
  load: string[] | null
  blocks: number
  requestedBlocks: number
  threshold: number
  /** Why the CPU time was or was not measured in duets; null where no metric asked for it. */
  duet: DuetFacts | null
  /** Where blocks were added until the verdicts were decided: after which numbers of blocks it was looked. */
  looks: LookFacts | null
  /** Why it could not be run, or not be cleared away; absent where all went well. */
  problem?: WorkloadProblem | undefined
}

/** What went wrong around the runs of a workload. */
export interface WorkloadProblem {
  phase: 'setup' | 'prepare' | 'start' | 'teardown'
  message: string
  /** What to do, or the last of what the command printed. */
  hint: string
}

/** How the duets of a workload were run. */
export interface DuetFacts {
  used: boolean
  /** In words: `busy on 1 core, 2 runs of 0.2 s each`. */
  reason: string
  /** How many cores both of a pair shared. */
  cores: number
  /** How often each side of a pair ran the command in a row, to be long enough. */
  repeats: number
  /** Share of the longer side's time in which both ran, median of all pairs; null without pairs. */
  overlap: number | null
}

/** The looks of a comparison that goes on until it is decided. */
export interface LookFacts {
  /** Blocks at which it was looked or would have been. */
  planned: number[]
  /** How many of them were done. */
  done: number
  /** Two-sided level of each interval: smaller than 0.05, because there are several looks. */
  level: number
}

/** The baseline under a second name: what the machine's noise alone makes of two equal things. */
export interface Control {
  workload: string
  metric: string
  ratio: number | null
  low: number | null
  high: number | null
  runs: (number | null)[]
  pairing: Pairing
  /** As in `Cell`. */
  partners: (number | null)[] | null
}

/** The machine, as far as it bears on the numbers. */
export interface Machine {
  cpu: string
  cores: number
  memoryBytes: number
  kernel: string
  libc: string
  governor: string | null
  thp: string | null
  aslr: string | null
  cgroupMemoryBytes: number | null
}

/** A heap in a comparison, with whether it was in effect in every run. */
export interface ComparedHeap extends HeapInfo {
  spec: string
  state: VerdictState
  reasons: Reason[]
  /** SHA-256 of the library at `path`, in hex; null where there is none or it cannot be read. */
  sha256: string | null
  /** What reports call it, where its spec alone does not tell it from another: two builds under one heap. */
  label?: string | undefined
  /** What ran under it, where that is not the workload's command: the baseline of two builds. */
  command?: readonly string[] | undefined
}

/** A cell of a comparison against the same cell of a stored one. */
export interface SinceCell
  extends Pick<Cell, 'workload' | 'heap' | 'metric' | 'higherIsBetter' | 'threshold' | 'verdict'> {
  /** The heap's position in `heaps`. */
  heapIndex: number
  /** What is compared: the heap's ratio to the baseline, now over then; or its number, where it was the only heap. */
  of: 'ratio' | 'value'
  /** Now over then; null when there are too few numbers. `low` and `high` bound it by the runs alone, at 1 - `level`. */
  ratio: number | null
  low: number | null
  high: number | null
  /** Two-sided level of the interval: 0.05, or less where one of the two results was looked at several times. */
  level: number
  /** What was compared, in no order that pairs them: ratios to the baseline, or numbers, as `of` says. */
  valuesNow: (number | null)[]
  valuesThen: (number | null)[]
}

/** What has changed since a stored result. */
export interface Since {
  file: string
  /** When its first run began. */
  started: string
  cells: SinceCell[]
}

/** What `compare()` returns. */
export interface CompareResult {
  schema: 1
  /** alloc8's own version. */
  alloc8: string
  /** ISO 8601, UTC: when the first run began. */
  started: string
  /** The command line that does it again, with the seed; null where it was called from a program. */
  reproduce: string | null
  /** The compared command; of a suite, that of its first workload (see `workloads`). */
  command: string[]
  /** In the order in which they ran; cells name them. */
  workloads: ComparedWorkload[]
  /** The spec of the first heap; every ratio is against it. */
  baseline: string
  heaps: ComparedHeap[]
  /** Blocks completed (after warm-up), of a suite over all workloads; `requestedBlocks` may be more after Ctrl-C, --max-time or a replaced file. */
  blocks: number
  requestedBlocks: number
  warmupBlocks: number
  seed: number
  threshold: number
  partial: boolean
  machine: Machine
  control: Control[]
  warnings: Warning[]
  cells: Cell[]
  /** One per metric and heap, in the order of `cells`; empty with a single workload. */
  overall: Overall[]
  pareto: ParetoSet[]
  /** Of services, else empty. */
  timelines: Timeline[]
  /** Against a stored result; absent where none was named. */
  since?: Since | undefined
}
