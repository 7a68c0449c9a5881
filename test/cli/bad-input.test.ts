/**
 * Wrong use and missing things: a clear error that names what is wrong and what to do, the right exit status, and
 * nothing run or left behind. `run` keeps 125 for its own troubles, because every other status may be its target's.
 */

import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alloc8, type CliEnd, cliPath } from '../support/cli.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { asNobody, lackingNobody } from '../support/needs.ts'

const folder = scratch()
afterAll(folder.remove)
const at = (name: string) => join(folder.path, name)

beforeAll(async () => {
  mkdirSync(at('folder'))
  writeFileSync(at('text.txt'), 'not a program\n')
  writeFileSync(at('empty.so'), '')
  writeFileSync(at('no-interpreter'), '#!/no/such/interpreter\n', { mode: 0o755 })
  symlinkSync('nowhere', at('dangling'))
  const library = (name: string, source: string) => compile(folder.path, { name, source, flags: ['-shared', '-fPIC'] })
  await library('nothing.so', 'int nothing(void) { return 0; }\n')
  await library(
    'hidden.so',
    '__attribute__((visibility("hidden"))) void* malloc(unsigned long n) { return (void*)n; }\n',
  )
})

/** The target that must not be started: it leaves a file where it was. */
function tripwire(): { words: string[]; started(): boolean } {
  const file = at(`started-${Math.random().toString(36).slice(2)}`)
  return { words: ['touch', file], started: () => existsSync(file) }
}

/** Runs with a target, which must not have been started, and checks the form of the complaint. */
async function refused(...words: string[]): Promise<CliEnd> {
  const target = tripwire()
  const end = await alloc8([...words, '--', ...target.words], { cwd: folder.path })
  expect(target.started(), 'the target was started').toBe(false)
  expect(end.stdout).toBe('')
  expect(end.stderr).toMatch(/^(alloc8|error): /)
  expect(end.stderr, 'a stack').not.toMatch(/^ +at /m)
  return end
}

describe.each([
  ['run', 125],
  ['compare', 2],
])('%s: the heap', (command, status) => {
  const withHeap = (heap: string) => refused(command, '--heap', heap)

  test('is unknown: the nearest names are suggested', async () => {
    for (const [wrong, right] of [
      ['jemaloc', 'jemalloc'],
      ['tcmaloc', 'tcmalloc'],
      ['sistem', 'system'],
      ['simpel', 'simple'],
    ]) {
      const end = await withHeap(wrong ?? '')
      expect(end.status).toBe(status)
      expect(end.stderr).toContain(`no heap is called "${wrong}"`)
      expect(end.stderr).toContain(`did you mean ${right}`)
    }
  })

  test('is unknown, and near nothing: what there is is listed', async () => {
    const end = await withHeap('qqqqqqqq')
    expect(end.status).toBe(status)
    expect(end.stderr).toMatch(/Known heaps: .*system.*simple.*jemalloc/)
  })

  test.each([
    ['./missing.so', 'does not exist'],
    ['./folder', 'folder'],
    ['./text.txt', 'not an ELF file'],
    ['./empty.so', 'an empty file'],
    ['./nothing.so', 'has no malloc'],
    ['./hidden.so', 'has no malloc'],
    ['/bin/ls', 'not a shared library'],
  ])('is the library %s', async (path, message) => {
    const end = await withHeap(path)
    expect(end.status).toBe(status)
    expect(end.stderr).toContain(path)
    expect(end.stderr).toContain(message)
  })

  test('is a library that may not be read', async ({ skip }) => {
    const isRoot = process.getuid?.() === 0
    const lacking = isRoot ? lackingNobody(cliPath, process.execPath) : null
    if (lacking !== null) skip(lacking)
    const path = at('unreadable.so')
    writeFileSync(path, 'x')
    chmodSync(path, 0)
    chmodSync(folder.path, 0o755)
    const end = await alloc8([command, '--heap', path, '--', 'true'], isRoot ? { as: asNobody } : {})
    expect(end.status).toBe(status)
    expect(end.stderr).toContain('cannot be read')
  })

  test.each([
    ['system:arena_maks=1', 'arena_max'],
    ['system:arena_max=many', 'arena_max'],
    ['system:arena_max', 'key=value'],
    ['default:arena_max=1', 'takes no tunables'],
    ['simple:anything=1', 'anything'],
    ['system:arena_max=1:arena_max=2', 'twice'],
  ])('has the tunable %s', async (heap, message) => {
    const end = await withHeap(heap)
    expect(end.status).toBe(status)
    expect(end.stderr).toContain(message)
  })

  test('is empty', async () => {
    const end = await withHeap('')
    expect(end.status).toBe(status)
    expect(end.stderr).toContain('expected a heap')
  })
})

describe.each(['run', 'compare'])('%s: the target', (command) => {
  const start = (...words: string[]) => alloc8([command, '--heap', 'simple', '--', ...words], { cwd: folder.path })

  test.each([
    ['no-such-program', 127, 'not found in PATH'],
    ['./no-such-program', 127, 'does not exist'],
    ['/no/such/folder/program', 127, 'does not exist'],
    ['./dangling', 127, 'a link to a file that does not exist'],
    ['./no-interpreter', 127, '/no/such/interpreter'],
    ['./folder', 126, 'is a folder'],
    ['./text.txt', 126, 'may not be executed'],
    ['/dev/null', 126, 'not a regular file'],
  ])('%s: %i', async (path, status, message) => {
    const end = await start(path)
    expect(end).toMatchObject({ status, stdout: '' })
    expect(end.stderr).toContain(message)
    expect(end.stderr).toContain(path.replace(/^\.\//, ''))
    expect(end.stderr).not.toMatch(/^ +at /m)
  })

  test('is a file of the current folder that PATH does not reach: the hint says how to name it', async () => {
    writeFileSync(at('here'), '#!/bin/sh\n', { mode: 0o755 })
    const end = await start('here')
    expect(end.status).toBe(127)
    expect(end.stderr).toContain('./here')
  })

  test('is left out', async () => {
    const end = await alloc8([command])
    expect(end.status).toBe(command === 'run' ? 125 : 2)
    const words = command === 'run' ? "missing required argument 'command'" : 'expected a program after --, or --suite'
    expect(end.stderr).toContain(words)
    expect((await start('')).status).toBe(command === 'run' ? 125 : 2)
  })
})

describe('options', () => {
  test.each([
    [['--blocks', '0'], 'a whole number from 1, got "0"'],
    [['--blocks', '-3'], 'a whole number from 1, got "-3"'],
    [['--blocks', 'many'], 'got "many"'],
    [['--blocks', '1.5'], 'got "1.5"'],
    [['--blocks', '1e3'], 'got "1e3"'],
    [['--blocks', ''], 'got ""'],
    [['--blocks', '99999999999999999999'], 'a whole number from 1'],
    [['--warmup-blocks', '-1'], 'a whole number from 0'],
    [['--seed', 'x'], '--seed'],
    [['--threshold', '2'], 'a share from 0 to below 1'],
    [['--threshold', '-1%'], 'a share'],
    [['--max-time', 'soon'], 'a time such as'],
    [['--max-time', '0'], 'a time such as'],
    [['--timeout', '-5'], 'a time such as'],
    [['--heaps', 'system,,simple'], 'divided by commas'],
    [['--heaps', ''], 'divided by commas'],
  ])('compare %j', async (words, message) => {
    const end = await refused('compare', ...words)
    expect(end.status).toBe(2)
    expect(end.stderr).toContain(message)
  })

  test.each([
    [['--timeout', 'x'], 'a time such as'],
    [['--cpus', '0-'], 'CPU numbers'],
    [['--cpus', '1023'], 'CPUs that exist'],
  ])('run %j', async (words, message) => {
    const end = await refused('run', ...words)
    expect(end.status).toBe(125)
    expect(end.stderr).toContain(message)
  })

  test.each([
    ['compare', '--block', '--blocks'],
    ['compare', '--heeps', '--heaps'],
    ['run', '--require-activ', '--require-active'],
    ['heaps', '--jsn', '--json'],
  ])('%s %s, misspelt: the right one is suggested', async (command, wrong, right) => {
    const end = await alloc8([command, wrong, '1', '--', 'true'])
    expect(end.status).toBe(command === 'run' ? 125 : 2)
    expect(end.stderr).toContain(`unknown option '${wrong}'`)
    expect(end.stderr).toContain(`Did you mean ${right}?`)
  })

  test('a command that does not exist', async () => {
    const end = await alloc8(['comparre'])
    expect(end.status).toBe(2)
    expect(end.stderr).toContain('Did you mean compare?')
    expect((await alloc8(['heaps', 'extra'])).status).toBe(2)
  })
})

describe('metrics', () => {
  test.each([
    [['--metric', 'wal'], 'wall'],
    [['--metric', 'rps'], 'rps'],
    [['--metric', 'rps=/(/'], 'rps'],
    [['--metric', 'rps=/no group/'], 'group'],
    [['--metric', 'rps=/(a)(b)/'], 'group'],
    [['--metric', '=/(a)/'], 'before ='],
    [['--metric', 'wall=/(a)/'], 'wall'],
    [['--metric', 'a=/(a)/', '--metric', 'a=/(b)/'], 'a'],
    [['--higher-is-better', 'rps'], 'rps'],
    [['--metric', 'wall', '--higher-is-better', 'wall'], 'wall'],
  ])('%j is refused', async (words, message) => {
    const end = await refused('compare', ...words)
    expect(end.status).toBe(2)
    expect(end.stderr).toContain(message)
  })
})

describe('a report that cannot be written is found before anything runs', () => {
  test.each([
    ['compare', 2],
    ['run', 125],
  ])('%s', async (command, status) => {
    for (const path of ['/no/such/folder/report.json', at('folder'), '/proc/report.json']) {
      const end = await refused(command, '--heap', 'simple', '--json', path)
      expect(end.status).toBe(status)
      expect(end.stderr).toContain(`${path}: cannot be written`)
    }
  })

  test('heaps', async () => {
    const end = await alloc8(['heaps', '--json', '/no/such/folder/report.json'])
    expect(end).toMatchObject({ status: 2, stdout: '' })
  })

  test('a session folder too, and one that is not empty', async () => {
    for (const path of ['/no/such/folder/session', at('text.txt'), '/usr']) {
      const end = await refused('run', '--session', path)
      expect(end.status).toBe(125)
      expect(end.stderr).toContain(path)
    }
  })

  test('into a FIFO: its reader gets the one report', async () => {
    const fifo = at('fifo')
    execFileSync('mkfifo', [fifo])
    const reader = promisify(execFile)('cat', [fifo])
    expect((await alloc8(['run', '--no-summary', '--json', fifo, '--', 'true'])).status).toBe(0)
    expect(JSON.parse((await reader).stdout)).toMatchObject({ command: ['true'], exitCode: 0 })
    // One that comes to nothing ends the reader too.
    const second = promisify(execFile)('cat', [fifo])
    expect((await alloc8(['run', '--json', fifo, '--', './none'], { cwd: folder.path })).status).toBe(127)
    expect((await second).stdout).toBe('')
  })

  test('an existing report is left as it was where nothing came of the run, a new one is not left', async () => {
    const old = at('old.json')
    writeFileSync(old, 'precious')
    const fresh = at('fresh.json')
    for (const path of [old, fresh]) {
      expect((await alloc8(['compare', '--json', path, '--', './none'], { cwd: folder.path })).status).toBe(127)
    }
    expect(readdirSync(folder.path)).not.toContain('fresh.json')
    expect(readFileSync(old, 'utf8')).toBe('precious')
  })
})

test('a folder of PATH that may not be looked into', async ({ skip }) => {
  const lacking = lackingNobody(cliPath)
  if (lacking !== null) skip(lacking)
  const closed = at('closed')
  mkdirSync(closed, { mode: 0o700 })
  chmodSync(folder.path, 0o755)
  const env = { PATH: `${closed}:${process.env.PATH}` }
  const end = await alloc8(['run', '--', 'no-such-command-here'], { as: asNobody, env })
  expect(end.status).toBe(126)
  expect(end.stderr).toContain(`${closed}/no-such-command-here is in a folder that may not be looked into`)
  expect(end.stderr).not.toContain('chmod')
})

test('too few files may be open: what to raise, and no stack', async () => {
  // Node itself needs some eighteen; how many modules it has open at once differs.
  for (let files = 20; files <= 56; files += 4) {
    const as = ['sh', '-c', `ulimit -n ${files}; exec "$@"`, 'sh']
    const { status, stdout, stderr } = await alloc8(['run', '--no-summary', '--', 'echo', 'done'], { as })
    if (files > 30 && status === 0) continue
    expect([files, status, stdout]).toEqual([files, 125, ''])
    expect(stderr).toMatch(/^alloc8: .*\n {2}raise the limit of open files: ulimit -n 1024\n$/)
  }
})

test('what a terminal would take for a command is not repeated to it', async () => {
  for (const words of [
    ['run', '--', './no\x1b[31msuch\x1b]0;title\x07'],
    ['run', '--heap', 'no\x1b[31msuch', '--', 'true'],
    ['run', '--no\x1b[31msuch', '--', 'true'],
    ['no\x1b[31msuch'],
  ]) {
    const { status, stderr } = await alloc8(words)
    expect(status).not.toBe(0)
    expect(stderr).toContain('such')
    expect(stderr).not.toContain('\x1b')
    expect(stderr).not.toContain('\x07')
  }
})

test('CPUs that are not there', async () => {
  const end = await alloc8(['run', '--cpus', '1000', '--', 'true'])
  expect(end.status).toBe(125)
  expect(end.stderr).toContain('expected CPUs that exist')
})

describe('--prepare', () => {
  test('that fails ends the comparison with its words, before the target', async () => {
    const end = await refused('compare', '--heap', 'simple', '--prepare', 'echo no disk >&2; exit 3')
    expect(end.status).toBe(2)
    expect(end.stderr).toContain('exit status 3')
    expect(end.stderr).toContain('no disk')
  })
})
