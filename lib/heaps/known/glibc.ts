/**
 * libc's own malloc, for `system`: GLIBC_TUNABLES, a list of `glibc.malloc.key=value` joined by colons. Names, bounds
 * and defaults are those of glibc 2.36 (elf/dl-tunables.list, malloc/malloc.c and manual/tunables.texi). The loader
 * reads the variable, so it is the loader's file that says which tunables there are. glibc.malloc.check is not here:
 * since 2.34 it does nothing without another library.
 */

import { type Family, integer, size, stringIn, type TunableSpec } from '../family.ts'

/** glibc ignores larger values without a word, so they are refused here. */
const tcacheMaximum = (libcVersion: string | null): bigint => (atLeast(libcVersion, 2, 42) ? 4194304n : 1032n)

function rows(libcVersion: string | null): TunableSpec[] {
  return [
    integer('arena_max', null, 'Most arenas; eight for each processor unless set', { minimum: 1n }),
    integer('arena_test', '8', 'Arenas from which the limit is worked out', { minimum: 1n }),
    integer('tcache_count', '7', 'Blocks of each size that a thread caches; 0 turns the cache off', {
      minimum: 0n,
      maximum: 65535n,
    }),
    size('tcache_max', '1032', 'Largest block that a thread caches', { maximum: tcacheMaximum(libcVersion) }),
    integer('tcache_unsorted_limit', '0', 'Unsorted blocks looked through while filling the cache; 0 for all', {
      minimum: 0n,
    }),
    size('mmap_threshold', '131072', 'Larger requests are mapped one by one; setting it stops its growth'),
    integer('mmap_max', '65536', 'Most requests mapped one by one; 0 turns that off', {
      minimum: 0n,
      maximum: 2147483647n,
    }),
    size('trim_threshold', '131072', 'Free memory at the top from which it is given back'),
    size('top_pad', '131072', 'What is taken from the system beyond each need'),
    size('mxfast', '128', 'Largest block of the fast bins; 0 turns them off', { maximum: 160n }),
    integer('perturb', '0', 'Fills freed memory with this byte, new memory with its complement; 0 does not', {
      minimum: 0n,
      maximum: 255n,
    }),
    size('hugetlb', '0', 'Huge pages: 0 none, 1 transparent, 2 reserved ones, else their size'),
  ]
}

/** The table for a version of glibc. */
export function glibc(libcVersion: string | null): Family {
  return {
    name: 'system',
    libraries: ['libc.so'],
    fileName: /^libc\.so\.6$/,
    debianPackage: 'libc6',
    passing: { kind: 'list', variable: 'GLIBC_TUNABLES', separator: ':', assign: '=' },
    booleans: ['1', '0'],
    tunables: rows(libcVersion).map((row) => ({ ...row, variable: `glibc.malloc.${row.key}` })),
    evidence: ({ variable }) => [variable],
    version: (library) => stringIn(library, 'GNU C Library', /release version (\d+(?:\.\d+)+)/),
  }
}

function atLeast(version: string | null, major: number, minor: number): boolean {
  const [first = 0, second = 0] = (version ?? '').split('.').map(Number)
  return first > major || (first === major && second >= minor)
}
