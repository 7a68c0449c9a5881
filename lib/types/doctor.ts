/** What this machine can do, and which allocator a process uses. */

import type { HeapKind } from './heaps.ts'
import type { Warning } from './run.ts'
import type { VerdictState } from './verdict.ts'

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
