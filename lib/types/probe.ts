/** What the probe has counted: of a run, of each process, of each thread. */

/** What the probe does at a call; each of the others counts as well. */
export type ProbeLevel = 'counts' | 'live' | 'latency' | 'sample'

/** What a run asks of the probe. */
export interface ProbeSettings {
  levels: readonly ProbeLevel[]
  /** Of `sample`: the mean number of bytes between two samples; 512 KiB unless given. */
  sampleBytes?: number | undefined
  /** Of `latency`: one in so many calls of a thread is timed; each unless given. */
  latencyEvery?: number | undefined
}

/** The entry points that are told apart. */
export type ProbeEntryName =
  | 'malloc'
  | 'calloc'
  | 'realloc'
  | 'reallocarray'
  | 'memalign'
  | 'aligned_alloc'
  | 'posix_memalign'
  | 'valloc'
  | 'pvalloc'
  | 'operator_new'
  | 'operator_new_array'
  | 'free'
  | 'free_sized'
  | 'operator_delete'
  | 'operator_delete_array'

/** Calls of one entry point. */
export interface ProbeEntry {
  calls: number
  /** Allocations that gave null. */
  failures: number
  requestedBytes: number
}

/** Blocks of one size class. Of the level `live`: given and taken, by usable size; `requests` by requested size. */
export interface ProbeSize {
  /** The largest size of the class; null of the class that has all that is larger. */
  upToBytes: number | null
  requests: number
  givenBlocks: number
  givenBytes: number
  takenBlocks: number
  takenBytes: number
}

/** What was counted in one place. */
export interface ProbeTally {
  /** Those that were called. */
  entries: Partial<Record<ProbeEntryName, ProbeEntry>>
  /** Those that have something, by size. */
  sizes: ProbeSize[]
  /** What was asked for by the allocations that `sizes` has as given. */
  requestedBytes: number
}

/** A thread since it began; one that has ended is kept until another takes its place in the file. */
export interface ProbeThread extends ProbeTally {
  /** Its number in the system. */
  thread: number
  alive: boolean
}

/** How long some calls took. The percentiles are 6 % off at most; the longest is exact. */
export interface LatencyTimes {
  count: number
  meanNs: number
  p50Ns: number
  p90Ns: number
  p99Ns: number
  p999Ns: number
  p9999Ns: number
  maxNs: number
}

/** Timed calls of one entry point and one size group: requested sizes; of what is freed the usable ones. */
export interface ProbeLatencyRow extends LatencyTimes {
  entry: ProbeEntryName
  /** The largest size of the group; null of the one that has all that is larger, and where sizes are not known. */
  upToBytes: number | null
  /** False: what was freed without the level `live`, of which nobody asked the size. */
  bySize: boolean
}

/** The heap's own time in calls, of the level `latency`. */
export interface ProbeLatency {
  /** One in so many calls of a thread was timed. */
  every: number
  /** All sizes of an entry point together. */
  entries: (LatencyTimes & { entry: ProbeEntryName })[]
  /** All that give blocks together, and all that take them; null where none of them was timed. */
  allocating: LatencyTimes | null
  freeing: LatencyTimes | null
  sizes: ProbeLatencyRow[]
  /** Timed calls, and threads, for which there was no room. */
  lostCalls: number
  lostThreads: number
}

/** What the probe itself took, as it measured it at the start: without what its memory took from the caches. */
export interface ProbeCost {
  nsPerCall: number
  calls: number
  totalNs: number
}

/** One process image, or a forked child. */
export interface ProbeProcess {
  pid: number
  ppid: number
  /** When it ended, or now; none where it was turned off. */
  levels: ProbeLevel[]
  /** It began as a copy of its parent, whose live blocks it took over where `inherits` is set. */
  forked: boolean
  inherits: boolean
  /**
   * Null where the level was not `live` from its start on, without a gap, or a forked child's inheritance is not known.
   */
  liveBlocks: number | null
  liveBytes: number | null
  /** The highest of live bytes, which misses 64 KiB a thread at most. */
  peakBytes: number | null
  /** When that was, from the process's first call on. */
  peakAfterNs: number | null
  /**
   * Where it was not `live` from its start on: given minus taken while it was. It is less than nothing where more of the
   * blocks from before were freed. Null where that is `liveBytes`, or was never counted.
   */
  netBlocksSince: number | null
  netBytesSince: number | null
  /** When that began, from the process's first call on; less than nothing in a child whose parent began with it. */
  sinceNs: number | null
  /** How often the level was off in between. */
  gaps: number | null
  /** Null where no call was timed. */
  latency: ProbeLatency | null
  cost: ProbeCost
  total: ProbeTally
  threads: ProbeThread[]
  /** How many threads there have been; those for which there was no room are not among them. */
  threadsSeen: number
  lostThreads: number
}

/** A process of which nothing was counted. */
export interface UnrecordedProcess {
  pid: number
  ppid: number
  executable: string | null
}

/** What the probe has counted in a run. */
export interface ProbeReport {
  levels: ProbeLevel[]
  processes: ProbeProcess[]
  /** Of all processes; null where no call was timed. */
  latency: ProbeLatency | null
  /**
   * Processes that could make no file of their own (another root, other rights, no room) and programs that were started
   * without the probe; and how many more there are.
   */
  unrecorded: UnrecordedProcess[]
  unrecordedOmitted: number
  /** Files that could not be read, and why. */
  unreadable: string[]
}
