/**
 * Libraries under which nothing starts, or which misbehave at start: one finding each, with words for it, and alloc8
 * itself goes on. Run as users run it, by the command line.
 */

import { rmSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../lib/api/check.ts'
import type { CheckedHeap } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const forwards = `
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void __libc_free(void*);
void* malloc(size_t size) { return __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return __libc_calloc(count, size); }
void* realloc(void* block, size_t size) { return __libc_realloc(block, size); }
void free(void* block) { __libc_free(block); }
`
const atStart = (body: string) => `${forwards}__attribute__((constructor)) static void begin(void) { ${body} }\n`

const sources: Record<string, string> = {
  crashes: atStart('abort();'),
  hangs: atStart('for (;;) pause();'),
  ends: atStart('_exit(0);'),
  prints: atStart('if (write(1, "hello\\n", 6) < 0) abort();'),
  threads: `${forwards}static void* body(void* argument) { for (;;) pause(); return argument; }
__attribute__((constructor)) static void begin(void) { pthread_t one; pthread_create(&one, NULL, body, NULL); }\n`,
  unresolved: `${forwards}extern int nobody_has_this;\nint* where(void) { return &nobody_has_this; }\n`,
}

const libraries: Record<string, string> = {}
beforeAll(async () => {
  for (const [name, source] of Object.entries(sources)) {
    const flags = ['-shared', '-fPIC', '-pthread']
    libraries[name] = await compile(folder.path, { name: `lib${name}.so`, language: 'c', source, flags })
  }
}, 120_000)

async function checked(library: string): Promise<CheckedHeap> {
  const { heaps } = await check({ heaps: [library], groups: ['errno'], timeoutMs: 3000 })
  return heaps[0] as CheckedHeap
}

describe('nothing starts', () => {
  test.each([
    ['crashes', 'crashes', 'SIGABRT'],
    ['hangs', 'hangs', 'had not ended after 3 s'],
    ['ends', 'ends', 'before its main function'],
    ['unresolved', 'not-loaded', 'undefined symbol: nobody_has_this'],
  ])('%s', { timeout: 60_000 }, async (name, code, words) => {
    const { problem, cases } = await checked(libraries[name] as string)
    expect(problem).toMatchObject({ code, message: expect.stringContaining(words) })
    expect(cases.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual(['start/runs'])
    expect(new Set(cases.map(({ outcome }) => outcome))).toEqual(new Set(['fail', 'skip']))
  })
})

describe('it starts all the same', () => {
  test.each([
    ['prints', 'it prints in every process: hello'],
    ['threads', 'it starts a thread in every process'],
  ])('%s', { timeout: 60_000 }, async (name, note) => {
    const { problem, notes, cases } = await checked(libraries[name] as string)
    expect({ problem, notes }).toEqual({ problem: null, notes: [note] })
    expect(new Set(cases.map(({ outcome }) => outcome))).toEqual(new Set(['pass']))
  })
})

test('a path that cannot be preloaded is linked to, and its reproducer does not name the link', async () => {
  const place = join(folder.path, 'a b')
  await mkdir(place)
  await rename(libraries['threads'] as string, join(place, 'libx.so'))
  const { cases } = await checked(join(place, 'libx.so'))
  rmSync(place, { recursive: true })
  expect(cases[0]?.reproduce).toBe(`alloc8 check '${place}/libx.so' --case ${cases[0]?.id}`)
  expect(new Set(cases.map(({ outcome }) => outcome))).toEqual(new Set(['pass']))
}, 60_000)
