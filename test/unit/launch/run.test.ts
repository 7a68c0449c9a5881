/** One run, whole: what is prepared once, what the target finds, what is left afterwards. Heaps are made by hand. */

import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nativeFile } from '../../../lib/binding/native.ts'
import { prepareTarget, type RunTargetOptions, runTarget } from '../../../lib/launch/run.ts'
import type { ResolvedHeap } from '../../../lib/types.ts'
import { collector, killLeftover, scratch } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const simple = nativeFile('liballoc8-simple.so')

function heapOf(overrides: Partial<ResolvedHeap> = {}): ResolvedHeap {
  const info = { name: 'simple', kind: 'builtin', path: simple, version: null } as const
  return { ...info, tunables: [], spec: 'simple', preload: [simple], env: [], ...overrides }
}

const untouched = heapOf({ name: 'default', kind: 'default', path: null, spec: 'default', preload: [] })

const quiet: RunTargetOptions = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }

async function output(heap: ResolvedHeap, command: string[], options: RunTargetOptions = {}): Promise<string> {
  const { sink, text } = collector()
  await runTarget(prepareTarget(command, options), heap, { ...quiet, stdout: sink, ...options })
  return text()
}

function script(name: string, text: string): string {
  const path = join(folder.path, name)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

describe('preparing a target', () => {
  test('finds it in the PATH of the environment that it will have', () => {
    script('only-here', '#!/bin/sh\n')
    const env = { PATH: folder.path }
    expect(prepareTarget(['only-here', 'x'], { env })).toMatchObject({
      path: join(folder.path, 'only-here'),
      argv0: 'only-here',
      args: ['x'],
    })
    expect(() => prepareTarget(['only-here'], { env: { PATH: '/usr/bin' } })).toThrow('not found in PATH')
  })

  test('looks for the interpreter that env will find, in that environment and folder', () => {
    mkdirSync(join(folder.path, 'bin'), { recursive: true })
    symlinkSync('/bin/true', join(folder.path, 'bin', 'my-interpreter'))
    const path = script('env-script', '#!/usr/bin/env my-interpreter\n')
    const found = prepareTarget([path], { env: { PATH: `${folder.path}/bin` } })
    expect(found.facts.path).toMatch(/\/true$/)
    const relative = script('relative-script', '#!bin/my-interpreter\n')
    expect(prepareTarget([relative], { cwd: folder.path, env: {} }).facts.path).toMatch(/\/true$/)
  })

  test('gives a text file without a first line to the shell, as execvp does', async () => {
    const path = script('plain', 'echo "$0|$1|$#"\n')
    const target = prepareTarget([path, 'a b', ''])
    expect(target).toMatchObject({ path: '/bin/sh', argv0: 'sh', args: [path, 'a b', ''] })
    expect(await output(heapOf(), [path, 'a b', ''])).toBe(`${path}|a b|2\n`)
  })
})

describe('what the target finds', () => {
  test('the heap and the witness in front of what the user preloads, and a session', async () => {
    const env = { ...process.env, LD_PRELOAD: nativeFile('liballoc8-simple.so') }
    const text = await output(heapOf(), ['sh', '-c', 'echo "$LD_PRELOAD"; echo "$ALLOC8_SESSION"'], { env })
    const [preload, session] = text.split('\n')
    expect(preload).toBe(`${simple}:${nativeFile('liballoc8-witness.so')}`)
    expect(session).toMatch(/\/alloc8-\d+\.\d+-\w{6}$/)
    expect(existsSync(session ?? '')).toBe(false)
  })

  test('tunables, joined to the user’s own', async () => {
    const tunable = { name: 'GLIBC_TUNABLES', value: 'glibc.malloc.arena_max=1', join: ':' }
    const env = { ...process.env, GLIBC_TUNABLES: 'glibc.malloc.mxfast=0' }
    const text = await output(heapOf({ env: [tunable] }), ['printenv', 'GLIBC_TUNABLES'], { env })
    expect(text).toBe('glibc.malloc.mxfast=0:glibc.malloc.arena_max=1\n')
  })

  test('padding, when it is asked for', async () => {
    const count = ['sh', '-c', 'env | wc -c']
    const [none, some] = [await output(untouched, count), await output(untouched, count, { paddingBytes: 1000 })]
    expect(Number(some) - Number(none)).toBe(1000 + 'ALLOC8_PADDING=\n'.length)
  })
})

describe('afterwards', () => {
  const temporary = join(folder.path, 'tmp')
  const before = process.env.TMPDIR
  beforeEach(() => {
    mkdirSync(temporary, { recursive: true })
    process.env.TMPDIR = temporary
  })
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })

  test('nothing is left, however the run ended', async () => {
    await runTarget(prepareTarget(['true']), heapOf(), quiet)
    expect(readdirSync(temporary)).toEqual([])
    const impossible = runTarget(prepareTarget(['true']), heapOf(), { ...quiet, cpus: [1023] })
    await expect(impossible).rejects.toMatchObject({ code: 'USAGE' })
    expect(readdirSync(temporary)).toEqual([])
    const signal = AbortSignal.timeout(300)
    const stopped = runTarget(prepareTarget(['sleep', '95']), heapOf(), { ...quiet, lifeline: true, signal })
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' })
    expect(readdirSync(temporary)).toEqual([])
  })

  test('a session with a name is kept', async () => {
    const session = join(folder.path, 'kept')
    const result = await runTarget(prepareTarget(['true']), heapOf(), { ...quiet, sessionDirectory: session })
    expect(result.session).toBe(session)
    expect(readdirSync(session).filter((name) => name.endsWith('.witness'))).toHaveLength(1)
    expect(readdirSync(temporary)).toEqual([])
  })

  test('what outlived the target is named, with a warning that says what to do', async () => {
    const command = ['sh', '-c', 'sleep 96 & sleep 96 & sleep 96 & exit 3']
    const result = await runTarget(prepareTarget(command), heapOf(), quiet)
    for (const { pid } of result.leftovers) killLeftover(pid)
    expect(result.exitCode).toBe(3)
    expect(result.leftovers).toHaveLength(3)
    expect(result.leftovers[0]?.command).toContain('sleep')
    expect(result.warnings).toMatchObject([{ code: 'leftovers' }])
    expect(result.warnings[0]?.message).toMatch(/^3 processes outlived the target;.*--end-descendants$/)
    const one = await runTarget(prepareTarget(['sh', '-c', 'sleep 96 & :']), heapOf(), quiet)
    for (const { pid } of one.leftovers) killLeftover(pid)
    expect(one.warnings[0]?.message).toMatch(/^1 process outlived/)
  })

  test('the result says what was asked for', async () => {
    const command = ['sh', '-c', 'true & wait; exit 4']
    const result = await runTarget(prepareTarget(command), heapOf({ spec: 'simple:as=asked' }), quiet)
    expect(result).toMatchObject({
      schema: 1,
      heap: 'simple:as=asked',
      command,
      exitCode: 4,
      signal: null,
      timedOut: false,
      session: null,
      leftovers: [],
      warnings: [],
      tree: { processes: 2 },
      verdict: { state: 'active' },
    })
    expect(result.wallNs).toBeGreaterThan(0)
    // The machine did not sleep.
    expect(result.suspendedNs).toBe(0)
    expect(result.peakRssBytes).toBeGreaterThan(100_000)
  })
})
