/** Libraries given as files: every way in which one can be wrong has an error that says what to do. */

import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { resolveHeap } from '../../../lib/heaps/index.ts'
import { libraryName } from '../../../lib/heaps/library-file.ts'
import { platform } from '../../../lib/platform.ts'
import { type BuiltElf, buildElf } from '../binding/elf-builder.ts'
import { compileC, rejectionOf } from '../binding/helpers.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const machine = platform().elf.machine
const heap: BuiltElf = { machine, dynamic: [{ name: 'malloc', defined: true }] }

function put(name: string, content: BuiltElf | string): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : buildElf(content))
  return `./${name}`
}

const resolve = (text: string) => resolveHeap(text, { cwd: folder })

describe('a good library', () => {
  test('by a relative or absolute path, with colons and commas in it', async () => {
    for (const name of ['libmine.so', 'lib:a=1,b.so']) {
      const path = join(folder, name)
      for (const text of [put(name, heap), path]) {
        expect(await resolve(text)).toMatchObject({ kind: 'file', path, preload: [path], spec: text, env: [] })
      }
    }
  })

  test('a real one, made by a compiler', async () => {
    compileC(folder, 'libreal.so', 'void *malloc(unsigned long n) { return 0; }', '-shared', '-fPIC')
    expect(await resolve('./libreal.so')).toMatchObject({ name: 'real', version: null, tunables: [] })
  })

  test.each([
    ['/x/libmine.so', 'mine'],
    ['/x/libmine.so.2.0', 'mine'],
    ['/x/mine.so', 'mine'],
    ['/x/libclang_rt.scudo_standalone-x86_64.so', 'clang_rt.scudo_standalone-x86_64'],
    ['/x/heap', 'heap'],
    ['/x/lib', 'lib'],
    ['/x/.so', '.so'],
  ])('%s is called %s', (path, name) => expect(libraryName(path)).toBe(name))

  test('digits behind .so are the version, where nothing says better', async () => {
    expect((await resolve(put('libother.so.3.1', heap))).version).toBe('3.1')
  })
})

/** A library of this machine of which the end is missing, as after a full disk. */
function cutShort(name: string): string {
  compileC(folder, 'libwhole.so', 'void *malloc(unsigned long n) { return 0; }', '-shared', '-fPIC')
  const whole = readFileSync(join(folder, 'libwhole.so'))
  writeFileSync(join(folder, name), whole.subarray(0, 0x2100))
  return `./${name}`
}

describe('a bad one', () => {
  const needsMachine = new RegExp(`programs here are 64-bit ${machine === 62 ? 'x86-64' : 'AArch64'}`)
  test.each<[string, () => string, RegExp, RegExp]>([
    ['missing', () => './libnothing.so', /^\.\/libnothing\.so does not exist$/, /spelling/],
    ['misspelt', () => `${put('libmine.so', heap).slice(0, -3)}.os`, /does not exist/, /did you mean libmine\.so\?/],
    ['in no folder', () => './nowhere/libx.so', /does not exist/, /there is no folder .*nowhere/],
    ['a folder', () => './', /is a folder or device, not a shared library/, /name the library file itself/],
    ['a device', () => '/dev/null', /is a folder or device/, /name the library file itself/],
    ['empty', () => put('empty', ''), /is an empty file/, /gcc -shared/],
    ['text', () => put('text.so', 'hello'), /is not an ELF file/, /gcc -shared/],
    ['an archive', () => put('libx.a', '!<arch>\n'), /is a static library/, /whole-archive/],
    [
      "a linker's script",
      () => put('libx.so', '/* GNU ld script */\nGROUP ( /lib/libreal.so.6 AS_NEEDED ( x ) )'),
      /is a linker's script/,
      /stands for: \/lib\/libreal\.so\.6/,
    ],
    [
      '32 bits',
      () => put('lib32.so', { ...heap, bits: 32, machine: 3 }),
      /is a 32-bit x86 library/,
      /build it for 64-bit/,
    ],
    ['another machine', () => put('libarm.so', { ...heap, machine: 40 }), needsMachine, /build it for/],
    ['a program', () => put('prog', { ...heap, type: 2 }), /is a program or an object file/, /-shared/],
    ['a movable program', () => put('pie', { ...heap, flags1: 0x0800_0000 }), /is a program or an object/, /-shared/],
    ['an object file', () => put('x.o', { ...heap, type: 1 }), /is a program or an object file/, /-shared/],
    ['cut short', () => cutShort('libcut.so'), /is cut short/, /build it anew/],
    ['without malloc', () => put('libno.so', { machine }), /has no malloc/, /nm -D --defined-only \.\/libno\.so/],
    [
      'with a malloc that it only needs',
      () => put('libneeds.so', { machine, dynamic: [{ name: 'malloc', defined: false }] }),
      /has no malloc/,
      /visibility=hidden/,
    ],
    [
      'with a variable named malloc',
      () => put('libvar.so', { machine, dynamic: [{ name: 'malloc', defined: true, type: 1 }] }),
      /has no malloc/,
      /version script/,
    ],
  ])('%s', async (_, make, message, hint) => {
    const error = await rejectionOf(resolve(make()))
    expect(error).toMatchObject({ code: 'HEAP_LIBRARY', exitStatus: 2 })
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
  })

  test('unreadable, for all but root', async () => {
    const text = put('libsecret.so', heap)
    chmodSync(join(folder, text), 0)
    if (process.getuid?.() === 0) {
      expect(await resolve(text)).toMatchObject({ name: 'secret' })
      return
    }
    const error = await rejectionOf(resolve(text))
    expect(error).toMatchObject({ code: 'HEAP_LIBRARY', message: `${text} cannot be read` })
    expect(error.hint).toContain('permissions')
  })

  test("this machine's own programs are no heaps", async () => {
    copyFileSync('/bin/true', join(folder, 'true'))
    expect((await rejectionOf(resolve('./true'))).message).toContain('is a program')
  })
})

describe('tunables of a file', () => {
  test('a file of a known family takes what it knows of them', async () => {
    // The builder's symbol names stand in the file as the library's own strings would.
    const knows = (key: string): BuiltElf => ({ ...heap, needed: [`opt.${key}`] })
    const text = put('libjemalloc-mine.so.2', knows('narenas'))
    const result = await resolve(`${text}:narenas=3`)
    expect(result.env).toEqual([{ name: 'MALLOC_CONF', value: 'narenas:3', join: ',' }])
    expect(result.tunables.map(({ key }) => key)).toEqual(['narenas'])
    const error = await rejectionOf(resolve(`${text}:dirty_decay_ms=0`))
    expect(error.message).toContain('the installed version does not know dirty_decay_ms')
    expect(error.hint).toBe('it knows narenas')
  })

  test('of any other file nothing is known', async () => {
    const error = await rejectionOf(resolve(`${put('libmine.so', heap)}:speed=fast`))
    expect(error).toMatchObject({ code: 'HEAP_TUNABLE', message: './libmine.so has no tunables, got speed' })
    expect(error.hint).toContain('environment variable')
  })
})
