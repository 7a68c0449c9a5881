/** The libraries of a program against what the loader itself lists, and whose malloc comes first. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { exportsMalloc, mallocOwner, programObjects } from '../../../lib/binding/closure.ts'
import { readElf } from '../../../lib/binding/elf.ts'
import { compileC } from './helpers.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'alloc8-closure-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function elfOf(path: string) {
  const elf = readElf(path)
  if (elf === null) throw new Error(`${path} is not ELF`)
  return elf
}

const compile = (name: string, source: string, ...flags: string[]) => compileC(folder, name, source, ...flags)

const env = { PATH: process.env.PATH }
const redis = '/usr/bin/redis-server'
const samples = ['/bin/ls', '/bin/true', process.execPath, '/usr/bin/git', '/usr/bin/python3', redis]

describe.each(samples.filter((path) => existsSync(path)))('%s', (path) => {
  test('has the libraries that the loader lists, in its order', () => {
    const listed = execFileSync('ldd', [path], { encoding: 'utf8', env })
    const expected = [...listed.matchAll(/^\t(\S+)(?: => (\S+))? \(0x/gm)]
      .filter(([, name]) => !name?.includes('vdso'))
      .map(([, name, file]) => realpathSync(file ?? name ?? ''))
    const ours = programObjects(elfOf(path), env).slice(1)
    expect(ours.map((object) => object.elf?.path).map((file) => realpathSync(file ?? ''))).toEqual(expected)
  })
})

describe('search', () => {
  mkdirSync(join(folder, 'lib'))
  mkdirSync(join(folder, 'other'))
  const program = (name: string, ...flags: string[]) =>
    compile(name, 'int inner(void); int main(void) { return inner(); }', ...flags)
  const inner = compile('lib/libinner.so', 'int inner(void) { return 0; }', '-shared', '-fPIC')
  const other = compile('other/libinner.so', 'int inner(void) { return 1; }', '-shared', '-fPIC')
  const link = [`-L${join(folder, 'lib')}`, '-linner']
  const find = (path: string, more: NodeJS.ProcessEnv = {}) =>
    programObjects(elfOf(path), { ...env, ...more }).find((object) => object.name === 'libinner.so')?.elf?.path ?? null

  test("RUNPATH with $ORIGIN, in the program's own folder", () => {
    expect(find(program('runpath', ...link, '-Wl,-rpath,$ORIGIN/lib', '-Wl,--enable-new-dtags'))).toBe(inner)
    expect(find(program('braces', ...link, `-Wl,-rpath,$${'{ORIGIN}'}/lib`, '-Wl,--enable-new-dtags'))).toBe(inner)
  })

  test('LD_LIBRARY_PATH comes before RUNPATH and after RPATH', () => {
    const more = { LD_LIBRARY_PATH: `/nowhere:${join(folder, 'other')}` }
    expect(find(join(folder, 'runpath'), more)).toBe(other)
    expect(find(program('rpath', ...link, '-Wl,-rpath,$ORIGIN/lib', '-Wl,--disable-new-dtags'), more)).toBe(inner)
  })

  test('a library that is nowhere is listed without a file', () => {
    expect(find(program('lost', ...link))).toBeNull()
    const names = programObjects(elfOf(join(folder, 'lost')), env).map((object) => object.name)
    expect(names).toContain('libinner.so')
  })

  test('a library of another class is passed over', () => {
    const objects = programObjects(elfOf(program('classes', ...link)), { ...env, LD_LIBRARY_PATH: '/lib32:/libx32' })
    const libc = objects.find((object) => object.name === 'libc.so.6')
    expect(libc?.elf?.bits).toBe(64)
  })
})

describe('whose malloc', () => {
  const heap = compile('libown.so', 'void *malloc(unsigned long n) { return (void *)n; }', '-shared', '-fPIC')
  const plain = compile('plain', '#include <stdlib.h>\nint main(void) { return malloc(1) == 0; }')

  test("libc's, for an ordinary program", () => expect(mallocOwner(elfOf(plain), env)?.soname).toBe('libc.so.6'))

  test('that of a library linked before libc, and of a preloaded one before that', () => {
    const linked = compile('linked', 'int main(void) { return 0; }', '-Wl,--no-as-needed', heap)
    expect(mallocOwner(elfOf(linked), env)?.path).toBe(heap)
    expect(mallocOwner(elfOf(plain), { ...env, LD_PRELOAD: `/nowhere.so ${heap}` })?.path).toBe(heap)
  })

  test("the program's own", () => {
    const own = compile('own', 'void *malloc(unsigned long n) { return (void *)n; } int main(void) {}', '-rdynamic')
    expect(mallocOwner(elfOf(own), env)?.path).toBe(own)
  })

  test('a malloc that is a variable, or only needed, is none', () => {
    const variable = compile('libvariable.so', 'int malloc = 1;', '-shared', '-fPIC', '-fno-builtin', '-w')
    expect(exportsMalloc(elfOf(variable))).toBe(false)
    expect(exportsMalloc(elfOf(plain))).toBe(false)
    expect(exportsMalloc(elfOf(heap))).toBe(true)
  })

  test.skipIf(!existsSync(redis))("jemalloc's, for Debian's redis-server", () => {
    expect(mallocOwner(elfOf(redis), env)?.soname).toBe('libjemalloc.so.2')
  })
})
