/**
 * jemalloc: MALLOC_CONF, a list of `key:value` joined by commas. Keys and defaults are those of jemalloc 5.3's manual
 * (section "MALLCTL NAMESPACE", the opt.* names) and of its malloc_conf_init; 5.2 knows most of them. Options that
 * change what memory holds or print at exit are here too: a comparison may well ask what they cost.
 */

import { boolean, type Family, integer, size, stringIn, type TunableSpec, text } from '../family.ts'

const decay = { minimum: -1n }
const logarithm = { minimum: 0n, maximum: 63n }

const tunables: readonly TunableSpec[] = [
  integer('narenas', null, 'Number of arenas; four for each processor unless set', { minimum: 1n }),
  text('narenas_ratio', '4', 'Arenas for each processor, where narenas is not set', {
    pattern: { matches: /^\d+(\.\d+)?$/, expected: 'a number of at least 0' },
  }),
  text('percpu_arena', 'disabled', 'Binds threads to the arena of their processor', {
    words: ['disabled', 'percpu', 'phycpu'],
  }),
  integer('dirty_decay_ms', '10000', 'Time until unused dirty pages are given back; 0 at once, -1 never', decay),
  integer('muzzy_decay_ms', '0', 'Time until lazily freed pages are given back; 0 at once, -1 never', decay),
  boolean('background_thread', 'false', 'Gives pages back from threads of its own'),
  integer('max_background_threads', null, 'Most threads that give pages back', { minimum: 1n }),
  boolean('retain', null, 'Keeps address space instead of unmapping it'),
  text('dss', 'secondary', 'Use of sbrk: never, before or after mmap', { words: ['disabled', 'primary', 'secondary'] }),
  size('oversize_threshold', '8388608', 'Larger requests go to an arena of their own; 0 turns that off'),
  text('thp', 'default', 'Transparent huge pages for all mappings', { words: ['default', 'always', 'never'] }),
  text('metadata_thp', 'disabled', 'Transparent huge pages for metadata', { words: ['disabled', 'auto', 'always'] }),
  boolean('trust_madvise', null, 'Believes that MADV_DONTNEED zeroes pages'),
  boolean('tcache', 'true', 'Caches for each thread'),
  size('tcache_max', '32768', 'Largest size that threads cache', { maximum: 8388608n }),
  integer('lg_tcache_max', '15', 'Largest size that threads cache, as a power of two', logarithm),
  integer('tcache_nslots_small_min', '20', 'Fewest cached objects of a small size', { minimum: 1n }),
  integer('tcache_nslots_small_max', '200', 'Most cached objects of a small size', { minimum: 1n }),
  integer('tcache_nslots_large', '20', 'Most cached objects of a large size', { minimum: 1n }),
  integer('lg_tcache_nslots_mul', '1', 'Cached objects for each object of a slab, as a power of two'),
  size('tcache_gc_incr_bytes', '65536', 'Allocation between two clean-ups of a thread cache'),
  size('tcache_gc_delay_bytes', '0', 'Allocation before a size class is cleaned up again'),
  integer('lg_tcache_flush_small_div', '1', 'Share of small objects flushed at once, as a power of two', logarithm),
  integer('lg_tcache_flush_large_div', '1', 'Share of large objects flushed at once, as a power of two', logarithm),
  integer('lg_extent_max_active_fit', '6', 'How much larger a reused extent may be, as a power of two', logarithm),
  text('bin_shards', null, 'Locks for each size class: LOW-HIGH:COUNT, joined by |', {
    pattern: { matches: /^\d+-\d+:\d+(\|\d+-\d+:\d+)*$/, expected: 'LOW-HIGH:COUNT, several joined by |' },
  }),
  text('slab_sizes', null, 'Pages for each slab: LOW-HIGH:PAGES, joined by |', {
    pattern: { matches: /^\d+-\d+:\d+(\|\d+-\d+:\d+)*$/, expected: 'LOW-HIGH:PAGES, several joined by |' },
  }),
  integer('mutex_max_spin', '600', 'Turns of a lock before it sleeps', { minimum: -1n }),
  boolean('hpa', 'false', 'The allocator that packs memory into huge pages'),
  size('hpa_slab_max_alloc', '65536', 'Largest request that the huge page allocator takes'),
  size('hpa_hugification_threshold', null, 'Bytes in use from which a huge page is made'),
  integer('hpa_hugify_delay_ms', '10000', 'Time from the threshold to the huge page', { minimum: 0n }),
  integer('hpa_min_purge_interval_ms', '5000', 'Time between two purges of a huge page shard', { minimum: 0n }),
  text('hpa_dirty_mult', '0.25', 'Dirty for each active page that is tolerated; -1 for any', {
    pattern: { matches: /^(-1|\d+(\.\d+)?)$/, expected: 'a number of at least 0, or -1' },
  }),
  integer('hpa_sec_nshards', '4', 'Shards of the cache before the huge page allocator', { minimum: 0n }),
  size('hpa_sec_max_alloc', '32768', 'Largest extent of that cache'),
  size('hpa_sec_max_bytes', '262144', 'Largest content of a shard of that cache'),
  size('hpa_sec_bytes_after_flush', '131072', 'What a flush leaves in a shard of that cache'),
  integer('hpa_sec_batch_fill_extra', '0', 'Extra extents for each fill of that cache', { minimum: 0n }),
  integer('san_guard_small', '0', 'Small slabs between two guard pages; 0 for none', { minimum: 0n }),
  integer('san_guard_large', '0', 'Large extents between two guard pages; 0 for none', { minimum: 0n }),
  text('junk', 'false', 'Fills memory with junk', { words: ['true', 'false', 'alloc', 'free'] }),
  boolean('zero', 'false', 'Zeroes every allocation'),
  text('zero_realloc', null, 'What realloc(p, 0) does', { words: ['alloc', 'free', 'abort'] }),
  boolean('abort', 'false', 'Aborts on a warning'),
  boolean('abort_conf', 'false', 'Aborts on a wrong option'),
  boolean('confirm_conf', 'false', 'Prints the options that are in force'),
  boolean('experimental_infallible_new', 'false', 'Aborts where operator new would throw'),
  boolean('prof', 'false', 'Heap profiling'),
  boolean('prof_active', 'true', 'Starts with profiling switched on'),
  boolean('prof_thread_active_init', 'true', 'Starts threads with profiling switched on'),
  text('prof_prefix', 'jeprof', "Beginning of a profile's file name"),
  integer('lg_prof_sample', '19', 'Bytes between two samples, as a power of two', logarithm),
  boolean('prof_accum', 'false', 'Profiles hold what was freed as well'),
  integer('lg_prof_interval', '-1', 'Bytes between two profiles, as a power of two; -1 for none', {
    minimum: -1n,
    maximum: 63n,
  }),
  boolean('prof_gdump', 'false', 'A profile at each new peak'),
  boolean('prof_final', 'false', 'A profile at exit'),
  boolean('prof_leak', 'false', 'Reports leaks at exit'),
  boolean('prof_leak_error', 'false', 'Exits with a status when there are leaks'),
  integer('prof_recent_alloc_max', null, 'Recent allocations that are remembered; -1 for all', { minimum: -1n }),
  boolean('prof_stats', 'false', 'Statistics for each size class of profiled memory'),
  boolean('prof_sys_thread_name', 'false', "The system's thread names in profiles"),
  text('prof_time_resolution', 'default', 'Clock of allocation times', { words: ['default', 'high'] }),
  boolean('stats_print', 'false', 'Prints statistics at exit, to stderr'),
  text('stats_print_opts', '', 'What is left out of them', {
    pattern: { matches: /^[Jgmdablxeh]+$/, expected: 'letters of Jgmdablxeh' },
  }),
  integer('stats_interval', '-1', 'Bytes between two prints of statistics; -1 for none', { minimum: -1n }),
  text('stats_interval_opts', '', 'What is left out of those', {
    pattern: { matches: /^[Jgmdablxeh]+$/, expected: 'letters of Jgmdablxeh' },
  }),
]

export const jemalloc: Family = {
  name: 'jemalloc',
  libraries: ['libjemalloc.so'],
  fileName: /^libjemalloc[\w.-]*\.so/,
  debianPackage: 'libjemalloc2',
  passing: { kind: 'list', variable: 'MALLOC_CONF', separator: ',', assign: ':' },
  booleans: ['true', 'false'],
  tunables,
  // Short keys are compared byte by byte and leave no string, but the printer of statistics has them all.
  evidence: ({ key }) => [`opt.${key}`, key],
  // `5.3.0-0-g54eaed1d...`: release, commits since, commit. A build that does not know its release says 0.0.0.
  version: (library) => {
    const found = stringIn(library, '-g', /(?:^|[^\d.])(\d+\.\d+\.\d+)-\d+-g[0-9a-f]{8}/)
    return found === '0.0.0' ? null : found
  },
}
