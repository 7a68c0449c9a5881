/**
 * What the built-in Hoard promises beyond being a heap: the paper's invariant and bound as `theory.hoard` has them, held
 * against its own account while threads run; no system call in the frees of other threads; no line of cache shared by
 * threads; tunables that are checked.
 */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nativeFile } from '../../lib/binding/native.ts'
import { builtinHeaps } from '../../lib/heaps/builtin.ts'
import { run, theory } from '../../lib/index.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const library = nativeFile('liballoc8-hoard.so')
const execute = promisify(execFile)
const source = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8')

interface Account {
  heaps: { heldBytes: number; inUseBytes: number }[]
}

// What malloc_info says of each heap: what it holds, and of that what is free.
function accounts(text: string): Account[] {
  return text
    .split('<!-- end -->')
    .slice(0, -1)
    .map((part) => ({
      heaps: [...part.matchAll(/<heap nr="\d+">([\s\S]*?)<\/heap>/g)].map(([, heap = '']) => {
        const held = Number(/<system type="current" size="(\d+)"/.exec(heap)?.[1])
        const free = Number(/<total type="rest" count="\d+" size="(\d+)"/.exec(heap)?.[1])
        return { heldBytes: held, inUseBytes: held - free }
      }),
    }))
}

describe('the account', () => {
  let program = ''
  beforeAll(async () => {
    program = await compile(folder.path, {
      name: 'account',
      source: source('hoard_account.c'),
      flags: ['-O1', '-pthread'],
    })
  })

  test.each([
    ['', theory.hoard.defaults],
    ['bufer=1:empty=100:empty=0:slack=:slack=x:=3:thp', theory.hoard.defaults], // none of them can be
    ['slack=64k:empty=20', { slackBytes: 65536, emptyFraction: 0.2 }],
    ['slack=0:empty=5', { slackBytes: 0, emptyFraction: 0.05 }],
  ])('keeps the invariant and the bound with %o', async (settings, constants) => {
    const env = { ...process.env, LD_PRELOAD: library, ALLOC8_HOARD: settings }
    const { stdout } = await execute(program, [], { env, timeout: 300_000, maxBuffer: 1 << 24 })
    const moments = accounts(stdout)
    expect(moments).toHaveLength(12)
    for (const { heaps } of moments) {
      // Five threads' and then the eight shards', of which the invariant says nothing.
      const threads = heaps.slice(0, -8)
      expect(threads).toHaveLength(5)
      for (const heap of threads) {
        expect(theory.hoard.invariantHolds(heap, constants), JSON.stringify(heap)).toBe(true)
      }
      const held = threads.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
      const used = threads.reduce((sum, { inUseBytes }) => sum + inUseBytes, 0)
      expect(held).toBeLessThanOrEqual(theory.hoard.heldBound(used, threads.length, constants))
      expect(heaps.every(({ heldBytes, inUseBytes }) => inUseBytes >= 0 && heldBytes >= inUseBytes)).toBe(true)
    }
    // Tides come and go: where nothing were ever given on, the tightest setting would be as loose as the first.
    expect(moments.some(({ heaps }) => heaps.slice(-8).some(({ heldBytes }) => heldBytes > 0))).toBe(true)
  })
})

describe('frees of other threads', () => {
  test('go home without a system call', async () => {
    const counter = await compile(folder.path, {
      name: 'libcounter.so',
      source: source('hoard_syscalls.c'),
      flags: ['-O1', '-shared', '-fPIC'],
    })
    const operations = 2_000_000
    const futexes = async (heap: string) => {
      const env = { ...process.env, LD_PRELOAD: `${counter} ${heap}` }
      const words = ['--operations', String(operations), '--threads', '2']
      const { stderr } = await execute(nativeFile('workloads/producer-consumer'), words, { env, timeout: 300_000 })
      return Number(/futexes (\d+)/.exec(stderr)?.[1])
    }
    expect(await futexes(library)).toBeLessThan(operations / 1000)
  })

  test.each(['active-false', 'passive-false'])('%s: no line of cache is shared', async (workload) => {
    const env = { ...process.env, LD_PRELOAD: library }
    const words = ['--operations', '20000', '--threads', '4']
    const { stdout } = await execute(nativeFile(`workloads/${workload}`), words, { env, timeout: 300_000 })
    expect(JSON.parse(stdout)).toMatchObject({ threadsPerLine: 1 })
  })
})

test('ten thousand threads at a time leave nothing behind', async () => {
  const program = await compile(folder.path, {
    name: 'threads',
    source: source('hoard_threads.c'),
    flags: ['-O1', '-pthread'],
  })
  const env = { ...process.env, LD_PRELOAD: library }
  const { stdout } = await execute(program, [], { env, timeout: 300_000 })
  const [made = 0, during = 0, after = 0, inUse = 0] = stdout.split(' ').map(Number)
  // A container may allow fewer.
  expect(made).toBeGreaterThan(500)
  expect(after).toBeLessThan(during / 20)
  // glibc keeps something of its own for each stack that it keeps.
  expect(inUse).toBeLessThan(1 << 20)
})

describe('tunables', () => {
  const tunables = builtinHeaps.find(({ name }) => name === 'hoard')?.family?.tunables ?? []

  test.each([
    ['hoard:bufer=4k', /hoard has no tunable bufer/],
    ['hoard:empty=100', /empty.*at most 99.*100/],
    ['hoard:empty=0', /empty.*at least 1.*0/],
    ['hoard:purge=-1', /purge.*-1/],
    ['hoard:slack=much', /slack.*much/],
    ['hoard:thp=2', /thp.*2/],
  ])('%s is refused in words', async (heap, message) => {
    await expect(run({ heap, command: ['true'] })).rejects.toMatchObject({
      code: 'HEAP_TUNABLE',
      message: expect.stringMatching(message),
    })
  })

  test('of each the heap knows the name, and runs with its least and its greatest value', async () => {
    expect(tunables.length).toBeGreaterThan(5)
    for (const { key, minimum, maximum, kind } of tunables) {
      const ends = kind === 'boolean' ? ['0', '1'] : [String(minimum ?? 0n), String(maximum ?? 0n)]
      for (const value of ends) {
        const result = await run({
          heap: `hoard:${key}=${value}`,
          command: [nativeFile('workloads/larson'), '--operations', '20000'],
        })
        expect([key, value, result.exitCode, result.verdict.state]).toEqual([key, value, 0, 'active'])
      }
    }
  })
})
