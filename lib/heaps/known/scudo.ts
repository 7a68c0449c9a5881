/**
 * Scudo, LLVM's hardened allocator: SCUDO_OPTIONS, a list of `key=value` joined by colons. The library belongs to
 * clang's runtime and lies in a folder of its version. Options are those of compiler-rt (scudo/standalone/flags.inc and
 * gwp_asan/options.inc, whose names here are written in small letters).
 */

import { boolean, type Family, integer, type LibraryFile, size } from '../family.ts'

export const scudo: Family = {
  name: 'scudo',
  libraries: ['libscudo.so'],
  patterns: (on) => {
    const folders = ['/usr/lib/llvm-*/lib/clang/*', '/usr/lib/clang/*', '/usr/lib64/clang/*', '/usr/local/lib/clang/*']
    return folders.flatMap((folder) => [
      `${folder}/lib/linux/libclang_rt.scudo_standalone-${on.llvmArch}.so`,
      `${folder}/lib/*-linux-gnu/libclang_rt.scudo_standalone.so`,
    ])
  },
  fileName: /^lib(clang_rt\.scudo_standalone|scudo)[\w.-]*\.so/,
  debianPackage: 'libclang-rt-14-dev',
  passing: { kind: 'list', variable: 'SCUDO_OPTIONS', separator: ':', assign: '=' },
  booleans: ['true', 'false'],
  tunables: [
    integer('quarantine_size_kb', '0', 'Kilobytes that are kept back from reuse', {
      minimum: 0n,
      together: 'thread_local_quarantine_size_kb',
    }),
    integer('thread_local_quarantine_size_kb', '0', 'Kilobytes of those for each thread', { minimum: 0n }),
    size('quarantine_max_chunk_size', '0', 'Largest block that is kept back'),
    integer('release_to_os_interval_ms', null, 'Milliseconds between two returns of pages; -1 for never', {
      minimum: -1n,
    }),
    boolean('zero_contents', 'false', 'Zeroes every allocation'),
    boolean('pattern_fill_contents', 'false', 'Fills every allocation with a pattern'),
    boolean('dealloc_type_mismatch', null, 'Aborts where new is freed, or malloc deleted'),
    boolean('delete_size_mismatch', 'true', 'Aborts where a sized delete gives the wrong size'),
    boolean('may_return_null', 'true', 'Returns null instead of aborting where memory is out'),
    integer('allocation_ring_buffer_size', '32768', 'Allocations that are remembered with their stacks'),
    boolean('gwp_asan_enabled', 'true', 'Guards a sample of allocations', { variable: 'GWP_ASAN_Enabled' }),
    integer('gwp_asan_sample_rate', '5000', 'Allocations for each guarded one', {
      variable: 'GWP_ASAN_SampleRate',
      minimum: 1n,
    }),
    integer('gwp_asan_max_simultaneous_allocations', '16', 'Most guarded allocations at a time', {
      variable: 'GWP_ASAN_MaxSimultaneousAllocations',
      minimum: 1n,
    }),
  ],
  evidence: ({ variable }) => [variable],
  version: ({ path }: LibraryFile) => /\/clang\/(\d+(?:\.\d+)*)\//.exec(path)?.[1] ?? null,
}
