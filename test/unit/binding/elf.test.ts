/**
 * The ELF reader against binutils on this machine's own files, on built files of every class and byte order, and on
 * garbage: whatever bytes a file holds, the reader answers or says null.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readAtAddress, readElf, readElfMachine } from '../../../lib/binding/elf.ts'
import { Alloc8Error } from '../../../lib/errors.ts'
import { type BuiltElf, buildElf } from './elf-builder.ts'
import { thrownBy } from './helpers.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-elf-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function write(bytes: Buffer | string): string {
  const path = join(folder, `file-${files++}`)
  writeFileSync(path, bytes)
  return path
}

function build(options: BuiltElf) {
  const elf = readElf(write(buildElf(options)))
  if (elf === null) throw new Error('the built file does not read as ELF')
  return elf
}

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })

/** Real files of this machine, program and library, small and large. */
const samples = [
  '/bin/ls',
  '/bin/true',
  process.execPath,
  ...['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libjemalloc.so.2', 'libtcmalloc_minimal.so.4'].map(
    (name) => `/lib/x86_64-linux-gnu/${name}`,
  ),
  '/lib64/ld-linux-x86-64.so.2',
].filter((path) => existsSync(path))

describe.each(samples)('against binutils: %s', (path) => {
  const elf = readElf(path)
  const dynamic = run('readelf', '-dW', path)
  const tagged = (tag: string) => [...dynamic.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*)\\]`, 'g'))].map((m) => m[1])

  test('header, needed libraries, soname and interpreter', () => {
    const headers = run('readelf', '-hlW', path)
    expect(elf).not.toBeNull()
    expect(elf?.bits).toBe(headers.includes('ELF64') ? 64 : 32)
    expect(elf?.type).toBe(/Type:\s+DYN/.test(headers) ? 'dyn' : 'exec')
    expect(elf?.isPie).toBe(/FLAGS_1.*PIE/.test(dynamic))
    expect(elf?.interpreter ?? undefined).toBe(/program interpreter: (.*)\]/.exec(headers)?.[1])
    expect(elf?.needed).toEqual(tagged('NEEDED'))
    expect(elf?.soname ?? undefined).toBe(tagged('SONAME')[0])
    expect(elf?.symbolic).toBe(/SYMBOLIC/.test(dynamic))
    expect(elf?.runpath.join(':') || undefined).toBe(tagged('RUNPATH')[0])
  })

  test('every dynamic symbol, with its version', () => {
    // nm writes `name@VERSION` or `name@@VERSION`, with U, w or v for what is only needed.
    const expected = run('nm', '-D', path)
      .split('\n')
      .filter((line) => line !== '' && !/ A /.test(line))
      .map((line) => {
        const [, kind, symbol] = / ?([A-Za-z]) (\S+)$/.exec(line) ?? []
        const [name, version] = (symbol ?? '').split(/@+/)
        return `${name} ${!'Uwv'.includes(kind ?? '')} ${version ?? null}`
      })
    const ours = (elf?.dynamicSymbols ?? [])
      .filter((each) => !/^(GLIBC|CXXABI|GLIBCXX)_[\dA-Z_.]+$/.test(each.name))
      .map((each) => `${each.name} ${each.defined} ${each.version}`)
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.toSorted()).toEqual(expected.toSorted())
  })

  test('what the file offers is found without listing it', () => {
    const defined = elf?.dynamicSymbols.filter((each) => each.defined).map((each) => each.name) ?? []
    const some = new Set(defined.filter((_, index) => index % Math.ceil(defined.length / 50) === 0))
    const wanted = [...some.add('malloc').add('free').add('no_such_symbol_here')]
    const found = elf?.findDynamic(wanted) ?? []
    const listed = defined.filter((name) => wanted.includes(name))
    expect(found.map((each) => each.name).toSorted()).toEqual(listed.toSorted())
  })

  test('names are found in the symbol table without listing it', () => {
    const listed = elf?.staticSymbols() ?? []
    const some = [...new Set(listed.filter((_, index) => index % Math.ceil(listed.length / 20) === 0))]
    const found = (elf?.findStatic(some) ?? []).filter((each) => each.defined)
    expect(found.map((each) => each.name).toSorted()).toEqual(listed.filter((name) => some.includes(name)).toSorted())
  })
})

const kinds = [
  { bits: 64, bigEndian: false },
  { bits: 64, bigEndian: true },
  { bits: 32, bigEndian: false },
  { bits: 32, bigEndian: true },
] as const

describe.each(kinds)('a built file of $bits bits, big endian $bigEndian', (kind) => {
  const all: BuiltElf = {
    ...kind,
    machine: 21,
    interpreter: '/lib/ld-x.so.1',
    soname: 'libx.so.3',
    needed: ['liba.so.1', 'libb.so'],
    runpath: '$ORIGIN/../lib:/opt/x',
    rpath: '/old',
    flags1: 0x0800_0001,
    dynamic: [
      { name: 'malloc', defined: true, version: 'X_1.0' },
      { name: 'free', defined: true },
      { name: 'aligned_alloc', defined: false, version: 'GLIBC_2.16' },
      { name: 'xmalloc', defined: false, version: 'GLIBC_2.2.5' },
      { name: 'environ', defined: true, type: 1 },
    ],
    static: [
      { name: 'main', defined: true },
      { name: 'je_malloc', defined: true },
      { name: 'outside', defined: false },
    ],
  }

  test('everything is read', () => {
    const elf = build(all)
    expect(elf).toMatchObject({
      ...kind,
      machine: 21,
      type: 'dyn',
      isPie: true,
      interpreter: '/lib/ld-x.so.1',
      soname: 'libx.so.3',
      needed: ['liba.so.1', 'libb.so'],
      runpath: ['$ORIGIN/../lib', '/opt/x'],
      rpath: ['/old'],
    })
    expect(elf.dynamicSymbols).toEqual([
      { name: 'malloc', defined: true, version: 'X_1.0' },
      { name: 'free', defined: true, version: null },
      { name: 'aligned_alloc', defined: false, version: 'GLIBC_2.16' },
      { name: 'xmalloc', defined: false, version: 'GLIBC_2.2.5' },
      { name: 'environ', defined: true, version: null },
    ])
    expect(elf.staticSymbols()).toEqual(['main', 'je_malloc'])
  })

  test.each(['section', 'hash', 'gnu-hash', 'gap'] as const)('symbols are counted by %s', (countBy) => {
    expect(build({ ...all, countBy }).dynamicSymbols.map((each) => each.name)).toEqual([
      'malloc',
      'free',
      'aligned_alloc',
      'xmalloc',
      'environ',
    ])
  })

  test('a found symbol says whether it is defined, a function, and where', () => {
    const elf = build(all)
    expect(elf.findDynamic(['malloc', 'environ', 'xmalloc'])).toEqual([
      { name: 'malloc', defined: true, callable: true, address: 0x1010 },
      { name: 'environ', defined: true, callable: false, address: 0x1010 },
    ])
    // A tail of another name is not a symbol of its own.
    expect(elf.findStatic(['malloc'])).toEqual([])
    expect(elf.findStatic(['je_malloc']).map((each) => each.name)).toEqual(['je_malloc'])
  })
})

describe('what is not ELF, or not readable', () => {
  test.each([
    ['empty', ''],
    ['text', 'hello'],
    ['a script', '#!/bin/sh\n'],
    ['the magic alone', '\x7fELF'],
    ['half a header', buildElf({}).subarray(0, 40)],
    ['an unknown class', Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 9, 1]), Buffer.alloc(100)])],
    ['an unknown byte order', Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 9]), Buffer.alloc(100)])],
  ])('%s gives null', (_, bytes) => {
    const path = write(bytes)
    expect(readElf(path)).toBeNull()
    expect(readElfMachine(path)).toBeNull()
  })

  test.each(['/', '/dev/null', '/dev/zero'])('%s gives null', (path) => expect(readElf(path)).toBeNull())

  test('a pipe gives null and does not wait for a writer', () => {
    const path = join(folder, 'pipe')
    run('mkfifo', path)
    expect(readElf(path)).toBeNull()
  })

  test('a missing file is TARGET_NOT_FOUND', () => {
    const error = thrownBy(() => readElf('/no/such/file'))
    expect(error).toMatchObject({ code: 'TARGET_NOT_FOUND', message: '/no/such/file does not exist' })
    expect(error.hint).toContain('spelling')
  })

  test('a header alone, without the tables it names, is an ELF file with nothing in it', () => {
    const elf = readElf(write(buildElf({ needed: ['liba.so'] }).subarray(0, 64)))
    expect(elf).toMatchObject({ bits: 64, needed: [], interpreter: null, soname: null })
    expect(elf?.dynamicSymbols).toEqual([])
    expect(elf?.staticSymbols()).toEqual([])
  })

  test('a file that vanishes between two questions is an Alloc8Error', () => {
    const path = write(buildElf({ dynamic: [{ name: 'malloc', defined: true }] }))
    const elf = readElf(path)
    rmSync(path)
    expect(thrownBy(() => elf?.dynamicSymbols)).toMatchObject({ code: 'TARGET_NOT_FOUND' })
  })
})

test('code is read at a linked address', () => {
  const path = write(buildElf({}))
  expect(readAtAddress(path, 0x1000, 4)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))
  expect(readAtAddress(path, 0x999_9999, 4).length).toBe(0)
})

describe('garbage', () => {
  /** A small generator with a seed (mulberry32), so that a failure can be repeated. */
  function generator(seed: number) {
    let state = seed
    return () => {
      state = (state + 0x6d2b79f5) | 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }
  }

  /** Asks everything; any error that is not ours fails the test. */
  function exercise(path: string): void {
    try {
      const elf = readElf(path)
      readElfMachine(path)
      if (elf === null) return
      expect(Array.isArray(elf.dynamicSymbols)).toBe(true)
      expect(Array.isArray(elf.staticSymbols())).toBe(true)
      elf.findDynamic(['malloc', 'free'])
      elf.findStatic(['malloc'])
    } catch (error) {
      if (!(error instanceof Alloc8Error)) throw error
    }
  }

  const interesting = [0, 1, 0x7f, 0x80, 0xff]

  function fuzz(original: Buffer, rounds: number, hot: number, seed: number): void {
    const random = generator(seed)
    const path = join(folder, `fuzz-${seed}`)
    for (let round = 0; round < rounds; round++) {
      const bytes = Buffer.from(original)
      const changes = 1 + Math.floor(random() * 12)
      for (let change = 0; change < changes; change++) {
        // Headers and the first tables decide the most; half of the changes go there.
        const at = Math.floor(random() * (random() < 0.5 ? Math.min(hot, bytes.length) : bytes.length))
        const value = random() < 0.5 ? interesting[Math.floor(random() * interesting.length)] : random() * 256
        bytes[at] = value ?? 0
      }
      writeFileSync(path, random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes)
      exercise(path)
    }
  }

  test('2,000 mutations of /bin/ls', () => {
    fuzz(readFileSync('/bin/ls'), 2000, 6000, 20240001)
  })

  test.each(kinds)('1,000 mutations of a built file of $bits bits, big endian $bigEndian', (kind) => {
    const bytes = buildElf({
      ...kind,
      interpreter: '/lib/ld.so',
      needed: ['liba.so'],
      soname: 'x',
      dynamic: [
        { name: 'malloc', defined: true, version: 'A' },
        { name: 'free', defined: false, version: 'B' },
      ],
      static: [{ name: 'malloc', defined: true }],
      countBy: 'gnu-hash',
    })
    fuzz(bytes, 1000, bytes.length, 7 + kind.bits + (kind.bigEndian ? 1 : 0))
  })

  test('version records that each name all the others are not followed for ever', () => {
    // Every record claims 65,535 auxiliary records, which are the records after it: 2^31 steps if believed.
    const record = Buffer.alloc(16)
    for (const [at, value] of [0x1, 0xffff].entries()) record.writeUInt16LE(value, at * 2)
    for (const at of [4, 8, 12]) record.writeUInt32LE(16, at)
    const neededVersions = Buffer.alloc(1024 * 1024, record)
    const path = write(buildElf({ dynamic: [{ name: 'malloc', defined: false, version: 'V' }], neededVersions }))
    const started = performance.now()
    exercise(path)
    expect(performance.now() - started).toBeLessThan(60_000)
  })
})

test('random bytes after a valid header', () => {
  const header = buildElf({}).subarray(0, 64)
  for (const name of readdirSync('/bin').slice(0, 20)) {
    const path = write(Buffer.concat([header, Buffer.from(name.repeat(500))]))
    expect(() => readElf(path)?.dynamicSymbols).not.toThrow()
  }
})
