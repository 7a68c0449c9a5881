/** Finding a target as execvp does, and what is seen of it: scripts, static, set-id, own malloc, sanitizers. */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeTarget, locateExecutable, type TargetContext } from '../../../lib/binding/executable.ts'
import { buildElf } from './elf-builder.ts'
import { compileC, thrownBy } from './helpers.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'alloc8-target-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isRoot = process.getuid?.() === 0

function write(name: string, content: string | Buffer, mode = 0o755): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const describeFile = (path: string, context: TargetContext = {}) =>
  describeTarget(path, { fileCapabilities: () => false, ...context })

describe('finding a command', () => {
  beforeAll(() => {
    for (const name of ['first', 'second', 'third']) mkdirSync(join(folder, name))
    write('first/plain', 'x', 0o644)
    write('second/plain', '#!/bin/sh\n')
    write('third/plain', '#!/bin/sh\n')
    write('first/only-plain', 'x', 0o644)
    mkdirSync(join(folder, 'first/a-folder'))
    write('here', '#!/bin/sh\n')
    symlinkSync('/no/such/file', join(folder, 'dangling'))
  })
  const PATH = ['first', 'second', 'third'].map((name) => join(folder, name)).join(':')

  test('the first file in PATH that may be executed', () => {
    expect(locateExecutable('plain', { env: { PATH } })).toEqual({ path: join(folder, 'second/plain'), argv0: 'plain' })
  })

  test('empty and relative parts of PATH count from the working folder', () => {
    const here = { path: join(folder, 'here'), argv0: 'here' }
    expect(locateExecutable('here', { cwd: folder, env: { PATH: '/nowhere:' } })).toEqual(here)
    const plain = join(folder, 'second/plain')
    expect(locateExecutable('plain', { cwd: folder, env: { PATH: 'second' } }).path).toBe(plain)
  })

  test('without PATH, where execvp looks', () => {
    expect(locateExecutable('sh', { env: {} }).path).toBe('/bin/sh')
  })

  test('a name with a slash is a path, with argv[0] as it was typed', () => {
    expect(locateExecutable('./here', { cwd: folder })).toEqual({ path: join(folder, 'here'), argv0: './here' })
    expect(locateExecutable('second/plain', { cwd: folder, env: { PATH } }).path).toBe(join(folder, 'second/plain'))
  })

  test.each([
    ['no-such-command-here', 'TARGET_NOT_FOUND', /not found in PATH/, /spelling/],
    ['here', 'TARGET_NOT_FOUND', /not found in PATH/, /in the current folder: \.\/here/],
    ['./nothing', 'TARGET_NOT_FOUND', /\.\/nothing does not exist/, /spelling/],
    ['./here/below', 'TARGET_NOT_FOUND', /does not exist/, /spelling/],
    ['./dangling', 'TARGET_NOT_FOUND', /is a link to a file that does not exist/, /spelling/],
    ['./first', 'TARGET_NOT_EXECUTABLE', /\.\/first is a folder/, /inside/],
    ['/dev/null', 'TARGET_NOT_EXECUTABLE', /not a regular file/, /program/],
    ['first/plain', 'TARGET_NOT_EXECUTABLE', /may not be executed/, /chmod \+x first\/plain/],
    ['only-plain', 'TARGET_NOT_EXECUTABLE', /first\/only-plain may not be executed/, /chmod/],
    ['a-folder', 'TARGET_NOT_EXECUTABLE', /first\/a-folder is a folder/, /inside/],
    [`./${'x'.repeat(300)}`, 'TARGET_NOT_FOUND', /does not exist/, /spelling/],
  ])('%s: %s', (command, code, message, hint) => {
    const error = thrownBy(() => locateExecutable(command, { cwd: folder, env: { PATH } }))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
  })

  test.each(['', 'a\0b'])('%j is wrong usage', (command) => {
    expect(thrownBy(() => locateExecutable(command))).toMatchObject({ code: 'USAGE' })
  })
})

describe('scripts', () => {
  const shell = realpathSync('/bin/sh')

  test('a program is itself', () => {
    expect(describeFile('/bin/ls')).toMatchObject({
      path: realpathSync('/bin/ls'),
      isScript: false,
      needsShell: false,
      interpreterChain: [],
      isStatic: false,
      setuid: false,
      capabilities: false,
      definesMalloc: null,
      sanitizer: null,
      bits: 64,
    })
  })

  test('an interpreter, with an option', () => {
    const info = describeFile(write('s1', '#!/bin/sh -e\n'))
    expect(info).toMatchObject({ isScript: true, needsShell: false, interpreterChain: ['/bin/sh'], path: shell })
    expect(info.elf?.interpreter).toContain('ld-linux')
  })

  test('a relative interpreter counts from the working folder', () => {
    write('interp', '#!/bin/sh\n')
    const script = write('s2', '#!interp\n')
    expect(describeFile(script, { cwd: folder }).interpreterChain).toEqual([join(folder, 'interp'), '/bin/sh'])
    expect(thrownBy(() => describeFile(script, { cwd: '/' })).code).toBe('TARGET_NOT_FOUND')
  })

  test('env is followed to the program that it starts', () => {
    const node = realpathSync(process.execPath)
    const env = { PATH: join(process.execPath, '..') }
    for (const line of ['env node', 'env -S node --no-warnings', 'env -S A=1 node']) {
      const info = describeFile(write('s3', `#!/usr/bin/${line}\n`), { env })
      expect(info).toMatchObject({ path: node, interpreterChain: ['/usr/bin/env', join(env.PATH, 'node')] })
    }
  })

  test('what env starts may be a script again', () => {
    write('tool', '#!/bin/sh\n')
    const info = describeFile(write('s4', '#!/usr/bin/env tool\n'), { env: { PATH: folder } })
    expect(info.interpreterChain).toEqual(['/usr/bin/env', join(folder, 'tool'), '/bin/sh'])
  })

  test('where env finds nothing, it is env that runs and complains', () => {
    const info = describeFile(write('s5', '#!/usr/bin/env no-such-tool\n'), { env: { PATH: folder } })
    expect(info.path).toBe(realpathSync('/usr/bin/env'))
  })

  test.each([
    ['text', 'echo hello\n'],
    ['empty', ''],
    ['a #! line without an interpreter', '#!\n'],
  ])('%s goes to the shell, as execvp does it', (_, content) => {
    const info = describeFile(write('s6', content))
    expect(info).toMatchObject({ needsShell: true, isScript: true, interpreterChain: ['/bin/sh'], path: shell })
  })

  test('as many scripts in a row as the kernel follows, and not one more', () => {
    write('n0', '#!/bin/sh\nexit 7\n')
    for (let index = 1; index < 7; index++) write(`n${index}`, `#!${join(folder, `n${index - 1}`)}\n`)
    for (let index = 0; index < 7; index++) {
      const path = join(folder, `n${index}`)
      const really = spawnSync(path).error as NodeJS.ErrnoException | undefined
      if (really === undefined) expect(describeFile(path).interpreterChain).toHaveLength(index + 1)
      else expect(thrownBy(() => describeFile(path)).code, really.code).toBe('TARGET_NOT_EXECUTABLE')
    }
  })

  test('a script that is its own interpreter, directly or through env', () => {
    const own = write('own', `#!${join(folder, 'own')}\n`)
    expect(thrownBy(() => describeFile(own))).toMatchObject({ code: 'TARGET_NOT_EXECUTABLE' })
    const loop = write('loop', '#!/usr/bin/env loop\n')
    expect(thrownBy(() => describeFile(loop, { env: { PATH: folder } })).message).toContain('start each other')
  })

  test.each([
    ['#!/no/such/interpreter\n', 'TARGET_NOT_FOUND', /"\/no\/such\/interpreter" does not exist/, /mend the #! line/],
    ['#!/bin/sh\r\n', 'TARGET_NOT_FOUND', /"\/bin\/sh\\r" does not exist/, /Windows line ends/],
    ['#!/etc/passwd\n', 'TARGET_NOT_EXECUTABLE', /\/etc\/passwd may not be executed/, undefined],
    ['#!/tmp\n', 'TARGET_NOT_EXECUTABLE', /\/tmp is a folder/, undefined],
  ])('%j: %s', (line, code, message, hint) => {
    const error = thrownBy(() => describeFile(write('bad', line)))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    if (hint !== undefined) expect(error.hint).toMatch(hint)
  })
})

describe('what keeps a heap out', () => {
  const compile = (name: string, source: string, ...flags: string[]) => compileC(folder, name, source, ...flags)
  const plain = '#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n'
  const own = `${plain}static char room[64];\nvoid *malloc(size_t n) { return n ? room : 0; }\nvoid free(void *p) { (void)p; }\n`

  test('a program that only calls malloc has none of its own', () => {
    expect(describeFile(compile('calls', plain))).toMatchObject({ definesMalloc: null, isStatic: false })
  })

  test('the address of malloc taken in a fixed-position program is not a malloc', () => {
    const source = '#include <stdlib.h>\nvoid *(*volatile f)(size_t) = malloc;\nint main(void) { return f(1) == 0; }\n'
    expect(describeFile(compile('address', source, '-no-pie', '-fno-pie'))).toMatchObject({ definesMalloc: null })
  })

  test('a malloc of its own, exported, hidden, stripped', () => {
    expect(describeFile(compile('own', own, '-rdynamic')).definesMalloc).toBe('malloc in its dynamic symbol table')
    const hidden = compile('hidden', own, '-fvisibility=hidden')
    expect(describeFile(hidden).definesMalloc).toBe('malloc in its symbol table')
    execFileSync('strip', [hidden])
    expect(describeFile(hidden).definesMalloc).toBeNull()
  })

  test('a variable named malloc is not a malloc', () => {
    const source = 'int malloc = 3;\nint main(void) { return malloc; }\n'
    expect(describeFile(compile('variable', source, '-fno-builtin', '-w')).definesMalloc).toBeNull()
  })

  test('static, and static position-independent', () => {
    expect(describeFile(compile('static', plain, '-static'))).toMatchObject({ isStatic: true })
    expect(describeFile(compile('static-pie', plain, '-static-pie'))).toMatchObject({ isStatic: true })
  })

  const loader = '/lib64/ld-linux-x86-64.so.2'
  test.skipIf(!existsSync(loader))('the loader started as a program is not static', () => {
    expect(describeFile(loader).isStatic).toBe(false)
  })

  test('a sanitizer by its library, or by its symbols where linked in', () => {
    const needs = (library: string) => write('needs', buildElf({ type: 2, needed: ['libc.so.6', library] }))
    expect(describeFile(needs('libasan.so.8')).sanitizer).toBe('address')
    expect(describeFile(needs('libclang_rt.hwasan-x86_64.so')).sanitizer).toBe('address')
    expect(describeFile(needs('libtsan.so.2')).sanitizer).toBe('thread')
    expect(describeFile(needs('liblsan.so.0')).sanitizer).toBe('leak')
    expect(describeFile(needs('libmsan.so')).sanitizer).toBe('memory')
    expect(describeFile(needs('libasanx.so')).sanitizer).toBe('address')
    const defines = (name: string, defined: boolean) =>
      write('defines', buildElf({ type: 2, dynamic: [{ name, defined }] }))
    expect(describeFile(defines('__tsan_init', true)).sanitizer).toBe('thread')
    // A weak reference asks whether the sanitizer is there; it does not bring it.
    expect(describeFile(defines('__tsan_init', false)).sanitizer).toBeNull()
    const asks = write('asks', buildElf({ type: 2, static: [{ name: '__asan_init', defined: false }] }))
    expect(describeFile(asks).sanitizer).toBeNull()
  })

  test('a really sanitized program', () => {
    const path = compile('asan', plain, '-fsanitize=address')
    expect(describeFile(path).sanitizer).toBe('address')
  })

  test('a loader that does not exist', () => {
    const path = write('foreign', buildElf({ type: 3, interpreter: '/lib/ld-musl-none.so.1' }))
    const error = thrownBy(() => describeFile(path))
    expect(error).toMatchObject({ code: 'TARGET_NOT_FOUND' })
    expect(error.message).toContain('needs the loader /lib/ld-musl-none.so.1')
  })

  test('a 32-bit program of another machine is described, not refused', () => {
    const path = write('arm', buildElf({ bits: 32, machine: 40, type: 2 }))
    expect(describeFile(path)).toMatchObject({ bits: 32, elf: { machine: 40 } })
  })
})

describe('secure execution', () => {
  const copy = (name: string) => {
    const path = join(folder, name)
    copyFileSync('/bin/true', path)
    return path
  }

  test('set-id bits count where they change who runs', () => {
    const path = copy('setid')
    chmodSync(path, 0o4755)
    expect(describeFile(path).setuid).toBe(false)
    chmodSync(path, 0o2755)
    expect(describeFile(path).setuid).toBe(false)
  })

  test("another's set-user-id and set-group-id files do", () => {
    if (!isRoot) {
      // Only root can make one; every system has this one, which is root's.
      expect(describeFile('/usr/bin/passwd').setuid).toBe(true)
      return
    }
    const path = copy('others')
    chownSync(path, 65534, 65534)
    chmodSync(path, 0o755)
    expect(describeFile(path).setuid).toBe(false)
    chmodSync(path, 0o4755)
    expect(describeFile(path).setuid).toBe(true)
    chmodSync(path, 0o2755)
    expect(describeFile(path).setuid).toBe(true)
    // Without group execute permission the bit means locking.
    chmodSync(path, 0o2745)
    expect(describeFile(path).setuid).toBe(false)
  })

  test("a script's own set-id bits mean nothing", () => {
    const path = write('setid-script', '#!/bin/sh\n', 0o6755)
    expect(describeFile(path).setuid).toBe(false)
  })

  test('file capabilities are asked for the program that runs in the end, and do not matter to root', () => {
    const asked: string[] = []
    const fileCapabilities = (path: string) => asked.push(path) > 0
    const info = describeFile(write('caps', '#!/bin/sh\n'), { fileCapabilities })
    expect(info.capabilities).toBe(!isRoot)
    expect(asked).toEqual(isRoot ? [] : [realpathSync('/bin/sh')])
  })
})
