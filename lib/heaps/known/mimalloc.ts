/**
 * mimalloc, each option in an environment variable MIMALLOC_*. Names and defaults are those of releases 2.0 to 2.2 and
 * 3 (src/options.c); each release has some that others lack, and the installed library says which.
 */

import { readAtAddress, readElf } from '../../binding/elf.ts'
import { boolean, type Family, integer, type LibraryFile, prefixed, size } from '../family.ts'

const milliseconds = { minimum: -1n }
const count = { minimum: 0n }

export const mimalloc: Family = {
  name: 'mimalloc',
  libraries: ['libmimalloc.so'],
  patterns: (on) => [
    `/usr/local/lib/mimalloc-*/libmimalloc.so`,
    `/usr/lib/mimalloc-*/libmimalloc.so`,
    `/usr/lib/${on.triplet}/mimalloc-*/libmimalloc.so`,
  ],
  fileName: /^libmimalloc[\w.-]*\.so/,
  debianPackage: 'libmimalloc2.0',
  passing: { kind: 'each' },
  booleans: ['1', '0'],
  tunables: prefixed('MIMALLOC_', [
    boolean('eager_commit', '1', 'Commits segments at once (2.0)'),
    integer('arena_eager_commit', '2', 'Commits arenas at once: 0 no, 1 yes, 2 where the system overcommits', {
      minimum: 0n,
      maximum: 2n,
    }),
    integer('eager_commit_delay', '1', 'First segments of a thread that are not committed at once', count),
    boolean('page_reset', '0', 'Resets free pages, lazily (2.0)'),
    boolean('allow_decommit', '1', 'Gives unused memory back (2.0)'),
    integer('decommit_delay', '25', 'Milliseconds until unused memory is given back (2.0)', milliseconds),
    integer('segment_decommit_delay', '500', 'Milliseconds until unused segments are given back (2.0)', milliseconds),
    integer('decommit_extend_delay', '1', 'Milliseconds that are added while frees go on (2.0)', count),
    boolean('abandoned_page_decommit', '0', "Gives a dead thread's free pages back (2.0)"),
    integer('purge_delay', '10', 'Milliseconds until unused memory is given back; 0 at once, -1 never', milliseconds),
    boolean('purge_decommits', '1', 'Decommits purged memory instead of resetting it'),
    integer('purge_extend_delay', '1', 'Milliseconds that are added while frees go on', count),
    integer('arena_purge_mult', '10', 'Times the purge delay for arenas', count),
    boolean('abandoned_page_purge', '0', "Purges a dead thread's free pages"),
    boolean('abandoned_reclaim_on_free', null, "Takes over a dead thread's segment when freeing into it"),
    size('arena_reserve', null, 'Memory reserved at a time'),
    size('reserve_os_memory', '0', 'Memory reserved at the start'),
    integer('reserve_huge_os_pages', '0', 'Pages of 1 GiB reserved at the start', count),
    integer('reserve_huge_os_pages_at', '-1', 'NUMA node of those; -1 for any', { minimum: -1n }),
    boolean('large_os_pages', '0', 'Large pages of 2 or 4 MiB'),
    integer('allow_large_os_pages', '0', 'Large pages of 2 or 4 MiB: 0 no, 1 yes, 2 always', {
      minimum: 0n,
      maximum: 2n,
    }),
    boolean('allow_thp', '1', 'Transparent huge pages (3)'),
    integer('use_numa_nodes', '0', 'NUMA nodes to use; 0 for all', count),
    boolean('limit_os_alloc', '0', 'Takes no memory beyond what was reserved (2.0)'),
    boolean('disallow_os_alloc', '0', 'Takes no memory beyond what was reserved'),
    boolean('disallow_arena_alloc', '0', 'Takes no memory from arenas'),
    integer('max_segment_reclaim', null, 'Abandoned segments that are taken over at a time', count),
    boolean('destroy_on_exit', '0', 'Gives all memory back at exit'),
    integer('max_errors', null, 'Most errors that are printed', count),
    integer('max_warnings', null, 'Most warnings that are printed', count),
    boolean('show_errors', '0', 'Prints errors and warnings'),
    boolean('show_stats', '0', 'Prints statistics at exit, to stderr'),
    integer('verbose', '0', 'Prints what it does: 0 to 3', { minimum: 0n, maximum: 3n }),
  ]),
  evidence: ({ key }) => [key],
  version: versionFromCode,
}

/** mimalloc's version is nowhere a string; `mi_version` returns it, and its code is one instruction with a number. */
function versionFromCode({ path }: LibraryFile): string | null {
  const elf = readElf(path)
  const symbol = elf?.findDynamic(['mi_version']).find((each) => each.defined)
  if (elf == null || symbol === undefined) return null
  const number = returnedConstant(elf.machine, readAtAddress(path, symbol.address, 32))
  return number === null ? null : decodeVersion(number)
}

/** The constant that a function of a few bytes returns, on x86-64 and AArch64. null: its code does something else. */
export function returnedConstant(machine: number, code: Buffer): number | null {
  if (machine === 62) {
    // [endbr64] [push %rbp; mov %rsp,%rbp] mov $imm,%eax [pop %rbp] ret
    const match = /^(?:f30f1efa)?(?:554889e5)?b8([0-9a-f]{8})(?:5d)?c3/.exec(code.toString('hex'))
    return match?.[1] === undefined ? null : Buffer.from(match[1], 'hex').readUInt32LE()
  }
  if (machine === 183 && code.length >= 12) {
    // [bti c] mov w0, #imm; ret
    const first = code.readUInt32LE(0) === 0xd503245f ? 4 : 0
    const [move, end] = [code.readUInt32LE(first), code.readUInt32LE(first + 4)]
    return (move & 0xffe0001f) >>> 0 === 0x52800000 && end === 0xd65f03c0 ? (move >>> 5) & 0xffff : null
  }
  return null
}

/** 209 is 2.0.9; later releases write two digits for each part: 30105 is 3.1.5. */
export function decodeVersion(number: number): string | null {
  if (number < 100) return null
  if (number < 1000) return [...String(number)].join('.')
  return [Math.floor(number / 10000), Math.floor(number / 100) % 100, number % 100].join('.')
}
