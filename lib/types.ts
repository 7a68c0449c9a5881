/**
 * The shapes of alloc8's results, as DESIGN's "Results" names them: plain data, units in the names, the same objects
 * that the functions return and that `--json` writes. Fields may be added; none is renamed. `schema` is the version
 * of the shape; the JSON Schemas stand in `schema/`.
 */

// --- heaps -----------------------------------------------------------------------------------------------------

/** Where a heap comes from. `default` is the program untouched, `system` is libc's malloc, enforced. */
export type HeapKind = 'default' | 'system' | 'builtin' | 'found' | 'file'

/** One tunable of a heap: `name:key=value` sets it. */
export interface Tunable {
  key: string
  kind: 'integer' | 'boolean' | 'string' | 'size'
  /** The heap's own default as it documents it, or null where it depends on the machine. */
  default: string | null
  /** One line: what it does. */
  description: string
}

/** A heap as `alloc8 heaps` lists it. `path` and `version` are null for `default`. */
export interface HeapInfo {
  name: string
  kind: HeapKind
  path: string | null
  version: string | null
  tunables: Tunable[]
}

/** What `heaps()` returns. */
export interface HeapsResult {
  schema: 1
  heaps: HeapInfo[]
}

/** A heap chosen for a run: a name with its tunables applied, ready to be put into an environment. */
export interface ResolvedHeap extends HeapInfo {
  /** The whole text that was asked for: `jemalloc:narenas=2`. Two with the same spec behave alike. */
  spec: string
  /** Libraries to preload, in order. Empty for `default`. */
  preload: string[]
  /** Environment variables that carry the tunables. A list-like variable is joined to the user's own value. */
  env: { name: string; value: string; join: string | null }[]
}

// --- verdict ---------------------------------------------------------------------------------------------------

/** Whether the requested heap was in effect. */
export type VerdictState = 'active' | 'partial' | 'inactive'

/** Why a verdict is what it is: what was seen, and what to do about it. */
export interface Reason {
  code: ReasonCode
  message: string
  advice: string
}

/** The closed list of reasons. */
export type ReasonCode =
  | 'static-executable'
  | 'secure-exec'
  | 'own-malloc'
  | 'suspected'
  | 'sanitizer'
  | 'wrong-elf-class'
  | 'other-libc'
  | 'not-an-elf'
  | 'library-not-loaded'
  | 'bound-elsewhere'
  | 'preload-in-front'
  | 'mis-versioned-exports'
  | 'missing-entry-points'
  | 'deep-bind'
  | 'own-namespace'
  | 'late-unseen'
  | 'library-unseen'
  | 'audited'
  | 'preload-dropped'
  | 'session-dropped'
  | 'other-root'
  | 'not-run'
  | 'not-witnessed'
  | 'witness-unreadable'
  | 'journal-full'

/**
 * One process image: what its entry points were bound to. Paths are null where the loader found nothing. One that left
 * no record has no bindings; its `pid` is 0 where only its parent is known (a shell that `system` or `popen` started).
 */
export interface ProcessVerdict {
  pid: number
  ppid: number
  executable: string
  state: VerdictState
  reasons: Reason[]
  bindings: Record<string, string | null>
}

/** The verdict on a whole run: the worst of its processes. */
export interface Verdict {
  state: VerdictState
  reasons: Reason[]
  processes: ProcessVerdict[]
}

// --- run -------------------------------------------------------------------------------------------------------

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
  verdict: Verdict
  /** The session folder, where it was kept, else null. */
  session: string | null
  leftovers: Leftover[]
  warnings: Warning[]
}

// --- compare ---------------------------------------------------------------------------------------------------

/** What a cell of a comparison says. */
export type CellVerdict = 'better' | 'worse' | 'same' | 'inconclusive'

/**
 * The metrics that alloc8 measures itself. Others are numbers that the target prints. `instructions` needs hardware
 * counters or callgrind; the `rss-` ones are of services: resident memory of the server's whole tree over time.
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
  /** One per block, in block order; null where a run failed. */
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
  /** Blocks completed (after warm-up); `requestedBlocks` may be more after Ctrl-C, --max-time or a replaced file. */
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
}

// --- doctor ----------------------------------------------------------------------------------------------------

/** How a thing stands: `limited` works with a restriction, `bad` keeps alloc8 from working. */
export type CheckState = 'good' | 'limited' | 'bad'

/** One thing that was looked at on this machine. */
export interface DoctorCheck {
  /** Stable: `preload`, `native`, `counters`, `thp` ... */
  id: string
  state: CheckState
  /** What there is, in one phrase. */
  found: string
  /** What follows from it; null where nothing does. */
  meaning: string | null
  /** What to do; null where there is nothing to do. */
  advice: string | null
}

/** A heap of this machine and whether a program really ran on it. */
export interface DoctorHeap {
  name: string
  kind: HeapKind
  path: string | null
  version: string | null
  /** null: not tried, because nothing can be preloaded here at all. */
  state: VerdictState | null
  reasons: string[]
}

/** What `doctor()` returns for a machine. */
export interface DoctorResult {
  schema: 1
  /** Whether everything holds that alloc8 needs: no check is `bad` and no heap inactive. */
  holds: boolean
  checks: DoctorCheck[]
  heaps: DoctorHeap[]
}

/** An allocator in a process that malloc does not lead to. */
export interface OtherAllocator {
  allocator: string
  version: string | null
  library: string
  /**
   * `behind`: later in the search order than the one that malloc leads to. `apart`: loaded outside of that order.
   * `carried`: inside a file under names of its own, which may use it for its own blocks.
   */
  role: 'behind' | 'apart' | 'carried'
  certainty: 'certain' | 'suspected'
  evidence: string
}

/** What `doctor({ pid })` returns: which allocator a running process uses. */
export interface ProcessAllocator {
  schema: 1
  pid: number
  /** The kernel's name for it, at most 15 letters. */
  name: string
  kind: 'process' | 'zombie' | 'kernel-thread'
  /** Paths are those of the process's own file system, which may be another than ours. */
  executable: string | null
  bits: 32 | 64 | null
  linkage: 'dynamic' | 'static' | null
  libc: 'glibc' | 'musl' | null
  /** What malloc leads to: `glibc`, `jemalloc`, `Go runtime` ...; `unknown`; null for what has no memory of its own. */
  allocator: string | null
  version: string | null
  /** The name of the heap for `alloc8 run --heap`, where it is one of alloc8's. */
  heap: string | null
  /** The file that malloc lies in. */
  library: string | null
  /** That file was removed or replaced on disk since: the process still runs the old one. */
  libraryDeleted: boolean
  certainty: 'certain' | 'suspected'
  evidence: string[]
  others: OtherAllocator[]
  warnings: Warning[]
}
