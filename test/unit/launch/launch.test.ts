/** What a run gives back, and what the target finds when it starts. Real programs throughout. */

import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { launch } from '../../../lib/launch/launch.ts'
import { collector, python, scratch, shell, silent } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

describe('how the target ends', () => {
  test.each([0, 1, 7, 125, 126, 127, 255])('exit status %i is a result', async (status) => {
    expect(await shell(`exit ${status}`)).toMatchObject({ exitCode: status, signal: null, timedOut: false, killed: 0 })
  })

  test.each(['SEGV', 'KILL', 'ABRT', 'TERM', 'HUP', 'PIPE', 'SYS'])('SIG%s is a result', async (name) => {
    expect(await shell(`ulimit -c 0; kill -${name} $$`)).toMatchObject({
      exitCode: null,
      signal: `SIG${name}`,
      coreDumped: false,
    })
  })

  test('a real-time signal has a number for a name', async () => {
    expect(await shell('kill -40 $$')).toMatchObject({ exitCode: null, signal: 'SIG40' })
  })

  test('the process id is the target’s', async () => {
    const { sink, text } = collector()
    const { pid } = await shell('echo $$', { stdout: sink })
    expect(text()).toBe(`${pid}\n`)
  })
})

describe('what the target finds', () => {
  test('argv, as given', async () => {
    const { sink, text } = collector()
    const program = 'import sys; print(open("/proc/self/cmdline").read().split("\\0"))'
    await python(program, {
      argv0: 'another name',
      args: ['-c', program, '', 'a b', '--', '--kill-tree'],
      stdout: sink,
    })
    expect(text().trim()).toBe(
      `['another name', '-c', ${JSON.stringify(program).replaceAll('"', "'").replaceAll("\\'", '"')}, '', 'a b', '--', '--kill-tree', '']`,
    )
  })

  test('exactly the environment given', async () => {
    const { sink, text } = collector()
    await launch({ ...silent, path: '/usr/bin/env', env: { B: '2 =', A: '', GONE: undefined }, stdout: sink })
    expect(text().trim().split('\n').sort()).toEqual(['A=', 'B=2 ='])
  })

  test('its working folder', async () => {
    const { sink, text } = collector()
    await shell('pwd -P', { cwd: '/usr/lib', stdout: sink })
    expect(text()).toBe('/usr/lib\n')
  })

  test('the descriptors of any child of ours, and none of the launcher’s', async () => {
    const { sink, text } = collector()
    await launch({ ...silent, path: '/bin/ls', args: ['/proc/self/fd'], stdout: sink })
    const plain = spawnSync('/bin/ls', ['/proc/self/fd'], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' })
    expect(text()).toBe(plain.stdout)
  })

  test('the limit of open files that our caller has, though Node raises its own', () => {
    const [hooks, controller] = ['typescript-hooks.mjs', 'controller.ts'].map((name) =>
      join(import.meta.dirname, '../../support', name),
    )
    const script = `ulimit -Sn 321; ${process.execPath} --import ${hooks} ${controller} 'ulimit -Sn; ulimit -Hn' run`
    const { stdout } = spawnSync('/bin/sh', ['-c', `${script}; ulimit -Hn`], { encoding: 'utf8' })
    const [soft, hard, ended, callersHard] = stdout.trim().split('\n')
    expect({ soft, ended, hard }).toEqual({ soft: '321', ended: 'ended 0 null', hard: callersHard })
  })

  test('no signal blocked or ignored', async () => {
    const { sink, text } = collector()
    await launch({ ...silent, path: '/bin/grep', args: ['-E', 'SigBlk|SigIgn', '/proc/self/status'], stdout: sink })
    expect(text()).toBe(`SigBlk:\t${'0'.repeat(16)}\nSigIgn:\t${'0'.repeat(16)}\n`)
  })

  test('a file descriptor as its stdin', async () => {
    const path = join(folder.path, 'input')
    writeFileSync(path, 'from a file')
    const fd = openSync(path, 'r')
    const { sink, text } = collector()
    await launch({ ...silent, path: '/bin/cat', stdin: fd, stdout: sink })
    closeSync(fd)
    expect(text()).toBe('from a file')
  })

  test('the CPUs it is bound to', async () => {
    const { sink, text } = collector()
    await python('import os; print(os.sched_getaffinity(0))', { cpus: [0], stdout: sink })
    expect(text()).toBe('{0}\n')
  })

  test('its addresses, the same in every run without randomisation and different with it', async () => {
    const maps = async (aslr: boolean): Promise<string> => {
      const { sink, text } = collector()
      await launch({ ...silent, path: '/bin/cat', args: ['/proc/self/maps'], env: {}, aslr, stdout: sink })
      return text()
    }
    expect(await maps(false)).toBe(await maps(false))
    expect(await maps(true)).not.toBe(await maps(true))
  })
})

test('a target that closes every descriptor and leaves its folder is reported like any other', async () => {
  const program = 'import os; os.closerange(0, 4096); os.chdir("/"); os.umask(0o777); os._exit(3)'
  expect(await python(program)).toMatchObject({ exitCode: 3, leftovers: [] })
})

test('a script without an interpreter line runs under the shell, as from any shell', async () => {
  const path = join(folder.path, 'plain-script')
  writeFileSync(path, 'echo "$0: $1"; exit 4\n', { mode: 0o755 })
  const { sink, text } = collector()
  expect(await launch({ ...silent, path, args: ['word'], stdout: sink })).toMatchObject({ exitCode: 4 })
  expect(text()).toBe(`${path}: word\n`)
})

describe('a target that cannot be executed', () => {
  const cases: [string, string, RegExp, (path: string) => void][] = [
    ['absent', 'TARGET_NOT_FOUND', /absent does not exist/, () => {}],
    ['folder', 'TARGET_NOT_EXECUTABLE', /permission denied \(EACCES\)/, (path) => mkdirSync(path)],
    ['not-executable', 'TARGET_NOT_EXECUTABLE', /EACCES/, (path) => writeFileSync(path, 'exit 0\n', { mode: 0o644 })],
    [
      'no-interpreter',
      'TARGET_NOT_EXECUTABLE',
      /interpreter that does not exist/,
      (path) => writeFileSync(path, '#!/no/such\n'),
    ],
    [
      'binary-rubbish',
      'TARGET_NOT_EXECUTABLE',
      /ENOEXEC/,
      (path) => writeFileSync(path, Buffer.from('\x7fELF\0\0\0\0\0rubbish')),
    ],
    ['file/below', 'TARGET_NOT_EXECUTABLE', /ENOTDIR/, () => writeFileSync(join(folder.path, 'file'), '')],
  ]
  test.each(cases)('%s: %s', async (name, code, message, make) => {
    const path = join(folder.path, name)
    make(path)
    if (['no-interpreter', 'binary-rubbish'].includes(name)) chmodSync(path, 0o755)
    const failure = launch({ ...silent, path })
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    await expect(failure).rejects.toMatchObject({ message: expect.stringContaining(path) })
  })
})

describe('wrong options', () => {
  const cases: [string, object, RegExp][] = [
    ['a relative path', { path: 'true' }, /^path: expected an absolute path, got "true"$/],
    ['a zero byte', { args: ['a\0b'] }, /^args: expected text without a zero byte/],
    ['a zero byte in the environment', { env: { A: '\0' } }, /^env.A: /],
    ['no time at all', { timeoutMs: 0 }, /^timeoutMs: expected a whole number of milliseconds from 1/],
    ['half a millisecond', { timeoutMs: 0.5 }, /^timeoutMs: /],
    ['a time that is no number', { graceMs: Number.NaN }, /^graceMs: .* got NaN$/],
    ['no CPU', { cpus: [] }, /^cpus: expected at least one CPU number/],
    ['a negative CPU', { cpus: [-1] }, /^cpus: /],
    ['a CPU that this machine lacks', { cpus: [0, 1023] }, /^cpus: expected CPUs that exist/],
    [
      'a folder that does not exist',
      { cwd: '/no/such/folder' },
      /^cwd: expected an existing folder, got "\/no\/such\/folder"$/,
    ],
  ]
  test.each(cases)('%s', async (_, options, message) => {
    const failure = launch({ ...silent, path: '/bin/true', ...options })
    await expect(failure).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
  })

  test('arguments longer than the system takes', async () => {
    const failure = launch({ ...silent, path: '/bin/true', args: ['x'.repeat(1 << 20)] })
    await expect(failure).rejects.toMatchObject({ code: 'LAUNCH', message: expect.stringContaining('E2BIG') })
  })
})
