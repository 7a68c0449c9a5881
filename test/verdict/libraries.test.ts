/** Verdicts on libraries that do not do what a heap's library should: each is named, with what to look at. */

import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { reasonCodes, runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

/** The four that every heap must have, borrowed from libc. */
const smallest = `
#include <stddef.h>
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void __libc_free(void*);
void* malloc(size_t size) { return __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return __libc_calloc(count, size); }
void* realloc(void* block, size_t size) { return __libc_realloc(block, size); }
void free(void* block) { __libc_free(block); }
`

const library = (name: string, source: string, ...flags: string[]) =>
  compile(folder.path, { name: `lib${name}.so`, source, flags: ['-shared', '-fPIC', ...flags] })

const program = (name: string, ...calls: string[]) =>
  compile(folder.path, {
    name,
    source: `
#include <malloc.h>
#include <stdlib.h>
#include <stdio.h>
int main(void) {
  void* volatile block;
  ${calls.map((call) => `block = ${call}; if (!block) return 2; free(block);`).join('\n  ')}
  puts("done");
  return 0;
}
`,
  })

let plain = ''
let aligning = ''
let good = ''
beforeAll(async () => {
  plain = await program('plain', 'malloc(10)', 'calloc(3, 4)')
  aligning = await program('aligning', 'malloc(10)', 'aligned_alloc(64, 64)', 'valloc(10)')
  good = await library('good', smallest)
})

describe('a library with the four that every heap must have', () => {
  test('is active under a program that refers to no other', async () => {
    const { result, stdout, stderr } = await runUnder(good, [plain])
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    expect(result.verdict.processes[0]?.bindings).toMatchObject({ malloc: good, calloc: good, free: good })
    expect([stdout, stderr]).toEqual(['done\n', ''])
  })

  test('is partial under one that refers to more, which are named', async () => {
    const observed = await runUnder(good, [aligning])
    expect(observed.result.verdict.state).toBe('partial')
    expect(reasonCodes(observed)).toEqual(['missing-entry-points'])
    const message = observed.result.verdict.reasons[0]?.message
    for (const word of ['aligned_alloc@', 'valloc@', 'libc.so.6']) expect(message).toContain(word)
    const { bindings } = observed.result.verdict.processes[0] ?? expect.fail('no process')
    expect(bindings.malloc).toBe(good)
    expect(bindings.aligned_alloc).toMatch(/libc\.so\.6$/)
  })

  test('is reached through a link, and through a path that LD_PRELOAD cannot hold', async () => {
    const link = join(folder.path, 'link.so')
    symlinkSync(good, link)
    mkdirSync(join(folder.path, 'a folder: odd'))
    const odd = join(folder.path, 'a folder: odd', 'libgood.so')
    copyFileSync(good, odd)
    for (const path of [link, odd]) {
      const { result, stderr } = await runUnder(path, [plain])
      expect(result.verdict, path).toMatchObject({ state: 'active', reasons: [] })
      expect(stderr).toBe('')
    }
  })
})

describe('library-not-loaded', () => {
  const lacks = 'extern int nowhere;\nint* use = &nowhere;\n'
  const calls = 'int nowhere(int);\nint use(void) { return nowhere(3); }\n'

  test.each([
    ['data', lacks, []],
    ['function', calls, ['-Wl,-z,now']],
  ])('an undefined symbol: %s', async (name, source, flags) => {
    const path = await library(`undefined-${name}`, smallest + source, ...flags)
    const observed = await runUnder(path, [plain])
    expect(observed.result).toMatchObject({ exitCode: 127, verdict: { state: 'inactive' } })
    expect(reasonCodes(observed)).toEqual(['library-not-loaded'])
    expect(observed.stderr).toContain('undefined symbol: nowhere')
  })

  test('an undefined symbol that nothing calls does no harm', async () => {
    const path = await library('undefined-lazily', smallest + calls)
    const { result } = await runUnder(path, [plain])
    expect(result).toMatchObject({ exitCode: 0, verdict: { state: 'active' } })
  })

  test('a library that it needs is missing', async () => {
    const gone = await library('gone', 'int gone(void) { return 3; }\n')
    const path = await library('needing', smallest, '-Wl,--no-as-needed', `-L${folder.path}`, '-lgone')
    rmSync(gone)
    const observed = await runUnder(path, [plain])
    expect(observed.result).toMatchObject({ exitCode: 127, verdict: { state: 'inactive' } })
    expect(reasonCodes(observed)).toEqual(['library-not-loaded'])
    expect(observed.stderr).toContain('libgone.so')
  })

  test('one that the loader passes over, and the program runs on libc', async () => {
    const path = await library('foreign', smallest)
    const file = openSync(path, 'r+')
    writeSync(file, new Uint8Array([9]), 0, 1, 7) // EI_OSABI: FreeBSD
    closeSync(file)
    const observed = await runUnder(path, [plain])
    expect(observed.result).toMatchObject({ exitCode: 0, verdict: { state: 'inactive' } })
    expect(reasonCodes(observed)).toEqual(['library-not-loaded'])
    expect(observed.stderr).toContain('cannot be preloaded')
    expect(observed.result.verdict.processes[0]?.bindings.malloc).toMatch(/libc\.so\.6$/)
  })

  test('one that crashes as it is loaded was bound, and the crash is the result', async () => {
    const crash = '__attribute__((constructor)) static void crash(void) { __builtin_trap(); }\n'
    const { result } = await runUnder(await library('crashing', smallest + crash), [plain])
    expect(['SIGILL', 'SIGTRAP']).toContain(result.signal)
    expect(result).toMatchObject({ exitCode: null, verdict: { state: 'active' } })
  })
})

describe('mis-versioned-exports', () => {
  test('one version for all: what libc has under another goes past the heap', async () => {
    const map = join(folder.path, 'libc.map')
    writeFileSync(map, 'GLIBC_2.2.5 { global: malloc; calloc; realloc; free; aligned_alloc; local: *; };\n')
    const more = 'void* __libc_memalign(size_t, size_t);\n'
    const body = 'void* aligned_alloc(size_t alignment, size_t size) { return __libc_memalign(alignment, size); }\n'
    const path = await library('one-version', smallest + more + body, `-Wl,--version-script=${map}`)
    const calls = await runUnder(path, [await program('calling', 'malloc(10)', 'aligned_alloc(64, 64)')])
    expect(calls.result.verdict.state).toBe('partial')
    expect(reasonCodes(calls)).toEqual(['mis-versioned-exports'])
    expect(calls.result.verdict.reasons[0]?.message).toContain('aligned_alloc@GLIBC_2.16')
    expect(calls.result.verdict.reasons[0]?.message).toContain('as version GLIBC_2.2.5')
    // The witness asks as the program does; without a version it would have been told that all is well.
    expect((await runUnder(path, [plain])).result.verdict).toMatchObject({ state: 'active', reasons: [] })
  })

  test('a version of its own: nothing goes to the heap', async () => {
    const map = join(folder.path, 'own.map')
    writeFileSync(map, 'MYHEAP_1.0 { global: malloc; calloc; realloc; free; local: *; };\n')
    const path = await library('own-version', smallest, `-Wl,--version-script=${map}`)
    const observed = await runUnder(path, [plain])
    expect(observed.result.verdict.state).toBe('inactive')
    expect(new Set(reasonCodes(observed))).toEqual(new Set(['mis-versioned-exports']))
    expect(observed.result.verdict.reasons[0]?.message).toContain('MYHEAP_1.0')
  })
})

describe('a heap in two libraries', () => {
  test('the one that holds the allocator is no other allocator', async () => {
    const names = ['mallctl', 'mallocx', 'sdallocx']
    const inner = await library('inner', `${names.map((name) => `int je_${name}(void) { return 0; }`).join('\n')}\n`)
    const outer = await library(
      'outer',
      smallest,
      '-Wl,--no-as-needed',
      `-Wl,-rpath,${folder.path}`,
      '-L',
      folder.path,
      '-linner',
    )
    const { result } = await runUnder(outer, [plain])
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    const loaded = await runUnder(outer, ['cat', '/proc/self/maps'])
    expect(loaded.stdout).toContain(inner)
    // To another heap it is.
    const other = await runUnder(good, [plain], { env: { ...process.env, LD_PRELOAD: inner } })
    expect(other.result.verdict).toMatchObject({ state: 'partial', reasons: [{ code: 'suspected' }] })
  })
})

describe('another library', () => {
  test('that the user preloads goes behind the heap, and is kept', async () => {
    const other = await library('other', `${smallest}\n__attribute__((constructor)) static void c(void) {}\n`)
    const env = { ...process.env, LD_PRELOAD: other }
    const { result } = await runUnder(good, [plain], { env })
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    const maps = await runUnder(good, ['cat', '/proc/self/maps'], { env })
    expect(maps.stdout).toContain(other)
    expect(maps.stdout).toContain(good)
  })

  test('that a program is linked to comes behind the heap too', async () => {
    const linked = await library('linked', smallest)
    const path = await compile(folder.path, {
      name: 'linked-program',
      source: readFileSync(`${plain}.c`, 'utf8'),
      flags: ['-Wl,--no-as-needed', linked],
    })
    const untouched = await runUnder('default', [path])
    expect(untouched.result.verdict.processes[0]?.bindings.malloc).toBe(linked)
    for (const heap of ['system', 'simple', good]) {
      const { result } = await runUnder(heap, [path])
      expect(result.verdict, heap).toMatchObject({ state: 'active', reasons: [] })
      expect(result.verdict.processes[0]?.bindings.malloc, heap).not.toBe(linked)
    }
  })
})
