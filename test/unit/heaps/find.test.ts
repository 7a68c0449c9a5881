/** Where heap libraries are looked for, and which of several is taken. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Family } from '../../../lib/heaps/family.ts'
import { LibrarySearch, newestFirst } from '../../../lib/heaps/find.ts'
import { jemalloc } from '../../../lib/heaps/known/jemalloc.ts'
import { scudo } from '../../../lib/heaps/known/scudo.ts'
import { cacheFlagsOf, platform } from '../../../lib/platform.ts'
import { type BuiltElf, buildElf } from '../binding/elf-builder.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'alloc8-find-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const machine = platform().elf.machine
const heap: BuiltElf = { machine, dynamic: [{ name: 'malloc', defined: true }] }
const flags = cacheFlagsOf(platform().elf) ?? 0

function put(path: string, content: BuiltElf | string = heap): string {
  const whole = join(root, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, typeof content === 'string' ? content : buildElf(content))
  return whole
}

interface Places {
  own?: string
  cached?: [soname: string, path: string, flags?: number][]
  folders?: string[]
}

const search = ({ own, cached = [], folders = [] }: Places) =>
  new LibrarySearch({
    env: own === undefined ? {} : { LD_LIBRARY_PATH: own },
    cache: cached.map(([soname, path, kind]) => ({ soname, path, flags: kind ?? flags })),
    folders: folders.map((folder) => join(root, folder)),
  })

describe('the order of places', () => {
  test("LD_LIBRARY_PATH, then the loader's cache, then the folders", () => {
    const [own, cached, usual] = ['own', 'cached', 'usual'].map((place) => put(`${place}/libjemalloc.so.2`)) as [
      string,
      string,
      string,
    ]
    const places: Places = { cached: [['libjemalloc.so.2', cached]], folders: ['usual'] }
    expect(search({ ...places, own: `/nowhere:${dirname(own)}` }).family(jemalloc)).toBe(own)
    expect(search(places).family(jemalloc)).toBe(cached)
    expect(search({ folders: ['nowhere', 'usual'] }).family(jemalloc)).toBe(usual)
    expect(search({}).family(jemalloc)).toBeNull()
  })

  test('a cache entry of another kind of machine, or whose file is gone, is passed over', () => {
    const path = put('usual/libjemalloc.so.2')
    const cached: Places['cached'] = [
      ['libjemalloc.so.2', path, 0x0003],
      ['libjemalloc.so.2', join(root, 'gone')],
    ]
    expect(search({ cached }).family(jemalloc)).toBeNull()
    expect(search({ cached, folders: ['usual'] }).family(jemalloc)).toBe(path)
  })

  test('the first library of a family wins over the second, wherever they are', () => {
    const family: Family = { ...jemalloc, libraries: ['libone.so', 'libtwo.so'] }
    const one = put('late/libone.so')
    const two = put('early/libtwo.so')
    expect(search({ folders: ['early', 'late'] }).family(family)).toBe(one)
    expect(search({ folders: ['early'] }).family(family)).toBe(two)
  })
})

describe('which file', () => {
  test('the newest version, 10 above 9, a version above none', () => {
    for (const name of ['libjemalloc.so', 'libjemalloc.so.2', 'libjemalloc.so.9.1', 'libjemalloc.so.10']) {
      put(`usual/${name}`)
    }
    expect(search({ folders: ['usual'] }).family(jemalloc)).toBe(join(root, 'usual/libjemalloc.so.10'))
  })

  test('only names of that library', () => {
    for (const name of ['libjemalloc.so.2.bak', 'libjemalloc-debug.so.2', 'xlibjemalloc.so.2', 'libjemalloc.so2']) {
      put(`usual/${name}`)
    }
    expect(search({ folders: ['usual'] }).family(jemalloc)).toBeNull()
  })

  test.each<[string, BuiltElf | string]>([
    ['text', 'GROUP ( libjemalloc.so.1 )'],
    ['32 bits', { ...heap, bits: 32, machine: 3 }],
    ['another machine', { ...heap, machine: 40 }],
    ['without malloc', { machine, dynamic: [{ name: 'malloc', defined: false }] }],
  ])('a newer file that is %s is passed over', (_, content) => {
    put('usual/libjemalloc.so.3', content)
    const good = put('usual/libjemalloc.so.2')
    mkdirSync(join(root, 'usual/libjemalloc.so.4'))
    symlinkSync('/no/such/file', join(root, 'usual/libjemalloc.so.5'))
    expect(search({ folders: ['usual'] }).family(jemalloc)).toBe(good)
  })

  test('a pattern: the highest version in the path', () => {
    const file = `lib/linux/libclang_rt.scudo_standalone-${platform().llvmArch}.so`
    for (const version of ['llvm-9/lib/clang/9.0.1', 'llvm-14/lib/clang/14.0.6']) put(`${version}/${file}`)
    const newest = put(`clang/16/${file}`)
    put('clang/17/lib/linux/README', 'nothing here')
    const family = { ...scudo, patterns: () => [`${root}/llvm-*/lib/clang/*/${file}`, `${root}/clang/*/${file}`] }
    expect(search({}).family(family)).toBe(newest)
    rmSync(newest)
    expect(search({}).family(family)).toBe(join(root, 'llvm-14/lib/clang/14.0.6', file))
  })

  test("an architecture's name is not a version", () => {
    const paths = ['/usr/lib64/clang/9/x-x86_64.so', '/usr/lib/clang/16/x-x86_64.so']
    expect(newestFirst(paths, (path) => path)[0]).toBe('/usr/lib/clang/16/x-x86_64.so')
  })
})
