/**
 * Witness records for the tests of verdicts, built as the loader would: objects in search order with what they define
 * and refer to, and every reference resolved to the first definition that satisfies it. Only the wish is stated in a
 * test; the resolution is made here, by glibc's rule (elf/dl-lookup.c, check_match).
 */

import type { EntryPointRole, Journal, JournalEntry, WitnessRecord } from '../../../lib/binding/native.ts'

/** One loaded object. Symbols are written as `malloc` or `malloc@GLIBC_2.2.5`. */
export interface ObjectSketch {
  path: string
  defines?: readonly string[]
  refers?: readonly string[]
}

export const heapPath = '/heaps/libheap.so'
export const executablePath = '/bin/target'
export const libcPath = '/lib/libc.so.6'

const glibc = 'GLIBC_2.2.5'

/** All that a heap should export; without versions. */
export const wholeHeap = [
  ...['malloc', 'calloc', 'realloc', 'free', 'reallocarray', 'memalign', 'aligned_alloc', 'posix_memalign'],
  ...['valloc', 'pvalloc', 'malloc_usable_size', '_Znwm', '_ZdlPv'],
]

/** glibc as it is on x86-64, as far as the tests need it. */
export const libc: ObjectSketch = {
  path: libcPath,
  defines: [
    ...['malloc', 'calloc', 'realloc', 'free', 'memalign', 'posix_memalign', 'valloc', 'pvalloc'].map(at(glibc)),
    ...['malloc_usable_size', 'cfree', 'malloc_trim', 'mallopt', '__libc_malloc'].map(at(glibc)),
    'aligned_alloc@GLIBC_2.16',
    'reallocarray@GLIBC_2.26',
  ],
}

/** The C++ runtime, whose operators call malloc and free. */
export const cxxRuntime: ObjectSketch = {
  path: '/lib/libstdc++.so.6',
  defines: ['_Znwm@GLIBCXX_3.4', '_ZdlPv@GLIBCXX_3.4'],
  refers: [`malloc@${glibc}`, `free@${glibc}`],
}

/** A program that refers to what it uses by the versions of libc and the C++ runtime. */
export function program(...refers: string[]): ObjectSketch {
  return { path: '', refers: refers.map((name) => (name.includes('@') ? name : `${name}@${versionOf(name)}`)) }
}

/** A heap's library that exports the given names. */
export function heap(...defines: string[]): ObjectSketch {
  return { path: heapPath, defines }
}

/** A record of an image with these objects, in search order. */
export function image(objects: readonly ObjectSketch[], overrides: Partial<WitnessRecord> = {}): WitnessRecord {
  const definitions = objects.flatMap(({ defines = [] }, object) =>
    defines.map((text) => ({ object, ...parse(text), role: roleOf(parse(text).symbol) })),
  )
  const references = objects.flatMap(({ refers = [] }, object) =>
    refers.map((text) => {
      const { symbol, version } = parse(text)
      const fits = (candidate: string | null) => candidate === null || version === null || candidate === version
      const target = definitions.find((entry) => entry.symbol === symbol && fits(entry.version))?.object ?? null
      return { object, symbol, version, role: roleOf(symbol), target }
    }),
  )
  return {
    ...{ pid: 100, ppid: 1, sequenceNs: 0n, kind: 'exec', truncated: false, audited: false },
    executable: executablePath,
    objects: objects.map(({ path }) => path),
    references,
    definitions,
    ...overrides,
  }
}

/** The journal of an image. */
export function journal(of: WitnessRecord, ...entries: JournalEntry[]): Journal {
  return { pid: of.pid, sequenceNs: of.sequenceNs, lostEntries: 0, threadsBegun: 0, threadsEnded: 0, entries }
}

/** An entry of a journal. */
export function entry(kind: JournalEntry['kind'], overrides: Partial<JournalEntry> = {}): JournalEntry {
  return { kind, pid: 100, ppid: 1, child: 0, timeNs: 1n, flags: 0, text: '', late: null, ...overrides }
}

/** A child that was forked. */
export function fork(pid: number, ppid: number, timeNs = 1n): JournalEntry {
  return entry('fork', { pid, ppid, timeNs })
}

function at(version: string): (name: string) => string {
  return (name) => `${name}@${version}`
}

function versionOf(name: string): string {
  const own = [...(libc.defines ?? []), ...(cxxRuntime.defines ?? [])].find((text) => text.startsWith(`${name}@`))
  if (own === undefined) throw new Error(`neither libc nor the C++ runtime of these tests has ${name}`)
  return own.slice(name.length + 1)
}

function parse(text: string): { symbol: string; version: string | null } {
  const [symbol = '', version] = text.split('@')
  return { symbol, version: version ?? null }
}

/** As native/include/alloc8/detail/entry_points.h has it. */
function roleOf(symbol: string): EntryPointRole {
  if (symbol.startsWith('_Z') || symbol === 'reallocarray') return 'derived'
  if (/^(mall(opt|info2?)|malloc_(trim|stats|info))$/.test(symbol)) return 'report'
  if (symbol === 'malloc_usable_size') return 'query'
  return /free/.test(symbol) ? 'release' : 'allocate'
}
