/**
 * What others' heaps do otherwise than the conformance kit expects, case by case, as seen on Debian 12. A test asserts
 * that each deviation is still there and shows itself in the same way, so that this table, from which the README's is
 * written, stays true. libc and our own heaps have none.
 */

/**
 * One deviation. `shows` is a part of what is told of the failure. `hangs`: the case never ends, so it gets little time.
 * `sometimes`: a race that is lost in most runs but not in all, which cannot be asserted; it is not run.
 */
export interface Deviation {
  kind: 'fails' | 'hangs' | 'sometimes'
  shows: string
  reason: string
}

/** A heap's deviations by case, with the upstream version in which they were found. */
export interface Deviations {
  version: string
  cases: Record<string, Deviation>
}

const fails = (shows: string, reason: string): Deviation => ({ kind: 'fails', shows, reason })
const hangs = (reason: string): Deviation => ({ kind: 'hangs', shows: 'it had not ended after', reason })
const sometimes = (reason: string): Deviation => ({ kind: 'sometimes', shows: '', reason })

/** The same deviation in several cases of a group. */
const alike = (group: string, names: string, deviation: Deviation): Record<string, Deviation> =>
  Object.fromEntries(names.split(' ').map((name) => [`${group}/${name}`, deviation]))

const tinyNames = 'tiny-calloc tiny-malloc tiny-new tiny-new-array tiny-nothrow-new tiny-nothrow-new-array tiny-realloc'
const tinyReason = 'aligns blocks smaller than 16 bytes to 8 only'
const tiny = alike('align', tinyNames, fails('expected a multiple of 16', tinyReason))
const tinyShrunk = { 'align/tiny-shrunk': fails('expected a multiple of 16', tinyReason) }
const noErrno = 'leaves errno alone where it returns null for too large a size'
const strictAlignment = 'refuses an alignment that is no power of two, but without EINVAL'
const noStatisticsReason = 'has no mallinfo2 and no malloc_info: the answer is that of libc, whose heap is not in use'
const noStatistics = {
  'statistics/in-use': fails('grown, expected at least', noStatisticsReason),
  'statistics/info-total': fails('largest(), expected at least', noStatisticsReason),
  'statistics/large': fails('grown, expected at least', noStatisticsReason),
}
const noForwarding = {
  'operators/replaced-forwards': fails(
    'news, expected 1, got 0',
    'its own new[] and nothrow new do not call the operator new that a program defines',
  ),
}
const noCfree = {
  'entry/cfree': fails('free(): invalid pointer', 'has no cfree: libc frees a block that is not its own'),
}
const noForeign = 'takes every pointer for its own, also one that a deeply bound plugin has from libc'
const keepsLarge = fails('resident_bytes(), expected at most', 'keeps the memory of large blocks for more than 3 s')
const clears = fails('resident_bytes(), expected at most', 'writes zeroes to memory that the system has just zeroed')
const staticTls = fails(
  'in static TLS block',
  'needs more static thread-local memory than a library opened late can have',
)

const noPvalloc = 'has no pvalloc: a block of libc reaches it'

const jemalloc: Deviations = {
  version: '5.3.0',
  cases: {
    ...tiny,
    ...tinyShrunk,
    ...noStatistics,
    ...noForwarding,
    ...noCfree,
    'align/pvalloc': fails('SIGSEGV', noPvalloc),
    'align/rounded': fails('errno, expected 22', strictAlignment),
    'early/deepbind': fails('SIGSEGV', noForeign),
    'early/opened': staticTls,
    'entry/libc-twins': fails('SIGSEGV', 'has no __libc_ names: blocks of libc reach it'),
    'errno/free-unmap-fails': fails('errno, expected', 'free passes the error of a failed munmap or madvise on'),
    'extension/handlers': fails('terminate called', 'the exception of a new_handler ends in std::terminate'),
    'memory/limit-pvalloc': fails('SIGSEGV', noPvalloc),
    'memory/limit-small': fails('expected', 'keeps the memory of small blocks from other sizes'),
    'operators/handler-throws': fails('terminate called', 'the exception of a new_handler ends in std::terminate'),
    ...alike('overflow', 'memalign realloc reallocarray valloc', fails('check_errno, expected 12, got 0', noErrno)),
    'overflow/memalign-alignment': fails('expected 22, got 0', 'no EINVAL for an alignment that is no power of two'),
    ...alike('pairs', 'pvalloc', fails('SIGSEGV', noPvalloc)),
    ...alike('sizes', 'usable-pvalloc zero-pvalloc', fails('SIGSEGV', noPvalloc)),
    ...alike(
      'sizes',
      'zero-memalign zero-valloc',
      fails('expected a multiple of', 'asked for 0 bytes, does not align'),
    ),
    'statistics/mallinfo-32': fails('narrow.uordblks, expected at least', noStatisticsReason),
    'versions/valloc': fails('home of pvalloc', 'has no pvalloc'),
  },
}

const logsRefusals = 'writes to descriptor 2 where memory runs out'
const otherMallinfo = 'has mallinfo but not mallinfo2: they differ'

const tcmalloc: Deviations = {
  version: '2.10',
  cases: {
    ...tiny,
    ...tinyShrunk,
    ...noStatistics,
    ...noForwarding,
    'align/rounded': fails(
      'expected a multiple of 16',
      'takes an alignment that is no power of two, and does not keep it',
    ),
    'early/deepbind': fails('Attempt to get the size of an invalid pointer', noForeign),
    'memory/calloc-lazy': clears,
    'memory/limit-small': sometimes(logsRefusals),
    'memory/limit-threads': sometimes(logsRefusals),
    'memory/returned': keepsLarge,
    'overflow/calloc': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/memalign-alignment': fails('expected 22, got 12', 'ENOMEM, not EINVAL, for an impossible alignment'),
    'overflow/pvalloc': fails('expected null', 'pvalloc wraps around to a tiny block near SIZE_MAX'),
    'statistics/mallinfo-32': fails('narrow.uordblks, expected 0', otherMallinfo),
  },
}

const noOperatorErrors = fails('SIGABRT', 'new aborts without memory: the library, built as C, cannot throw')
const shortAlignment = 'memalign and aligned_alloc of 256 bytes come aligned to 128 at times'

const mimalloc: Deviations = {
  version: '2.0.9',
  cases: {
    ...tiny,
    ...tinyShrunk,
    ...noStatistics,
    ...noForwarding,
    'align/aligned-alloc': fails('expected a multiple of 256', shortAlignment),
    'align/rounded': fails('errno, expected 22', strictAlignment),
    'early/deepbind': fails('SIGSEGV', noForeign),
    'errno/free-unmap-fails': fails('errno, expected', 'free passes the error of a failed munmap or madvise on'),
    ...alike('extension', 'exceptions handlers', noOperatorErrors),
    'memory/calloc-lazy': clears,
    'memory/returned': keepsLarge,
    ...alike('operators', 'handler-gives-up handler-retries handler-throws', noOperatorErrors),
    ...alike('operators', 'throws-new throws-new-array throws-aligned-new throws-aligned-new-array', noOperatorErrors),
    'operators/handler-throws-nothrow': fails('calls, expected 4, got 0', 'nothrow new does not call the handler'),
    'operators/replaced': fails('block[0], expected', 'has nothrow new without nothrow delete'),
    ...alike(
      'overflow',
      'aligned-alloc calloc malloc memalign pvalloc realloc valloc',
      fails('check_errno, expected 12', noErrno),
    ),
    'overflow/memalign-alignment': fails('expected 22, got 0', 'no EINVAL for an alignment that is no power of two'),
    'sizes/realloc-zero': fails('expected null', 'realloc(p, 0) gives a block, as the C standard allows'),
    'statistics/mallinfo-32': fails('narrow.uordblks, expected at least', noStatisticsReason),
    'stress/random': fails('expected a multiple of', shortAlignment),
  },
}

const noAtfork = 'has no atfork handlers: a lock that another thread holds at fork is held for ever in the child'
const noNothrowHandler = 'nothrow new does not call the handler'

const tbbmalloc: Deviations = {
  version: '2021.8.0',
  cases: {
    ...tiny,
    ...noStatistics,
    ...noForwarding,
    ...noCfree,
    'extension/handlers': fails('expected 2 calls', noNothrowHandler),
    ...alike(
      'fork',
      'atfork-linked atfork-preloaded-first atfork-late busy-threads child-threads in-atfork ' +
        'library-constructor exit-handlers from-thread nested thread-churn under-fork',
      sometimes(noAtfork),
    ),
    'memory/calloc-lazy': clears,
    'memory/returned': keepsLarge,
    'operators/handler-gives-up': fails('calls, expected 5, got 0', noNothrowHandler),
    'operators/handler-retries': fails('expected a block, got null', noNothrowHandler),
    'operators/handler-throws-nothrow': fails('calls, expected 4, got 2', noNothrowHandler),
    'overflow/pvalloc': fails('check_errno, expected 12, got 22', 'pvalloc wraps around to 0 bytes near SIZE_MAX'),
    ...alike('sizes', 'zero-aligned-alloc zero-memalign zero-valloc', fails('got null', 'refuses 0 bytes, aligned')),
    'statistics/mallinfo-32': fails('narrow.ordblks, expected 1, got 0', otherMallinfo),
  },
}

const noExceptions = 'new returns null without memory: it neither throws nor calls the handler'
const uncounted = 'maps small blocks into addresses that it reserved at start: a limit on memory does not bound them'
const reserves = 'reserves its addresses at start, 180 GiB of them'
const lateAtfork = 'locks in a prepare handler that runs before those of the program, which then wait for ever'
const leastAlignment = 'refuses alignments of 32 MiB and more'
const ownFormat = 'malloc_info writes a format of its own'

const scudo: Deviations = {
  version: '14.0.6',
  cases: {
    ...noForwarding,
    ...noCfree,
    'align/aligned-alloc-any-size': fails('expected a block, got null', 'wants sizes that are a multiple'),
    ...alike('align', 'huge-aligned-alloc huge-memalign', fails('expected a block, got null', leastAlignment)),
    'align/huge-posix-memalign': fails('expected 0, got 12', leastAlignment),
    'align/huge-new': fails('blocks[i], expected a block, got null', leastAlignment),
    'align/small-alignments': fails('expected a block, got null', 'wants sizes that are a multiple'),
    'early/deepbind': fails('corrupted chunk header', noForeign),
    'early/opened': staticTls,
    'entry/libc-twins': fails('corrupted chunk header', 'has no __libc_ names: blocks of libc reach it'),
    'errno/free-unmap-fails': fails('internal map or unmap failure', 'ends the program where munmap fails'),
    'extension/exceptions': fails('expected bad_alloc, got a block', noExceptions),
    'extension/handlers': fails('expected its exception', noExceptions),
    ...alike('fork', 'atfork-late atfork-linked atfork-preloaded-first in-atfork', hangs(lateAtfork)),
    'fork/child-threads': sometimes('its list of caches is broken in a child that starts threads'),
    'fork/library-constructor': sometimes('its threads wait so long for one another that it may not end in time'),
    'memory/limit-data': fails('expected null', uncounted),
    'memory/limit-from-start': fails('signal 6', reserves),
    'memory/realloc-steps': fails('faults() - before, expected at most', 'copies a large block whenever it grows'),
    'memory/reuse': fails('resident_bytes(), expected at most', 'keeps the memory of each size to itself'),
    ...alike(
      'operators',
      'throws-new throws-new-array throws-aligned-new throws-aligned-new-array',
      fails('caught, expected true, got false', noExceptions),
    ),
    'operators/handler-gives-up': fails('calls, expected 5, got 0', noExceptions),
    'operators/handler-throws': fails('caught, expected 42, got 0', noExceptions),
    'operators/handler-throws-nothrow': fails('calls, expected 4, got 0', noExceptions),
    'overflow/memalign': fails('check_errno, expected 12, got 0', noErrno),
    'overflow/memalign-alignment': fails('expected 12, got 0', noErrno),
    'signals/dispositions': fails('action.sa_handler == SIG_DFL', 'takes SIGSEGV for its sampled guard pages'),
    'statistics/calls': sometimes('walks its list of caches while threads begin and end, and crashes'),
    'statistics/info-options': fails('expected 22, got 0', 'malloc_info takes any options'),
    'statistics/info-total': fails('largest(), expected at least', ownFormat),
    'statistics/info-xml': fails('scudo-1', ownFormat),
    'statistics/mallopt': fails('mallopt', 'mallopt answers 0 to what it does not know'),
    'threads/small-stack': fails('pthread_create', 'its thread-local data do not fit the smallest stacks'),
  },
}

/** By the heap's name. */
export const deviations: Record<string, Deviations> = { jemalloc, tcmalloc, mimalloc, tbbmalloc, scudo }
