/** What sampling has found: stacks with estimates of what they have allocated and of what is live. */

import type { Warning } from './run.ts'

/** An estimate from samples, with a 95 % interval. Of several, values and variances can be added. */
export interface Estimate {
  value: number
  /** In the value's unit squared; 0 where nothing was estimated. */
  variance: number
  low: number
  high: number
}

/** A place in a program. */
export interface ProfileFrame {
  /** The function, demangled; null where no symbol is known. */
  function: string | null
  /** The file of the program or library, absolute; null for code made at run time. */
  module: string | null
  /** Source file and line, where the debug information has them. */
  file: string | null
  line: number | null
  /**
   * In hex, of the last byte of the call, which is what symbolisers are asked for: of a module the address in its file,
   * else in memory.
   */
  address: string
  /** In hex; null where the module has none. */
  buildId: string | null
  /** `jit`: named by a perf map; `unknown`: neither of a module nor named. */
  kind: 'native' | 'jit' | 'unknown'
  /** Functions that the compiler put into this one come before it as frames of their own. */
  inlined: boolean
}

/** One stack of one thread. */
export interface ProfileStack {
  /** Positions in `frames`, the allocation's caller first, the program's start last. */
  frames: number[]
  /** A position in `threads`. */
  thread: number
  /** Whether the stack was followed to the program's or the thread's start. */
  complete: boolean
  /** How many allocations were seen, of these how many are live. */
  samples: number
  liveSamples: number
  allocatedBytes: Estimate
  allocatedBlocks: number
  liveBytes: Estimate
  liveBlocks: number
  /** Blocks that another thread has freed. */
  freedElsewhereBlocks: number
  freedElsewhereBytes: number
  /** Freed blocks by how long they lived: the limits are `lifetimeLimitsNs`; the last has all that lived longer. */
  lifetimes: number[]
}

/** A thread whose allocations were sampled. */
export interface ProfileThread {
  pid: number
  /** Its number in the system; 0: all those for which there was no place of their own. */
  thread: number
  /** As the program named it; empty where it is not known. */
  name: string
}

/** A process that was sampled. */
export interface ProfileProcess {
  pid: number
  ppid: number
  executable: string | null
  /** Samples that were lost for want of room, and what they stand for. */
  lostSamples: number
  lostBytes: number
}

/** The samples of a session. */
export interface Profile {
  schema: 1
  /** The mean number of bytes between two samples. */
  sampleBytes: number
  processes: ProfileProcess[]
  threads: ProfileThread[]
  frames: ProfileFrame[]
  /** By what they have allocated, the largest first. */
  stacks: ProfileStack[]
  /** Upper limits of the lifetimes in nanoseconds; the last bucket has none and is not among them. */
  lifetimeLimitsNs: number[]
  allocatedBytes: Estimate
  liveBytes: Estimate
  /** Share of the samples whose stack reaches the program's or a thread's start, 0 to 1. */
  completeShare: number
  unreadable: string[]
  /** What casts doubt on the names or the numbers, each with what to do. */
  warnings: Warning[]
}
