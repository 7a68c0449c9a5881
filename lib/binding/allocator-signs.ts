/**
 * By what one knows an allocator inside a file: functions that only it defines, and, where the symbols were stripped,
 * texts that only it prints. One name or text can be anybody's (a program that sets MALLOC_CONF for its children holds
 * that text too), so that a row needs two of its symbols, or all of its texts.
 *
 * Rows were tried on the files that their comments name; those marked "by its sources" had no file to be tried on.
 */

/**
 * What gives an allocator away. The first of its symbols and the first of its texts are looked for first, the others
 * only where that one was found: large programs have a hundred megabytes to search.
 */
export interface AllocatorSign {
  allocator: string
  /** Functions that its build defines. Any two are proof, if the first is one of them. */
  symbols: readonly string[]
  /** What these names are prefixed with by different builds; nothing unless given. */
  prefixes?: readonly string[]
  /** Texts of which a file must hold every one. None: it cannot be told without symbols. */
  texts: readonly string[]
}

/** How many of a row's symbols a file must define. */
export const symbolsNeeded = 2

export const allocatorSigns: readonly AllocatorSign[] = [
  {
    // libjemalloc.so.2, libjemalloc.a linked in, rustc 1.95 (stripped copies of all).
    allocator: 'jemalloc',
    symbols: ['mallctl', 'mallocx', 'mallctlbymib', 'sdallocx', 'malloc_stats_print'],
    // je_ by projects that embed it, _rjem_ by Rust's crate, none by distributions.
    prefixes: ['', 'je_', '_rjem_', '_rjem_je_'],
    texts: ['<jemalloc>: ', 'MALLOC_CONF', '___ Begin jemalloc statistics ___'],
  },
  {
    // libtcmalloc_minimal.so.4 and libtcmalloc_minimal.a linked in. Both of Google's print the same report.
    allocator: 'tcmalloc',
    symbols: ['tc_malloc', 'tc_free', 'tc_calloc', 'tc_version', 'TCMalloc_SystemTaken', 'MallocExtension_GetStats'],
    texts: ['Bytes in central cache freelist', 'Bytes in thread cache freelists'],
  },
  {
    // libmimalloc.so.2.
    allocator: 'mimalloc',
    symbols: ['mi_malloc', 'mi_free', 'mi_heap_malloc', 'mi_heap_get_default', 'mi_option_get', 'mi_process_init'],
    texts: ['mimalloc: error: ', 'mimalloc: warning: '],
  },
  {
    // Debian's chromium 142, which is stripped: names of its statistics.
    allocator: 'PartitionAlloc',
    symbols: [],
    texts: ['PartitionAlloc.AddressSpace.', 'partition_alloc/partitions', 'PartitionAlloc.AllocatedObjects'],
  },
  {
    // libtbbmalloc.so.2. Its proxy, whose malloc leads there, holds nothing of it.
    allocator: 'tbbmalloc',
    symbols: ['scalable_malloc', 'scalable_free', '__TBB_malloc_safer_free'],
    texts: ['TBBmalloc: SPECIFICATION VERSION', 'TBB_MALLOC_USE_HUGE_PAGES'],
  },
  {
    // libclang_rt.scudo_standalone-x86_64.so of LLVM 14.
    allocator: 'scudo',
    symbols: [
      '__scudo_print_stats',
      'scudo_malloc',
      'scudo_free',
      'malloc_set_pattern_fill_contents',
      'malloc_iterate',
    ],
    texts: ['Scudo ERROR: ', 'SCUDO_OPTIONS'],
  },
  {
    // By its sources (override/malloc.cc and the Rust crate's shim), 0.6 and 0.7.
    allocator: 'snmalloc',
    symbols: ['sn_malloc', 'sn_free', 'sn_calloc', 'sn_rust_alloc', 'sn_rust_dealloc'],
    texts: [],
  },
  {
    // By its sources (rpmalloc.h), 1.4.
    allocator: 'rpmalloc',
    symbols: ['rpmalloc', 'rpfree', 'rpmalloc_initialize', 'rpmalloc_thread_finalize'],
    texts: [],
  },
  {
    // gcc's -static-libasan, libasan.so.8.
    allocator: 'AddressSanitizer',
    symbols: ['__asan_init', '__interceptor_malloc', '__interceptor_free', '__asan_report_error'],
    texts: [],
  },
  {
    // Programs of Go 1.19 to 1.23, stripped and not; function names stay in the table that tracebacks are made from.
    allocator: 'Go runtime',
    symbols: ['runtime.mallocgc', 'runtime.mallocinit', 'runtime.gcStart'],
    texts: ['runtime.mallocgc', 'runtime.mallocinit', ' Go buildinf:'],
  },
]

/** The words of the checks in a libc's own malloc. musl's are silent; its loader, which is its libc, has locales. */
export const libcTexts: readonly { libc: 'glibc' | 'musl'; texts: readonly string[] }[] = [
  { libc: 'glibc', texts: ['malloc(): corrupted top size', 'malloc_consolidate(): invalid chunk size'] },
  { libc: 'musl', texts: ['MUSL_LOCPATH'] },
]

/** Functions of musl's malloc (1.2) that a program linked statically to it has, unless it was stripped. */
export const muslSymbols = ['__malloc_alloc_meta', '__libc_malloc_impl', '__malloc_allzerop']
