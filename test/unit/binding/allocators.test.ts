/** Allocators inside files: real libraries and programs, with and without symbols; and what only looks like one. */

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { allocatorSigns } from '../../../lib/binding/allocator-signs.ts'
import { carriedAllocators, carriedLibc } from '../../../lib/binding/allocators.ts'
import { findInLoaderCache } from '../../../lib/binding/loader-cache.ts'
import { cacheFlagsOf, platform } from '../../../lib/binding/machine.ts'
import { findTool, lackingTool, requireOrSkip } from '../../support/needs.ts'
import { compileC } from './helpers.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-allocators-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = '#include <stdlib.h>\nint main(void) { free(malloc(100)); return 0; }\n'
const cLibraries = ['-x', 'none', '-lpthread', '-lm', '-ldl', '-lstdc++']

/** Which allocators a file carries, as `name certainty`. */
const carried = (path: string) => carriedAllocators(path).map((each) => `${each.allocator} ${each.certainty}`)

function stripped(path: string): string {
  const copy = `${path}.stripped`
  copyFileSync(path, copy)
  const result = spawnSync('strip', [copy], { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(result.stderr)
  return copy
}

/** A library of this machine by its soname; the test is skipped where it is not installed. */
function library(skip: (note?: string) => never, soname: string, debianPackage: string): string {
  const path = findInLoaderCache(soname, cacheFlagsOf(platform().elf) ?? 0)
  requireOrSkip(skip, path === null ? `${soname} is not installed: apt-get install ${debianPackage}` : null)
  return path ?? ''
}

/** A library that compilers link in; the test is skipped where it is not installed. */
function archive(skip: (note?: string) => never, name: string, debianPackage: string): string {
  const path = ['/usr/lib', `/usr/lib/${platform().triplet}`].map((each) => join(each, name)).find(existsSync)
  requireOrSkip(skip, path === undefined ? `${name} is not installed: apt-get install ${debianPackage}` : null)
  return path ?? ''
}

describe('allocators as libraries', () => {
  for (const [allocator, soname, debianPackage] of [
    ['jemalloc', 'libjemalloc.so.2', 'libjemalloc2'],
    ['mimalloc', 'libmimalloc.so.2', 'libmimalloc2.0'],
    ['tcmalloc', 'libtcmalloc_minimal.so.4', 'libtcmalloc-minimal4'],
    ['tbbmalloc', 'libtbbmalloc.so.2', 'libtbbmalloc2'],
  ] as const) {
    test(`${allocator} by symbols, and by texts where there are none`, ({ skip }) => {
      const path = library(skip, soname, debianPackage)
      expect(carried(path)).toEqual([`${allocator} certain`])
      expect(carriedAllocators(path)[0]?.evidence).toMatch(/^symbols \w+, \w+, \w+ in its dynamic symbol table$/)
      // The library's bytes as a program's data: all its texts, and none of its symbols.
      const held = `__asm__(".section .rodata\\n.globl held\\nheld: .incbin \\"${path}\\"\\n.previous");`
      const holder = compileC(
        folder,
        `${allocator}-holder`,
        `${held}\nextern char held[];\nint main(void) { return held[0]; }`,
      )
      expect(carried(holder)).toEqual([`${allocator} suspected`])
    })
  }

  test('scudo', ({ skip }) => {
    const base = '/usr/lib/llvm-14/lib/clang'
    const versions = existsSync(base) ? readdirSync(base) : []
    const name = `lib/linux/libclang_rt.scudo_standalone-${platform().llvmArch}.so`
    const path = versions.map((version) => join(base, version, name)).find(existsSync)
    requireOrSkip(skip, path === undefined ? 'scudo is not installed: apt-get install libclang-rt-14-dev' : null)
    expect(carried(path ?? '')).toEqual(['scudo certain'])
  })

  test('libc is no allocator that somebody carries, and is known as libc', ({ skip }) => {
    const path = library(skip, platform().libcSoname, 'libc6')
    expect([carried(path), carriedLibc(path)]).toEqual([[], 'glibc'])
  })
})

describe('allocators linked into programs', () => {
  for (const [allocator, file, debianPackage] of [
    ['jemalloc', 'libjemalloc.a', 'libjemalloc-dev'],
    ['tcmalloc', 'libtcmalloc_minimal.a', 'libgoogle-perftools-dev'],
  ] as const) {
    test(`${allocator}, dynamically and statically linked programs, plain and stripped`, ({ skip }) => {
      const whole = ['-x', 'none', '-Wl,--whole-archive', archive(skip, file, debianPackage), '-Wl,--no-whole-archive']
      for (const flags of [[], ['-static']]) {
        const path = compileC(folder, `${allocator}${flags.join('')}`, program, ...flags, ...whole, ...cLibraries)
        expect(carried(path)).toEqual([`${allocator} certain`])
        expect(carriedAllocators(path)[0]?.evidence).toMatch(/in its symbol table$/)
        const bare = stripped(path)
        expect(carried(bare)).toEqual([`${allocator} suspected`])
        expect(carriedAllocators(bare)[0]?.evidence).toMatch(/^the texts ".+", ".+" in its data$/)
      }
    })
  }

  test('jemalloc with a prefix, as projects embed it', ({ skip }) => {
    const plain = archive(skip, 'libjemalloc.a', 'libjemalloc-dev')
    const names = ['mallctl', 'mallocx', 'sdallocx', 'malloc', 'free', 'calloc', 'realloc']
    const prefixed = join(folder, 'prefixed.a')
    const words = names.flatMap((name) => ['--redefine-sym', `${name}=je_${name}`])
    expect(spawnSync('objcopy', [...words, plain, prefixed]).status).toBe(0)
    const source = 'int je_mallctl(void);\nint main(void) { return je_mallctl(); }\n'
    const path = compileC(folder, 'embedding', source, '-x', 'none', prefixed, ...cLibraries)
    expect(carried(path)).toEqual(['jemalloc certain'])
    expect(carriedAllocators(path)[0]?.evidence).toContain('je_mallctl')
  })

  test('a malloc that no sign fits is unknown', () => {
    const own = `#include <stddef.h>
      static char memory[1000];
      void *malloc(size_t size) { return memory; }
      void free(void *p) {}
      int main(void) { free(malloc(1)); return 0; }\n`
    const path = compileC(folder, 'own', own, '-fno-builtin', '-rdynamic')
    expect(carriedAllocators(path)).toEqual([
      { allocator: 'unknown', certainty: 'certain', evidence: 'malloc and free in its dynamic symbol table' },
    ])
  })

  test('the address sanitizer, linked in or only referred to', () => {
    const inside = compileC(folder, 'asan', program, '-fsanitize=address', '-static-libasan')
    expect(carried(inside)).toEqual(['AddressSanitizer certain'])
    expect(carried(compileC(folder, 'asan-library', program, '-fsanitize=address'))).toEqual([])
  })

  test('the Go runtime, plain and stripped', ({ skip }) => {
    requireOrSkip(skip, lackingTool('go', 'golang-go'))
    const source = join(folder, 'hello.go')
    writeFileSync(source, 'package main\nfunc main() { println("hello") }\n')
    for (const [flags, certainty] of [
      ['', 'certain'],
      ['-s -w', 'suspected'],
    ] as const) {
      const path = join(folder, `hello-${certainty}`)
      const env = { ...process.env, GOCACHE: join(folder, 'go'), GOFLAGS: '', GO111MODULE: 'off' }
      const result = spawnSync('go', ['build', `-ldflags=${flags}`, '-o', path, source], { env, encoding: 'utf8' })
      expect(result.stderr).toBe('')
      expect(carried(path)).toEqual([`Go runtime ${certainty}`])
    }
  })

  test('PartitionAlloc in chromium, whose symbols are stripped', ({ skip }) => {
    requireOrSkip(skip, lackingTool('chromium', 'chromium'))
    expect(carried('/usr/lib/chromium/chromium')).toEqual(['PartitionAlloc suspected'])
  })

  test('the malloc of a libc that is linked in', ({ skip }) => {
    const path = compileC(folder, 'static', program, '-static')
    expect([carried(path), carriedLibc(path)]).toEqual([[], 'glibc'])
    expect([carried(stripped(path)), carriedLibc(stripped(path))]).toEqual([[], 'glibc'])
    requireOrSkip(skip, lackingTool('musl-gcc', 'musl-tools'))
    const musl = join(folder, 'musl')
    writeFileSync(`${musl}.c`, program)
    expect(spawnSync('musl-gcc', ['-static', '-o', musl, `${musl}.c`]).status).toBe(0)
    expect([carried(musl), carriedLibc(musl)]).toEqual([[], 'musl'])
  })
})

describe('what carries none', () => {
  test.each(['redis-server', 'python3', 'bash', 'git', 'node', 'g++'])('%s', (name) => {
    const path = findTool(name)
    // Not every machine has every one; none of them is worth a package.
    if (path !== null) expect(carriedAllocators(path)).toEqual([])
  })

  test('a program that mentions allocators, one text of each', () => {
    const texts = allocatorSigns.flatMap((sign) => sign.texts.slice(0, 1)).map((text) => JSON.stringify(text))
    const source = `#include <stdio.h>\nint main(void) { ${texts.map((text) => `puts(${text});`).join(' ')} }\n`
    expect(carriedAllocators(compileC(folder, 'mentions', source))).toEqual([])
  })

  test('a program with one function of a name that allocators use', () => {
    const source =
      'int mallctl(void) { return 0; }\nint mi_malloc(void) { return 0; }\nint main(void) { return mallctl(); }\n'
    expect(carriedAllocators(compileC(folder, 'names', source))).toEqual([])
  })

  test('files that are not ELF, are broken, or are not there', () => {
    const cut = join(folder, 'cut')
    writeFileSync(cut, Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(60, 0xff)]))
    for (const path of ['/etc/passwd', '/no/such/file', '/', '/dev/null', cut]) expect(carried(path)).toEqual([])
  })
})

/** A 64-bit ELF file of one read-only segment, the file itself, with texts at given places. */
function dataFile(name: string, size: number, texts: readonly (readonly [number, string])[]): string {
  const bytes = Buffer.alloc(size)
  Buffer.from('7f454c460201010000000000000000000300 3e0001000000'.replace(' ', ''), 'hex').copy(bytes)
  bytes.writeBigUInt64LE(64n, 32) // where the program headers are
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(1, 64) // PT_LOAD, readable
  bytes.writeUInt32LE(4, 68)
  bytes.writeBigUInt64LE(BigInt(size), 64 + 32)
  for (const [at, text] of texts) bytes.write(text, at)
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

test('a text across two pieces of a search is found', () => {
  const piece = 4 * 1024 * 1024
  for (const before of [0, 1, 8, 16]) {
    const texts = [
      [piece - before, 'mimalloc: error: '],
      [2 * piece - before, 'mimalloc: warning: '],
    ] as const
    expect(carried(dataFile(`far${before}`, 3 * piece, texts))).toEqual(['mimalloc suspected'])
  }
  expect(carried(dataFile('half', 3 * piece, [[piece - 8, 'mimalloc: error: ']]))).toEqual([])
})
