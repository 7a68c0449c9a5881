/**
 * Which fault each case of the conformance kit is meant for, and a part of what it then says. The faults are those of
 * faults/switch.h; `file:NAME` is the library NAME of faults/Makefile, whose fault no switch can reach. tests:
 * faults.test.ts.
 */

/** A fault, a case that must see it, and words of its message that name the defect. */
export interface PlantedFault {
  fault: string
  id: string
  /** A race shows itself in more than one way. */
  shows: string | RegExp
}

/** So many different faults there are at least. */
export const fewestFaults = 150

type Rows = Readonly<Record<string, readonly [fault: string, shows: string | RegExp]>>

/** The same kind of fault in each entry point, for the cases that are called by it. */
function perEntry(prefix: string, kind: string, shows: string, names: string): Rows {
  return Object.fromEntries(names.split(' ').map((name) => [`${prefix}${name}`, [`${kind}:${name}`, shows] as const]))
}

const inC = 'malloc calloc realloc reallocarray memalign aligned-alloc posix-memalign valloc pvalloc'
const plainForms = 'new new-array nothrow-new nothrow-new-array'
const alignedForms = 'aligned-new aligned-new-array nothrow-aligned-new nothrow-aligned-new-array'

const align: Rows = {
  ...perEntry(
    'align/',
    'half-aligned',
    'expected a multiple of',
    `memalign aligned-alloc posix-memalign valloc pvalloc`,
  ),
  ...perEntry('align/', 'half-aligned', 'expected a multiple of', alignedForms),
  ...perEntry('align/', 'eight-off', 'expected a multiple of 16', `malloc calloc realloc ${plainForms}`),
  ...perEntry('align/tiny-', 'tiny-eight-off', 'expected a multiple of 16', `malloc calloc realloc ${plainForms}`),
  ...perEntry('align/huge-', 'huge-unaligned', 'expected a multiple of', 'memalign aligned-alloc posix-memalign'),
  'align/huge-new': ['huge-unaligned:aligned-new', 'expected a multiple of'],
  'align/aligned-alloc-any-size': ['aligned-alloc-wants-multiples', 'expected a block, got null'],
  'align/realloc-aligned': ['realloc-of-aligned', 'expected 0x'],
  'align/rounded': ['alignment-not-rounded', 'errno, expected 22'],
  'align/small-alignments': ['refuses-small-alignments', 'expected a block, got null'],
  'align/tiny-shrunk': ['shrinks-to-tiny-eight-off', 'expected a multiple of 16'],
}

const early: Rows = {
  'early/atexit': ['ends-with-exit-handler', 'it had not ended after'],
  'early/bind-now': ['file:unresolved', 'symbol lookup error'],
  'early/closed-files': ['needs-standard-files', 'child, expected status 0, got signal 6'],
  'early/constructor': ['short-usable:calloc', 'malloc_usable_size(blocks[i]), expected at least'],
  'early/deepbind': ['foreign-blocks-end', 'a block that is not its own'],
  'early/descriptors': ['keeps-a-descriptor', 'expected 3'],
  'early/destructor': ['ends-with-exit-handler', 'used after its exit handler'],
  'early/dlopen': ['dirty:calloc', 'SIGSEGV'],
  'early/dlsym': ['thread-ends-early', 'used after its thread has ended'],
  'early/exit-at-once': ['exit-is-its-own', 'child, expected status 17, got 99'],
  'early/exit-from-thread': ['exit-from-thread-aborts', 'exit in a thread'],
  'early/exit-status': ['exit-status-of-children-lost', 'child, expected status 51, got 0'],
  'early/large-environment': ['reads-small-environments', 'a large environment'],
  'early/library-constructor': ['early-blocks-forgotten', 'a block that is not its own'],
  'early/opened': ['file:static-tls', 'cannot allocate memory in static TLS block'],
  'early/preinit': ['early-blocks-forgotten', 'a block that is not its own'],
  'early/quick-exit': ['quick-exit-aborts', 'quick_exit'],
  'early/static-objects': ['lost:sized-delete', 'invalid pointer'],
  'early/tool-in-front': ['short-usable:malloc', 'malloc_usable_size(block), expected at least 1'],
  'entry/cfree': ['reads-null:cfree', 'SIGSEGV'],
  'entry/environment': ['forgets:realloc', 'SIGSEGV'],
  'entry/free-aligned-sized': ['free-aligned-sized-lost', 'invalid pointer'],
  'entry/free-sized': ['free-sized-lost', 'invalid pointer'],
  'entry/free-sized-null': ['free-sized-reads-null', 'SIGSEGV'],
  'entry/libc-blocks': ['forgets:realloc', 'SIGSEGV'],
  'entry/libc-twins': ['foreign:twin', 'a block that is not its own'],
  'versions/c': ['file:versioned', 'home of aligned_alloc'],
  'versions/cpp': ['foreign:new', 'a block that is not its own'],
  'versions/valloc': ['file:without-pvalloc', 'home of valloc'],
  'start/runs': ['crashes-at-load', 'SIG'],
  'start/quiet': ['prints', 'to_stdout, expected 0'],
}

const sizes: Rows = {
  ...perEntry('sizes/usable-', 'short-usable', 'malloc_usable_size', inC),
  ...perEntry('sizes/zero-', 'zero-shared', 'blocks[i] != blocks[j], expected true', inC),
  ...perEntry('pairs/', 'forgets', 'expected 0x', inC),
  'pairs/strdup': ['foreign:strdup', 'a block that is not its own'],
  'sizes/calloc-dirty': ['dirty:calloc', 'expected 0x00'],
  'sizes/calloc-dirty-large': ['calloc-dirty-large', 'expected 0x00'],
  'sizes/realloc-failure': ['realloc-fails-freeing', 'SIG'],
  'sizes/realloc-grow': ['realloc-copies-a-page', 'expected 0x'],
  'sizes/realloc-null': ['zero-shared:realloc', 'block != other'],
  'sizes/realloc-shrink': ['realloc-shrinks-badly', 'expected 0x'],
  'sizes/realloc-walk': ['realloc-same-size-clears', 'expected 0x'],
  'sizes/realloc-zero': ['realloc-zero-keeps', 'expected null'],
  'sizes/realloc-zero-frees': ['realloc-zero-leaks', 'resident_bytes(), expected at most'],
  'sizes/reallocarray': ['forgets:reallocarray', 'expected 0x'],
  'sizes/usable-null': ['usable-of-null', 'expected 0'],
  'sizes/usable-stable': ['usable-changes', 'malloc_usable_size(blocks[i]), expected'],
}

const overflow: Rows = {
  ...perEntry(
    'overflow/',
    'wraps',
    'check_refused, expected null',
    'malloc calloc memalign aligned-alloc valloc pvalloc',
  ),
  ...perEntry('overflow/', 'errno-kept', 'check_errno, expected 12', 'realloc reallocarray'),
  'overflow/memalign-alignment': ['alignment-error', 'expected 22'],
  'overflow/posix-memalign-alignment': ['careless-alignment', 'expected 22'],
  'overflow/posix-memalign-size': ['wraps:posix-memalign', 'expected 12'],
  'errno/delete': ['clobbers:delete', 'errno, expected 84'],
  'errno/free-large': ['clobbers:free', 'errno, expected'],
  'errno/free-locked': ['clobbers:free', 'errno, expected'],
  'errno/free-small': ['clobbers:free', 'errno, expected'],
  'errno/free-unmap-fails': ['clobbers:free', 'errno, expected'],
}

const limited = 'malloc calloc realloc reallocarray memalign aligned-alloc valloc pvalloc'
const memory: Rows = {
  ...perEntry('memory/limit-', 'limit-errno', 'check_errno, expected 12', limited),
  'memory/above-4g': ['cuts:malloc', 'SIGSEGV'],
  'memory/big': ['short-usable:malloc', 'malloc_usable_size'],
  'memory/calloc-lazy': ['calloc-touches', 'resident_bytes(), expected at most'],
  'memory/limit-data': ['reserves-data', 'child, expected status 0, got signal 6'],
  'memory/limit-fork': ['limit-aborts:malloc', 'no memory'],
  'memory/limit-from-start': ['reserves-at-start', 'child, expected status 0, got signal 6'],
  'memory/limit-large': ['keeps-large', 'expected'],
  'memory/limit-posix-memalign': ['limit-aborts:posix-memalign', 'no memory'],
  'memory/limit-small': ['fragments', 'total, expected at least'],
  'memory/limit-threads': ['limit-aborts:malloc', 'no memory'],
  'memory/many': ['no-more-than-300000-blocks', 'expected a block, got null'],
  'memory/many-large': ['mapping-per-block', 'expected'],
  'memory/realloc-big': ['realloc-of-large-loses', 'expected'],
  'memory/realloc-steps': ['realloc-always-copies', 'expected at most'],
  'memory/returned': ['keeps-large', 'resident_bytes(), expected at most'],
  'memory/reuse': ['fragments', 'resident_bytes(), expected at most'],
  'memory/sbrk': ['break-is-its-own', 'expected'],
}

const deletes =
  'delete delete-array sized-delete sized-delete-array nothrow-delete nothrow-delete-array aligned-delete ' +
  'aligned-delete-array sized-aligned-delete sized-aligned-delete-array nothrow-aligned-delete nothrow-aligned-delete-array'
const operators: Rows = {
  ...perEntry('operators/', 'lost', 'invalid pointer', deletes),
  ...perEntry('operators/zero-', 'zero-shared', 'blocks[i] != block, expected true', `${plainForms} ${alignedForms}`),
  ...perEntry(
    'operators/throws-',
    'null-instead',
    'caught, expected true',
    'new new-array aligned-new aligned-new-array',
  ),
  'operators/null-new': ['passes-on:nothrow-new', 'terminate called'],
  'operators/null-new-array': ['passes-on:nothrow-new-array', 'terminate called'],
  'operators/null-aligned-new': ['passes-on:nothrow-aligned-new', 'terminate called'],
  'operators/null-aligned-new-array': ['passes-on:nothrow-aligned-new-array', 'terminate called'],
  'operators/across-library': ['lost:delete', 'invalid pointer'],
  'operators/handler-gives-up': ['handler-once:new', 'calls, expected 5'],
  'operators/handler-retries': ['no-handler:aligned-new', 'terminate called'],
  'operators/handler-throws': ['no-handler:new-array', 'terminate called'],
  'operators/handler-throws-nothrow': ['no-handler:nothrow-new', 'calls, expected 4'],
  'operators/null': ['reads-null:delete', 'SIGSEGV'],
  'operators/replaced': ['leaks:delete-array', 'invalid pointer'],
  'operators/replaced-forwards': ['leaks:sized-delete-array', 'deletes, expected 3'],
  'extension/containers': ['half-aligned:aligned-new', 'expected a multiple of'],
  'extension/exceptions': ['passes-on:nothrow-new', 'terminate called'],
  'extension/handlers': ['handler-once:new', 'retiring handler, expected 3 calls'],
}

const processes: Rows = {
  'fork/atfork-dlclose': ['atfork-never-unregistered', 'SIGSEGV'],
  'fork/atfork-late': ['atfork-reversed', 'expected'],
  'fork/atfork-linked': ['fork-handlers-late', 'it had not ended after'],
  'fork/atfork-preloaded-first': ['fork-handlers-at-first-malloc', 'it had not ended after'],
  'fork/busy-threads': ['fork-without-handlers', 'it had not ended after'],
  'fork/child-threads': ['child-cannot-start-threads', 'expected a block, got null'],
  'fork/daemon': ['grandchild-cannot-free', 'the grandchild, expected its word'],
  'fork/exit-handlers': ['child-exit-aborts', 'exit in a child'],
  'fork/frees-all': ['child-frees-1000', 'too many blocks freed in a child'],
  'fork/from-thread': ['fork-unlocked-in-threads', 'it had not ended after'],
  'fork/in-atfork': ['fork-handlers-at-first-malloc', 'it had not ended after'],
  'fork/large-blocks': ['child-loses-large-blocks', 'a large block freed in a child'],
  'fork/library-constructor': ['fork-handlers-late', 'it had not ended after'],
  'fork/many-children': ['shared-with-children', 'expected 0x'],
  'fork/nested': ['fork-broken-from-depth-6', 'expected a block, got null'],
  'fork/posix-spawn': ['forgets:realloc', 'child, expected status 4, got 5'],
  'fork/raw-clone': ['shared-with-children', 'expected 0x'],
  'fork/system-popen': ['ignores-sigchld', 'WIFEXITED(status), expected true'],
  'fork/thread-churn': ['fork-locked-by-thread-births', 'it had not ended after'],
  'fork/under-fork': ['file:own-_fork', 'handled, expected 0'],
  'fork/vfork-exec': ['file:own-vfork', 'borrowed, expected 1, got 0'],
  'signals/abort': ['abort-is-its-own', 'abort, expected signal 6, got status 3'],
  'signals/alarm': ['interrupted', 'expected a block, got null'],
  'signals/alternate-stack': ['takes-alternate-stack', 'expected'],
  'signals/dispositions': ['takes-sigsegv', 'action.sa_handler == SIG_DFL'],
  'signals/mask-kept': ['changes-signal-mask', 'sigismember(&now, number), expected 0, got 1'],
}

const statistics: Rows = {
  'statistics/calls': ['statistics-abort-with-threads', 'statistics while threads are alive'],
  'statistics/in-use': ['mallinfo-never-falls', 'expected at most'],
  'statistics/info-options': ['malloc-info-takes-options', 'expected 22, got 0'],
  'statistics/info-total': ['malloc-info-empty', 'largest(), expected at least'],
  'statistics/info-xml': ['malloc-info-unclosed', 'closing tag, expected heap'],
  'statistics/large': ['mallinfo-without-large', 'grown, expected at least'],
  'statistics/mallinfo-32': ['mallinfo-wraps', 'narrow.uordblks, expected'],
  'statistics/mallopt': ['mallopt-refuses', 'expected 1, got 0'],
  'statistics/stats-stderr': ['malloc-stats-to-stdout', 'to_stdout, expected 0'],
  'statistics/trim': ['malloc-trim-frees', 'expected 0x'],
  'stress/churn': ['overlaps-one-size', 'expected 0, got 1 (case 1109)'],
  'stress/exchange': ['cross-realloc-loses', 'expected 0x'],
  'stress/random': ['realloc-same-size-clears', 'expected 0x'],
}

const threads: Rows = {
  'threads/blocks-outlive': ['thread-blocks-die', 'SIGSEGV'],
  'threads/c11': ['thread-ends-early', 'used after its thread has ended'],
  'threads/calloc': ['calloc-dirty-of-others', 'expected 0x00'],
  'threads/cancel': ['thread-ends-early', 'used after its thread has ended'],
  'threads/cross-free': ['cross-free-corrupts', 'expected 0x'],
  'threads/cross-realloc': ['cross-realloc-loses', 'expected 0x'],
  'threads/cross-usable': ['cross-usable-wrong', 'malloc_usable_size(one->block), expected'],
  'threads/detached': ['thread-blocks-die', 'expected 0x'],
  'threads/dynamic-tls': ['dirty:calloc', 'SIGSEGV'],
  'threads/exit': ['thread-blocks-die', 'expected'],
  'threads/exit-while-busy': ['ends-with-destructor', 'used after its destructor'],
  'threads/first-free': ['first-free-crashes', 'a free in a thread that is new'],
  'threads/free-only': ['keeps-all', 'resident_bytes(), expected at most'],
  'threads/key-destructors': ['thread-ends-early', 'used after its thread has ended'],
  'threads/main-exits': ['first-free-crashes', 'a free in a thread that is new'],
  'threads/many-alive': ['arena-per-thread', 'resident_bytes(), expected at most'],
  'threads/short': ['leaks-at-thread-exit', 'resident_bytes(), expected at most'],
  'threads/small-stack': ['deep-stack', 'SIGSEGV'],
  'threads/thread-local': ['thread-ends-early', 'used after its thread has ended'],
}

const swappedWords = 'expected at least 24, got 8'
const got = 'expected a block, got null'

/** Faults beyond the one that each case is meant for. */
const more: readonly (readonly [fault: string, id: string, shows: string | RegExp])[] = [
  ...inC.split(' ').map((name) => [`zero-null:${name}`, `sizes/zero-${name}`, got] as const),
  ...[...plainForms.split(' '), ...alignedForms.split(' ')].map(
    (name) => [`zero-null:${name}`, `operators/zero-${name}`, got] as const,
  ),
  ['bootstrap-unknown', 'start/runs', 'a block that is not its own'],
  ['swapped:memalign', 'align/memalign', swappedWords],
  ['swapped:aligned-alloc', 'align/aligned-alloc', swappedWords],
  ['swapped:posix-memalign', 'align/posix-memalign', swappedWords],
  ['swapped:aligned-new', 'align/aligned-new', 'expected a multiple of 32'],
  ['file:without-aligned-alloc', 'versions/c', 'home of aligned_alloc'],
  ['file:without-second-names', 'entry/libc-twins', 'SIG'],
  ['file:without-second-names', 'entry/cfree', 'SIG'],
  ['null-often:malloc', 'align/malloc', got],
  ['null-often:calloc', 'align/calloc', got],
  ['shaves:memalign', 'align/memalign', 'expected 0x'],
  ['overlaps-large', 'memory/realloc-big', 'expected 5, got 4'],
  ['overlaps-aligned', 'align/memalign', 'SIG'],
  ['long-usable:malloc', 'sizes/usable-malloc', 'expected 0x'],
  ['realloc-copies-old-size', 'sizes/realloc-shrink', 'SIG'],
  ['realloc-large-eight-off', 'align/realloc-aligned', 'expected a multiple of 16'],
  ['reallocarray-wraps', 'overflow/reallocarray', 'expected null'],
  ['calloc-wraps', 'overflow/calloc', 'expected null'],
  ['given-twice', 'stress/churn', 'expected'],
  ['no-lock', 'stress/exchange', /expected 0x|SIG/],
  ['leaks:free', 'memory/reuse', 'resident_bytes(), expected at most'],
  ['child-cannot-free', 'early/quick-exit', 'child, expected status 21, got signal 6'],
  ['no-more-than-64-threads', 'threads/many-alive', got],
  ['catches-sigabrt', 'signals/abort', 'abort, expected signal 6, got status 3'],
  ['ignores-sigterm', 'signals/dispositions', 'action.sa_handler == SIG_DFL'],
  ['ignores-sigpipe', 'signals/dispositions', 'action.sa_handler == SIG_DFL'],
  ['mallinfo-empty', 'statistics/in-use', 'grown, expected at least'],
  ['malloc-trim-claims', 'statistics/trim', 'malloc_trim said 1'],
  ['malloc-trim-answers-7', 'statistics/trim', 'expected 0 or 1, got 7'],
]

const rows = [align, early, sizes, overflow, memory, operators, processes, statistics, threads]

/** Every case's faults. */
export const plantedFaults: readonly PlantedFault[] = rows
  .flatMap((some) => Object.entries(some))
  .map(([id, [fault, shows]]) => ({ fault, id, shows }))
  .concat(more.map(([fault, id, shows]) => ({ fault, id, shows })))
