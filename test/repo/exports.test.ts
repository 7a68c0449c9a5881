/**
 * What the preload libraries put into somebody else's process: the entry points and nothing more, without versions,
 * without the C++ runtime. The list of entry points is read from the one header that has it.
 */

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import {
  dynamicFlags,
  dynamicSymbols,
  exportsOf,
  neededLibraries,
  relocationKinds,
  segments,
  staticInitialisers,
} from './exports.ts'
import { root, textOf } from './tree.ts'

const lacking = lackingTool('readelf', 'binutils')

const list = JSON.parse(textOf('native/sources.json')) as {
  products: Record<string, { kind: string; groups: string[] }>
}
const preloads = Object.keys(list.products).filter((name) => list.products[name]?.kind === 'preload')
const heaps = preloads.filter((name) => list.products[name]?.groups.includes('interpose'))
const programs = Object.keys(list.products).filter((name) => list.products[name]?.kind === 'program')

const built = (file: string) => join(process.env['ALLOC8_NATIVE_DIR'] ?? `${root}build/Release`, file)
const libraryOf = (name: string) => built(`lib${name}.so`)

/** The names of the header's lists, which are C macros of the form X(symbol, role). */
function entryPoints(): string[] {
  const header = textOf('native/include/alloc8/detail/entry_points.h').replace(/\/\/.*$/gm, '')
  return [...header.matchAll(/\bX\((\w+),\s*(\w+)\)/g)].map((match) => match[1] as string)
}

/** What may be exported besides: the interposer registers its fork handlers before anybody else's. */
const besides = ['__register_atfork', 'fork']

/** What of the C++ runtime a library must do without. */
const runtimes = /^lib(?:stdc\+\+|c\+\+|c\+\+abi|gcc_s|m)\.so/

test('the header lists every form that libc and the C++ standard have', () => {
  const names = entryPoints()
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(
    expect.arrayContaining(['malloc', 'free', 'aligned_alloc', 'free_aligned_sized', 'malloc_info']),
  )
  // new: plain and array, each nothrow or not, aligned or not. delete: the same, and sized without nothrow.
  expect(names.filter((name) => /^_Zn[wa]m/.test(name))).toHaveLength(8)
  expect(names.filter((name) => /^_Zd[la]Pv/.test(name))).toHaveLength(12)
})

test('there are heaps, a witness and a launcher to look at', () => {
  expect(heaps).toContain('alloc8-simple')
  expect(preloads).toContain('alloc8-witness')
  expect(programs).toEqual(['alloc8-launch'])
  for (const name of preloads) expect(existsSync(libraryOf(name)), libraryOf(name)).toBe(true)
})

describe.each(heaps)('%s', (name) => {
  test('exports the entry points without versions, and nothing else', ({ skip }) => {
    requireOrSkip(skip, lacking)
    const hooks = list.products[name]?.groups.includes('threads') ? ['pthread_create', 'thrd_create'] : []
    expect(exportsOf(libraryOf(name))).toEqual([...entryPoints(), ...besides, ...hooks].sort())
  })
})

test('the witness exports what it follows, without versions, and nothing else', ({ skip }) => {
  requireOrSkip(skip, lacking)
  const exec = ['l', 'le', 'lp', 'v', 've', 'veat', 'vp', 'vpe'].map((form) => `exec${form}`)
  const starts = [...exec, 'fexecve', 'posix_spawn', 'posix_spawnp', 'system', 'popen']
  const ends = ['_exit', '_Exit', 'quick_exit']
  const others = ['dlopen', 'dlmopen', 'prctl', 'alloc8_thread_event']
  expect(exportsOf(libraryOf('alloc8-witness'))).toEqual([...starts, ...ends, ...others].sort())
})

test('the probe exports the entry points that it counts, without versions, and nothing else', ({ skip }) => {
  requireOrSkip(skip, lacking)
  const passed = /^(cfree|__|mall(opt|info|oc_(trim|stats|info)))/ // left to the heap, or to libc
  const counted = entryPoints().filter((name) => !passed.test(name))
  expect(exportsOf(libraryOf('alloc8-probe'))).toEqual(counted.sort())
})

describe.each(preloads)('%s', (name) => {
  const library = libraryOf(name)

  test('needs libc and the loader at most', ({ skip }) => {
    requireOrSkip(skip, lacking)
    expect(neededLibraries(library).filter((needed) => !/^(?:libc\.so\.6|ld-linux.*)$/.test(needed))).toEqual([])
  })

  test('needs no function of the C++ runtime', ({ skip }) => {
    requireOrSkip(skip, lacking)
    const references = dynamicSymbols(library).filter((symbol) => !symbol.defined && !symbol.weak)
    expect(
      references.filter(({ name, version }) => /^_Z|^__cxa_(?!finalize)|^_Unwind|GLIBCXX|CXXABI/.test(name + version)),
    ).toEqual([])
  })

  test('is bound when it is loaded, and its code is never written to', ({ skip }) => {
    requireOrSkip(skip, lacking)
    const flags = dynamicFlags(library)
    expect(flags).toContain('BIND_NOW')
    expect(flags).not.toContain('TEXTREL')
    expect(segments(library)).toContain('GNU_RELRO')
  })

  // A call for it could allocate, inside malloc.
  test('has thread-local storage that needs no call, if any', ({ skip }) => {
    requireOrSkip(skip, lacking)
    expect([...relocationKinds(library)].filter((kind) => /DTPMOD|TLSDESC/.test(kind))).toEqual([])
  })

  // It would run after the first calls from others' constructors and undo them.
  test('initialises no static object when it is loaded', ({ skip }) => {
    requireOrSkip(skip, lacking)
    expect(staticInitialisers(library)).toEqual([])
  })
})

test.each(programs)('%s is static', (name) => {
  const program = built(name)
  expect(neededLibraries(program)).toEqual([])
  expect(segments(program)).toContain('LOAD')
  expect(segments(program)).not.toContain('INTERP')
})

describe('a library that breaks these rules', () => {
  const folder = scratch()
  afterAll(folder.remove)

  test('is seen to', async ({ skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool(process.env.CXX || 'c++', 'g++'))
    const script = join(folder.path, 'versions.map')
    writeFileSync(script, 'GLIBC_2.2.5 { global: malloc; };\nOTHER { global: free; } GLIBC_2.2.5;\n')
    const library = await compile(folder.path, {
      name: 'libbad.so',
      language: 'c++',
      flags: ['-shared', '-fPIC', `-Wl,--version-script=${script}`],
      source: `
#include <string>
static std::string text(100, 'x');
static thread_local int counter;
extern "C" void* malloc(size_t size) { return ++counter > 3 ? nullptr : new std::string(text, 0, size); }
extern "C" void free(void*) {}
`,
    })
    expect(exportsOf(library)).toEqual(expect.arrayContaining(['malloc@@GLIBC_2.2.5', 'free@@OTHER']))
    expect(neededLibraries(library).some((needed) => runtimes.test(needed))).toBe(true)
    expect(dynamicSymbols(library)).toContainEqual({
      name: '_Znwm',
      version: '@GLIBCXX_3.4',
      defined: false,
      weak: false,
    })
    expect(dynamicFlags(library)).not.toContain('BIND_NOW')
    expect([...relocationKinds(library)].join(' ')).toMatch(/DTPMOD|TLSDESC/)
    expect(staticInitialisers(library)).toHaveLength(1)
    expect(segments(process.execPath)).toContain('INTERP')
  })
})
