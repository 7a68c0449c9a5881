/**
 * tcmalloc of gperftools, each option in an environment variable TCMALLOC_*. Names and defaults are those of its
 * documentation (docs/tcmalloc.html, "Modifying Runtime Behavior") and sources, release 2.10. The minimal library is
 * taken first: it is the allocator alone, while the full one brings libunwind for its heap profiler.
 */

import { boolean, type Family, integer, prefixed, size, stringIn, text } from '../family.ts'

export const tcmalloc: Family = {
  name: 'tcmalloc',
  libraries: ['libtcmalloc_minimal.so', 'libtcmalloc.so'],
  fileName: /^libtcmalloc[\w.-]*\.so/,
  debianPackage: 'libtcmalloc-minimal4',
  passing: { kind: 'each' },
  booleans: ['1', '0'],
  tunables: prefixed('TCMALLOC_', [
    text('release_rate', '1.0', 'How eagerly pages are given back: 0 never, up to 10', {
      pattern: { matches: /^\d+(\.\d+)?$/, expected: 'a number of at least 0' },
    }),
    size('max_total_thread_cache_bytes', '33554432', 'Most that all thread caches hold together'),
    integer('transfer_num_obj', '32', 'Objects moved at once between a thread cache and the central one', {
      minimum: 1n,
    }),
    boolean('aggressive_decommit', '0', 'Gives every free span back at once'),
    boolean('disable_memory_release', '0', 'Never gives pages back'),
    integer('heap_limit_mb', '0', 'Megabytes from which allocation fails; 0 for no limit', { minimum: 0n }),
    size('large_alloc_report_threshold', null, 'Prints a message for larger requests; 0 for never', {
      trace: 'large alloc',
    }),
    size('sample_parameter', '0', 'Bytes between two samples of the heap profiler; 0 for none'),
    boolean('skip_mmap', '0', 'Takes no memory from mmap'),
    boolean('skip_sbrk', '0', 'Takes no memory from sbrk'),
    text('memfs_malloc_path', '', 'Takes memory from files with this path, on hugetlbfs or tmpfs'),
    integer('memfs_limit_mb', '0', 'Most megabytes from there; 0 for no limit', { minimum: 0n }),
    boolean('memfs_abort_on_fail', '0', 'Aborts where that fails'),
    boolean('memfs_ignore_mmap_fail', '0', 'Says nothing where mapping that fails'),
    boolean('memfs_map_private', '0', 'Maps those files privately'),
    boolean('memfs_disable_fallback', '0', 'Takes no other memory where that fails'),
  ]),
  evidence: ({ variable }) => [variable],
  version: (library) => stringIn(library, 'gperftools ', /gperftools (\d+(?:\.\d+)+)/),
}
