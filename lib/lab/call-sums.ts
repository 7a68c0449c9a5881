/**
 * What a heap's calls of the system come to: numbers of calls and bytes between two marks. Bytes are address space;
 * what of it is resident the kernel knows.
 */

import { markOf, type SystemCall } from './system-calls.ts'

/** What came of some calls. */
export interface CallSums {
  /** By name. */
  calls: Map<string, number>
  /** Address space that was added, by mmap, by a larger break or by mremap. */
  takenBytes: number
  /** Address space that was given up, by munmap, by a smaller break or by mremap. */
  returnedBytes: number
  /** Ranges of which the pages were given back and the addresses kept. */
  emptiedBytes: number
}

/** One call with what it has changed, in bytes. */
export interface CallChange {
  call: SystemCall
  takenBytes: number
  returnedBytes: number
  emptiedBytes: number
}

const lettingGo = new Set(['MADV_DONTNEED', 'MADV_FREE', 'MADV_REMOVE', 'MADV_PAGEOUT'])

/** What each call has changed. The break is followed from where it was at first. */
export function changesOf(calls: readonly SystemCall[], firstBreak: bigint): CallChange[] {
  let lastBreak = firstBreak
  return calls.map((call) => {
    const change: CallChange = { call, takenBytes: 0, returnedBytes: 0, emptiedBytes: 0 }
    const { name, args, result } = call
    const by = (bytes: number) => {
      change.takenBytes = Math.max(bytes, 0)
      change.returnedBytes = Math.max(-bytes, 0)
    }
    if (result === null) return change
    if (name === 'brk') {
      by(Number(result - lastBreak))
      lastBreak = result
    } else if (name === 'mmap') {
      const flags = (args[3] ?? '').split('|')
      // Over a mapping that is there already: no addresses are added, and what lay there is gone.
      if (!flags.includes('MAP_FIXED')) change.takenBytes = Number(args[1])
      else if (args[2] === 'PROT_NONE') change.emptiedBytes = Number(args[1])
    } else if (name === 'munmap') {
      change.returnedBytes = Number(args[1])
    } else if (name === 'mremap') {
      by(Number(args[2]) - Number(args[1]))
    } else if (name === 'madvise' && lettingGo.has(args[2] ?? '')) {
      change.emptiedBytes = Number(args[1])
    }
    return change
  })
}

/** Sums over changes. */
export function sumOf(changes: readonly CallChange[]): CallSums {
  const sums: CallSums = { calls: new Map(), takenBytes: 0, returnedBytes: 0, emptiedBytes: 0 }
  for (const { call, takenBytes, returnedBytes, emptiedBytes } of changes) {
    sums.calls.set(call.name, (sums.calls.get(call.name) ?? 0) + 1)
    sums.takenBytes += takenBytes
    sums.returnedBytes += returnedBytes
    sums.emptiedBytes += emptiedBytes
  }
  return sums
}

/** What stands between mark `2 * i` and mark `2 * i + 1`, for each of so many i; null where one of them is missing. */
export function betweenMarks(changes: readonly CallChange[], count: number): (CallChange[] | null)[] {
  const at = new Map<number, number>()
  for (const [i, { call }] of changes.entries()) {
    const mark = markOf(call)
    if (mark !== null) at.set(mark, i)
  }
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [at.get(2 * i), at.get(2 * i + 1)]
    return from === undefined || to === undefined ? null : changes.slice(from + 1, to)
  })
}
