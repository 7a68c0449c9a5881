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
  'prints-half-a-line': atStart('if (write(1, "hello", 5) < 0) abort();'),
  'aborts-in-malloc': forwards.replace('return __libc_malloc(size);', 'abort();'),
  'gives-nothing': forwards.replace('return __libc_malloc(size);', 'return NULL;'),
  'ends-when-large': forwards.replace('return __libc_malloc', 'if (size > 1 << 20) _exit(0); return __libc_malloc'),
  'ends-as-skipped': forwards.replace('return __libc_malloc', 'if (size > 1 << 20) _exit(77); return __libc_malloc'),
  'leaves-a-process': atStart('if (fork() == 0) { setsid(); for (;;) pause(); }'),
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
})

async function checked(library: string): Promise<CheckedHeap> {
  const { heaps } = await check({ heaps: [library], groups: ['errno'], timeoutMs: 3000 })
  return heaps[0] as CheckedHeap
}

describe('nothing starts', () => {
  test.each([
    ['crashes', 'crashes', 'SIGABRT'],
    ['hangs', 'hangs', 'had not ended after 3 s'],
    ['ends', 'ends', 'before it was done'],
    ['aborts-in-malloc', 'crashes', 'SIGABRT'],
    ['gives-nothing', 'ends', 'expected a block, got null'],
    ['unresolved', 'not-loaded', 'undefined symbol: nobody_has_this'],
  ])('%s', async (name, code, words) => {
    const { problem, cases } = await checked(libraries[name] as string)
    expect(problem).toMatchObject({ code, message: expect.stringContaining(words) })
    expect(cases.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual(['start/runs'])
    expect(new Set(cases.map(({ outcome }) => outcome))).toEqual(new Set(['fail', 'skip']))
  })
})

describe('it starts all the same', () => {
  test.each([
    ['prints', 'it prints in every process: hello'],
    ['prints-half-a-line', 'it prints in every process: hello'],
    ['leaves-a-process', expect.stringMatching(/^it left \d+ processes running, which were ended$/)],
    ['threads', 'it starts a thread in every process'],
  ])('%s', async (name, note) => {
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
})

test('a heap that ends the program by itself, whatever its status, fails', async () => {
  for (const [name, words] of [
    ['ends-when-large', 'it ended with status 0 before it was done'],
    ['ends-as-skipped', 'it ended with status 77'],
  ] as const) {
    const { heaps } = await check({ heaps: [libraries[name] as string], cases: ['overflow/malloc'] })
    expect(heaps[0]?.cases).toMatchObject([{ outcome: 'fail', message: words }])
  }
})

test('a misuse that a heap does not come to has no score', async () => {
  const { heaps } = await check({ heaps: [libraries['ends-when-large'] as string], groups: ['misuse'] })
  const scored = heaps[0]?.misuse.map(({ id }) => id)
  expect(scored).toContain('misuse/underflow')
  const broken = await check({ heaps: [libraries['aborts-in-malloc'] as string], groups: ['misuse'] })
  expect(broken.heaps[0]?.misuse).toEqual([])
})

test('a stress says with what to see it again, and needs a case that takes a time', async () => {
  const { heaps } = await check({ heaps: ['system'], cases: ['stress/random'], stressMs: 200 })
  expect(heaps[0]?.cases[0]?.reproduce).toMatch(/CONFORMANCE_STRESS_MS=200 CONFORMANCE_STRESS_SEED=\d+ /)
  await expect(check({ heaps: ['system'], cases: ['align/malloc'], stressMs: 200 })).rejects.toThrow(/stress\/random/)
})
