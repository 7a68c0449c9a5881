/**
 * Real programs that really fail under somebody else's heap, seen on Debian 12. The tests assert that each still does,
 * so that this table stays true; our own heaps and libc have none, but for the arena, which reuses nothing.
 *
 * `hangs`: it never ends, so it gets little time. `sometimes`: a race that is lost in many runs but not in all, which
 * cannot be asserted; it is not run.
 */

/** One failure of one heap under one program. */
export interface KnownFailure {
  heap: string
  program: string
  kind: 'fails' | 'hangs' | 'sometimes'
  reason: string
}

const forks = '300 forks while 4 threads allocate'
const forksWithHandlers = '300 forks with a preloaded library whose early atfork handlers allocate'

const noAtfork = 'has no atfork handlers: a lock that another thread holds at fork is held for ever in the child'

/** The versions that these tests were made with; of others nothing is known, and what fails there is skipped. */
export const seenVersions: Readonly<Record<string, string>> = {
  jemalloc: '5.3.0',
  tcmalloc: '2.10',
  mimalloc: '2.0.9',
  tbbmalloc: '2021.8',
  scudo: '14.0.6',
}

const usedUp = 'reuses no memory: its limit of 4 GiB may be reached while threads allocate all the time'

export const knownFailures: readonly KnownFailure[] = [
  { heap: 'arena', program: forks, kind: 'sometimes', reason: usedUp },
  { heap: 'arena', program: forksWithHandlers, kind: 'sometimes', reason: usedUp },
  { heap: 'tbbmalloc', program: forks, kind: 'sometimes', reason: noAtfork },
  { heap: 'tbbmalloc', program: forksWithHandlers, kind: 'sometimes', reason: noAtfork },
  {
    heap: 'scudo',
    program: forksWithHandlers,
    kind: 'hangs',
    reason: 'locks in a prepare handler that runs before those of the program, which then wait for ever',
  },
]
