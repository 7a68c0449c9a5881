/**
 * What others' heaps are known to get wrong, seen on Debian 12. The tests assert that each gap is still there, and
 * shows itself in the same way, so that this table stays true. Our own heaps and `default` have none, but for the arena,
 * which reuses nothing by its nature.
 *
 * `shows` is a part of how the program ends or of what it writes. `hangs`: the program never ends, so it gets little
 * time. `sometimes`: a race that is lost in most runs but not in all, which cannot be asserted; it is not run.
 */

/** One gap of one heap in one program. */
export interface Gap {
  kind: 'fails' | 'hangs' | 'sometimes'
  shows: string
  reason: string
}

/** A heap's gaps by program id, with the upstream version that they were found in. */
export interface KnownGaps {
  /** Null of our own, which has no other. */
  version: string | null
  gaps: Record<string, Gap>
}

const fails = (shows: string, reason: string): Gap => ({ kind: 'fails', shows, reason })
const hangs = (reason: string): Gap => ({ kind: 'hangs', shows: 'no end within', reason })
const sometimes = (reason: string): Gap => ({ kind: 'sometimes', shows: '', reason })

const tiny = 'aligns blocks smaller than 16 bytes to 8 only'
const noErrno = 'leaves errno alone where it returns null for too large a size'
const strictAlignment = 'refuses the alignments that glibc rounds up'
const noStatistics = 'has no mallinfo2: the answer is that of libc, whose heap is not in use'
const logsRefusals = 'writes to descriptor 2 where memory runs out'
const noForwarding = 'its own new[] and nothrow new do not call the operator new that a program defines'
const noCfree = 'has no cfree: libc frees a block that is not its own'

const jemalloc: KnownGaps = {
  version: '5.3.0',
  gaps: {
    'align/pvalloc': fails('signal SIGSEGV', 'has no pvalloc: a block of libc reaches its malloc_usable_size'),
    'align/rounded': fails('expected a block, got null', strictAlignment),
    'align/small-alignments': fails('expected a block, got null', 'memalign refuses the alignment 0'),
    'align/tiny': fails('expected a multiple of 16', tiny),
    'align/tiny-new': fails('expected a multiple of 16', tiny),
    'entry/cfree': fails('free(): invalid pointer', noCfree),
    'entry/libc-twins': fails('signal SIGSEGV', 'has no __libc_ names: blocks of libc reach it'),
    'errno/free-unmap-fails': fails('errno, expected', 'free passes the error of a failed munmap or madvise on'),
    'extension/handlers': fails('terminate called', 'the exception of a new_handler ends in std::terminate'),
    'memory/limit-other-sizes': fails('expected a block, got null', 'keeps the memory of small blocks to itself'),
    'operators/handler-throws': fails('terminate called', 'the exception of a new_handler ends in std::terminate'),
    'operators/replaced-forwards': fails('news, expected 1, got 0', noForwarding),
    'overflow/memalign': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/memalign-alignment': fails('expected 22, got 0', 'no EINVAL for an alignment that is no power of two'),
    'overflow/realloc': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/reallocarray': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/valloc': fails('check_errno, expected 12, got 0', noErrno),
    'sizes/zero-aligned': fails('expected a multiple of', 'valloc(0) is not aligned'),
    'statistics/in-use': fails('grown, expected at least', noStatistics),
    'statistics/mallinfo-32': fails('narrow.uordblks, expected at least', noStatistics),
    'versions/valloc': fails('home of pvalloc', 'has no pvalloc'),
  },
}

const tcmalloc: KnownGaps = {
  version: '2.10',
  gaps: {
    'align/rounded': fails('expected a multiple of 16', strictAlignment),
    'align/tiny': fails('expected a multiple of 16', tiny),
    'align/tiny-new': fails('expected a multiple of 16', tiny),
    'memory/limit-other-sizes': fails('allocation failed', logsRefusals),
    'memory/limit-small': fails('allocation failed', logsRefusals),
    'memory/limit-threads': sometimes(logsRefusals),
    'operators/replaced-forwards': fails('news, expected 1, got 0', noForwarding),
    'overflow/calloc': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/memalign-alignment': fails('expected 22, got 12', 'ENOMEM, not EINVAL, for an impossible alignment'),
    'overflow/pvalloc': fails('expected null', 'pvalloc wraps around to a tiny block near SIZE_MAX'),
    'statistics/in-use': fails('grown, expected at least', noStatistics),
    'statistics/mallinfo-32': fails('narrow.uordblks, expected 0', 'has mallinfo but not mallinfo2: they differ'),
  },
}

const noOperatorErrors = 'new aborts without memory: the library, built as C, cannot throw'

const mimalloc: KnownGaps = {
  version: '2.0.9',
  gaps: {
    'align/aligned-alloc': fails('expected a multiple of 256', 'aligned_alloc of 256 comes aligned to 128 at times'),
    'align/rounded': fails('expected a block, got null', strictAlignment),
    'align/small-alignments': fails('expected a block, got null', 'memalign refuses sizes that are no multiple'),
    'align/tiny': fails('expected a multiple of 16', tiny),
    'align/tiny-new': fails('expected a multiple of 16', tiny),
    'errno/free-unmap-fails': fails('errno, expected', 'free passes the error of a failed munmap or madvise on'),
    'extension/exceptions': fails('signal SIGABRT', noOperatorErrors),
    'extension/handlers': fails('signal SIGABRT', noOperatorErrors),
    'operators/bad-alloc': fails('signal SIGABRT', noOperatorErrors),
    'operators/handler-gives-up': fails('signal SIGABRT', noOperatorErrors),
    'operators/handler-retries': fails('signal SIGABRT', noOperatorErrors),
    'operators/handler-throws': fails('signal SIGABRT', noOperatorErrors),
    'operators/handler-throws-nothrow': fails('calls, expected 4, got 0', 'nothrow new does not call the handler'),
    'operators/replaced': fails('block[0], expected', 'has nothrow new without nothrow delete'),
    'operators/replaced-forwards': fails('news, expected 1, got 0', noForwarding),
    'overflow/aligned-alloc': fails('check_errno, expected 12', noErrno),
    'overflow/calloc': fails('check_errno, expected 12', noErrno),
    'overflow/malloc': fails('check_errno, expected 12', noErrno),
    'overflow/memalign': fails('check_errno, expected 12', noErrno),
    'overflow/memalign-alignment': fails('expected 22, got 0', 'no EINVAL for an alignment that is no power of two'),
    'overflow/pvalloc': fails('check_errno, expected 12', noErrno),
    'overflow/realloc': fails('check_errno, expected 12', noErrno),
    'overflow/valloc': fails('check_errno, expected 12', noErrno),
    'sizes/realloc-zero': fails('expected null', 'realloc(p, 0) gives a block, as the C standard allows'),
    'statistics/in-use': fails('grown, expected at least', noStatistics),
    'statistics/mallinfo-32': fails('narrow.uordblks, expected at least', noStatistics),
    'stress/random': fails('expected a multiple of', 'memalign of 256 comes aligned to 128 at times'),
  },
}

const noAtfork = 'has no atfork handlers: a lock that another thread holds at fork is held for ever in the child'

const tbbmalloc: KnownGaps = {
  version: '2021.8.0',
  gaps: {
    'align/rounded': fails('expected a block, got null', strictAlignment),
    'align/small-alignments': fails('expected a block, got null', 'memalign refuses the alignment 0'),
    'align/tiny': fails('expected a multiple of 16', tiny),
    'align/tiny-new': fails('expected a multiple of 16', tiny),
    'entry/cfree': fails('free(): invalid pointer', noCfree),
    'extension/handlers': fails('expected 2 calls', 'nothrow new does not call the handler'),
    'fork/atfork-linked': sometimes(noAtfork),
    'fork/atfork-preloaded': sometimes(noAtfork),
    'fork/atfork-preloaded-first': sometimes(noAtfork),
    'fork/atfork-late': sometimes(noAtfork),
    'fork/busy-threads': sometimes(noAtfork),
    'fork/child-threads': sometimes(noAtfork),
    'fork/in-atfork': sometimes(noAtfork),
    'fork/library-constructor': sometimes(noAtfork),
    'fork/exit-handlers': sometimes(noAtfork),
    'fork/from-thread': sometimes(noAtfork),
    'fork/nested': sometimes(noAtfork),
    'fork/thread-churn': sometimes(noAtfork),
    'operators/handler-gives-up': fails('calls, expected 5, got 0', 'nothrow new does not call the handler'),
    'operators/handler-retries': fails('expected a block, got null', 'nothrow new does not call the handler'),
    'operators/handler-throws-nothrow': fails('calls, expected 4, got 2', 'nothrow new does not call the handler'),
    'operators/replaced-forwards': fails('news, expected 1, got 0', noForwarding),
    'overflow/pvalloc': fails('check_errno, expected 12, got 22', 'pvalloc wraps around to 0 bytes near SIZE_MAX'),
    'sizes/zero-aligned': fails('expected a block, got null', 'the aligned entry points refuse 0 bytes'),
    'statistics/in-use': fails('grown, expected at least', noStatistics),
    'statistics/mallinfo-32': fails('narrow.ordblks, expected 1, got 0', 'has mallinfo but not mallinfo2: they differ'),
  },
}

const noExceptions = 'new returns null without memory: it neither throws nor calls the handler'
const uncounted = 'maps small blocks into addresses that it reserved at start, so RLIMIT_AS does not bound them'
const lateAtfork = 'locks in a prepare handler that runs before those of the program, which then wait for ever'

const scudo: KnownGaps = {
  version: '14.0.6',
  gaps: {
    'align/aligned-alloc-any-size': fails('expected a block, got null', 'wants sizes that are a multiple'),
    'align/rounded': fails('expected a block, got null', strictAlignment),
    'align/small-alignments': fails('expected a block, got null', 'aligned_alloc wants sizes that are a multiple'),
    'entry/cfree': fails('free(): invalid pointer', noCfree),
    'entry/libc-twins': fails('corrupted chunk header', 'has no __libc_ names: blocks of libc reach it'),
    'errno/free-unmap-fails': fails('internal map or unmap failure', 'ends the program where munmap fails'),
    'extension/exceptions': fails('expected bad_alloc, got a block', noExceptions),
    'extension/handlers': fails('expected its exception', noExceptions),
    'fork/atfork-late': hangs(lateAtfork),
    'fork/atfork-linked': hangs(lateAtfork),
    'fork/atfork-preloaded': hangs(lateAtfork),
    'fork/atfork-preloaded-first': hangs(lateAtfork),
    'fork/child-threads': sometimes('its list of caches is broken in a child that starts threads'),
    'fork/in-atfork': hangs(lateAtfork),
    'fork/library-constructor': sometimes('its threads wait so long for one another that it may not end in time'),
    'memory/limit-from-start': fails('internal map failure', 'reserves its addresses at start, 180 GiB of them'),
    'memory/limit-other-sizes': fails('total, expected at most', uncounted),
    'memory/limit-small': fails('total, expected at most', uncounted),
    'memory/realloc-steps': fails('faults() - before, expected at most', 'copies a large block whenever it grows'),
    'operators/bad-alloc': fails('caught, expected true, got false', noExceptions),
    'operators/handler-gives-up': fails('calls, expected 5, got 0', noExceptions),
    'operators/handler-retries': fails('expected a block, got null', noExceptions),
    'operators/handler-throws': fails('caught, expected 42, got 0', noExceptions),
    'operators/handler-throws-nothrow': fails('calls, expected 4, got 0', noExceptions),
    'operators/replaced-forwards': fails('news, expected 1, got 0', noForwarding),
    'overflow/memalign': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/memalign-alignment': fails('expected 12, got 0', noErrno),
    'statistics/calls': sometimes('walks its list of caches while threads begin and end, and crashes'),
    'statistics/info-options': fails('expected 22, got 0', 'malloc_info takes any options'),
    'statistics/info-xml': fails('scudo-1', 'malloc_info writes a format of its own'),
    'threads/small-stack': fails('pthread_create', 'its thread-local data do not fit the smallest stacks'),
  },
}

/** By the heap's name. */
const neverReuses = 'reuses no memory but the last block of a thread'

const arena: KnownGaps = {
  version: null,
  gaps: {
    'memory/above-4g': fails('expected a block, got null', 'its limit is 4 GiB unless set'),
    'memory/limit-other-sizes': fails('total, expected at least', neverReuses),
    'memory/limit-small': fails('total, expected at least', neverReuses),
    'memory/reuse': fails('resident_bytes(), expected at most', neverReuses),
    'threads/free-only': fails('resident_bytes(), expected at most', neverReuses),
    'threads/short': fails('resident_bytes(), expected at most', neverReuses),
  },
}

export const knownGaps: Record<string, KnownGaps> = { arena, jemalloc, tcmalloc, mimalloc, tbbmalloc, scudo }
