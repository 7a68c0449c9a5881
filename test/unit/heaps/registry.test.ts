/** Listing and choosing heaps: order, shapes, names that are wrong, and the heaps of a comparison. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { describeTarget } from '../../../lib/binding/executable.ts'
import { defaultComparison, listHeaps, resolveHeap } from '../../../lib/heaps/index.ts'
import { families } from '../../../lib/heaps/known/index.ts'
import { decodeVersion, returnedConstant } from '../../../lib/heaps/known/mimalloc.ts'
import { platform } from '../../../lib/platform.ts'
import { buildElf } from '../binding/elf-builder.ts'
import { compileC, rejectionOf } from '../binding/helpers.ts'

/** A folder that stands for the native products, with a library that has a malloc. */
const folder = mkdtempSync(join(tmpdir(), 'alloc8-registry-'))
const simple = join(folder, 'liballoc8-simple.so')
writeFileSync(simple, buildElf({ machine: platform().elf.machine, dynamic: [{ name: 'malloc', defined: true }] }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

const names = async (options = {}) => (await listHeaps(options)).heaps.map(({ name }) => name)

describe('the list', () => {
  test('default, system, the built-in ones, those found, in this order', async () => {
    vi.stubEnv('ALLOC8_NATIVE_DIR', folder)
    const { schema, heaps } = await listHeaps()
    expect(schema).toBe(1)
    expect(heaps.slice(0, 3)).toMatchObject([
      { name: 'default', kind: 'default', path: null, version: null, tunables: [] },
      { name: 'system', kind: 'system', path: expect.stringContaining('libc.so.6') },
      { name: 'simple', kind: 'builtin', path: simple, version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    ])
    expect(heaps.slice(3).every(({ kind, path }) => kind === 'found' && path !== null)).toBe(true)
  })

  test('rows have the public fields of a tunable and no more', async () => {
    for (const { tunables } of (await listHeaps({ all: true })).heaps) {
      for (const row of tunables) expect(Object.keys(row)).toEqual(['key', 'kind', 'default', 'description'])
    }
  })

  test('all: what is known and not here is listed without a path', async () => {
    vi.stubEnv('ALLOC8_NATIVE_DIR', '/no/such/folder')
    const all = (await listHeaps({ all: true })).heaps
    expect(all.map(({ name }) => name)).toEqual([
      'default',
      'system',
      'simple',
      'multiarena',
      'arena',
      'hoard',
      ...['jemalloc', 'tcmalloc', 'mimalloc', 'tbbmalloc', 'scudo'],
      ...['snmalloc', 'rpmalloc', 'hardened_malloc', 'mesh', 'upstream-hoard'],
    ])
    expect(all.find(({ name }) => name === 'simple')?.path).toBeNull()
    expect(await names()).not.toContain('simple')
  })

  test('a library in LD_LIBRARY_PATH is found', async () => {
    writeFileSync(
      join(folder, 'libhoard.so'),
      buildElf({ machine: platform().elf.machine, dynamic: [{ name: 'malloc', defined: true }] }),
    )
    expect(await names({ env: {} })).not.toContain('upstream-hoard')
    expect(await names({ env: { LD_LIBRARY_PATH: folder } })).toContain('upstream-hoard')
    const heap = await resolveHeap('upstream-hoard', { env: { LD_LIBRARY_PATH: folder } })
    expect(heap).toMatchObject({ kind: 'found', preload: [join(folder, 'libhoard.so')], version: null })
  })
})

describe('choosing', () => {
  test('default leaves the program alone', async () => {
    expect(await resolveHeap('default')).toEqual({
      ...{ name: 'default', kind: 'default', path: null, version: null, tunables: [] },
      ...{ spec: 'default', preload: [], env: [] },
    })
  })

  test('system preloads libc by its path', async () => {
    const { path, preload, env, spec } = await resolveHeap('system:arena_max=1:trim_threshold=64k')
    expect(preload).toEqual([path])
    expect(existsSync(path ?? '')).toBe(true)
    expect(spec).toBe('system:arena_max=1:trim_threshold=64k')
    const value = 'glibc.malloc.arena_max=1:glibc.malloc.trim_threshold=65536'
    expect(env).toEqual([{ name: 'GLIBC_TUNABLES', value, join: ':' }])
  })

  test('a built-in heap, where it is built', async () => {
    vi.stubEnv('ALLOC8_NATIVE_DIR', folder)
    expect(await resolveHeap('simple')).toMatchObject({ kind: 'builtin', preload: [simple], env: [] })
    vi.stubEnv('ALLOC8_NATIVE_DIR', '/no/such/folder')
    expect(await rejectionOf(resolveHeap('simple'))).toMatchObject({ code: 'NATIVE' })
  })
})

describe('what cannot be chosen', () => {
  test.each([
    ['jemaloc', /did you mean jemalloc/],
    ['Scudo', /did you mean scudo\?/],
    ['hardened', /did you mean hardened_malloc\?/],
    ['libmine.so', /written with a slash: \.\/libmine\.so/],
    ['libjemalloc.so.2', /written with a slash: \.\/libjemalloc\.so\.2/],
    ['banana', /written with a slash/],
  ])('%s is unknown', async (name, hint) => {
    const error = await rejectionOf(resolveHeap(name))
    expect(error).toMatchObject({ code: 'HEAP_UNKNOWN', message: `no heap is called "${name}"`, exitStatus: 2 })
    expect(error.hint).toMatch(hint)
    expect(error.hint).toContain('Known heaps: default, system, simple, multiarena, arena, hoard, jemalloc, tcmalloc')
  })

  test('a heap that is not installed: which file, and how to get it', async () => {
    const absent = families.filter(({ name }) => ['snmalloc', 'mesh', 'upstream-hoard'].includes(name))
    for (const { name, libraries } of absent) {
      const error = await rejectionOf(resolveHeap(name, { env: {} }))
      expect(error).toMatchObject({ code: 'HEAP_NOT_INSTALLED' })
      expect(error.message).toBe(`${name} is not installed: no ${libraries.join(' or ')} is found`)
      expect(error.hint).toMatch(/Debian has no package of it; build it and name the file/)
    }
  })

  test.each([
    ['default:arena_max=1', /^for libc's malloc: system:arena_max=1$/],
    ['simple:x=1', /leave it out/],
    ['system:arena_mx=1', /did you mean arena_max/],
    ['system:arena_max=0', /Most arenas/],
    ['system:check=3', /it knows|did you mean/],
  ])('%s', async (text, hint) => {
    vi.stubEnv('ALLOC8_NATIVE_DIR', folder)
    const error = await rejectionOf(resolveHeap(text))
    expect(error).toMatchObject({ code: 'HEAP_TUNABLE', exitStatus: 2 })
    expect(error.hint).toMatch(hint)
  })

  test('nothing at all', async () => {
    expect(await rejectionOf(resolveHeap(''))).toMatchObject({ code: 'USAGE' })
  })
})

describe('a comparison that names no heaps', () => {
  const found = async () => (await listHeaps()).heaps.filter(({ kind }) => kind === 'found').map(({ name }) => name)
  const context = { fileCapabilities: () => false }

  test("system first, the built-in ones, all that are found; not default, where that is libc's", async () => {
    vi.stubEnv('ALLOC8_NATIVE_DIR', folder)
    const expected = ['system', 'simple', ...(await found())]
    expect(await defaultComparison(describeTarget('/bin/ls', context))).toEqual(expected)
    expect(await defaultComparison('/bin/ls')).toEqual(expected)
  })

  test('default too, where the program or a library of it brings a malloc', async () => {
    const own = compileC(folder, 'own', 'void *malloc(unsigned long n) { return (void *)n; } int main(void) {}')
    expect((await defaultComparison(describeTarget(own, context))).at(-1)).toBe('default')
    const source = 'void *malloc(unsigned long n) { return (void *)n; } int main(void) { return malloc(1) == 0; }'
    const hidden = compileC(folder, 'hidden', source, '-fvisibility=hidden')
    expect((await defaultComparison(describeTarget(hidden, context))).at(-1)).toBe('default')
    const heap = compileC(folder, 'libx.so', 'void *malloc(unsigned long n) { return 0; }', '-shared', '-fPIC')
    const linked = compileC(folder, 'linked', 'int main(void) {}', '-Wl,--no-as-needed', heap)
    expect((await defaultComparison(linked)).at(-1)).toBe('default')
    // What the user preloads decides as well.
    expect((await defaultComparison('/bin/ls', { env: { LD_PRELOAD: heap } })).at(-1)).toBe('default')
  })

  test('a script counts as its interpreter', async () => {
    const script = join(folder, 'script')
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 })
    expect(await defaultComparison(describeTarget(script, context))).not.toContain('default')
  })
})

describe("mimalloc's version, read from its code", () => {
  const code = (hex: string) => Buffer.from(hex.padEnd(64, '0'), 'hex')

  test.each([
    [62, 'b8d1000000c3', 209],
    [62, 'f30f1efab8d9000000c3', 217],
    [62, '554889e5b8d10000005dc3', 209],
    [62, '31c0c3', null],
    [62, 'b8d1000000', null],
    [183, '201a8052c0035fd6', 209],
    [183, '5f2403d5201a8052c0035fd6', 209],
    [183, '201a80521f2003d5', null],
    [40, 'b8d1000000c3', null],
  ])('machine %i, %s returns %s', (machine, hex, expected) => {
    expect(returnedConstant(machine, code(hex))).toBe(expected)
  })

  test('no code, no number', () => {
    for (const machine of [62, 183]) expect(returnedConstant(machine, Buffer.alloc(0))).toBeNull()
  })

  test.each([
    [209, '2.0.9'],
    [217, '2.1.7'],
    [30105, '3.1.5'],
    [7, null],
  ])('%i is %s', (number, version) => expect(decodeVersion(number)).toBe(version))
})
