/**
 * The probe on real programs: it counts every call, of every thread and every child, under every heap, and leaves the
 * program as it was. What it writes is read as hostile input.
 */

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../lib/api/run.ts'
import { plainPalette, runText } from '../../lib/report/index.ts'
import { readProbe } from '../../lib/session/probes.ts'
import type { ProbeProcess, RunResult } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { testHeaps } from '../support/heaps.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

let calls = ''
beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'calls.c'), 'utf8')
  calls = await compile(folder.path, { name: 'calls', language: 'c', source, flags: ['-fno-builtin', '-pthread'] })
})

const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const
const probed = (heap: string, ...args: string[]): Promise<RunResult> =>
  run({ command: [calls, ...args], heap, probe: 'live', ...quiet })

const only = (result: RunResult): ProbeProcess => {
  expect(result.probe?.unreadable).toEqual([])
  expect(result.probe?.processes).toHaveLength(1)
  return result.probe?.processes[0] as ProbeProcess
}

/** Calls by entry point, and requests by the largest size of their class. */
const callsOf = ({ total }: ProbeProcess) =>
  Object.fromEntries([
    ...Object.entries(total.entries).map(([name, entry]) => [name, entry.calls] as const),
    ...total.sizes.map(({ upToBytes, requests }) => [`up to ${upToBytes}`, requests] as const),
  ])

/** What 700 rounds of the program call more than 200 do: what libc and the heap do by themselves falls out. */
async function difference(heap: string, threads: number): Promise<Record<string, number>> {
  const [few, many] = [
    await probed(heap, '200', `${threads}`, 'return'),
    await probed(heap, '700', `${threads}`, 'return'),
  ]
  for (const { exitCode, verdict } of [few, many]) expect([exitCode, verdict.state]).toEqual([0, 'active'])
  const [before, after] = [callsOf(only(few)), callsOf(only(many))]
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]))
}

describe('every call is counted', () => {
  for (const heap of testHeaps().filter(({ missing }) => missing === null)) {
    const spec = heap.kind === 'found' ? (heap.library as string) : heap.name
    test(`under ${heap.name}, in four threads`, async () => {
      const more = await difference(spec, 4)
      const inThreads = 4 * 500
      // scudo makes libc ask for 56 bytes more in one run than in another: of malloc, the program's sizes are looked at.
      expect(more).toMatchObject({ calloc: 500, realloc: 500, memalign: 500, free: 500 + inThreads })
      expect(more).toMatchObject({ 'up to 112': 500 + inThreads, 'up to 1024': 500, 'up to 3072': 500 })
    })
  }

  test('as valgrind counts them', async ({ skip }) => {
    const { stderr } = await promisify(execFile)('valgrind', [calls, '500', '0', 'return']).catch(() =>
      skip('no valgrind'),
    )
    const [, allocations = '', frees = ''] = /total heap usage: ([\d,]+) allocs, ([\d,]+) frees/.exec(stderr) ?? []
    const { sizes } = only(await probed('system', '500', '0', 'return')).total
    const sum = (of: 'givenBlocks' | 'takenBlocks') => sizes.reduce((all, size) => all + size[of], 0)
    const plain = (text: string) => Number(text.replaceAll(',', ''))
    expect([sum('givenBlocks'), sum('takenBlocks')]).toEqual([plain(allocations), plain(frees)])
  })

  test('a file does not grow with threads that have ended', async () => {
    const process = only(await probed('hoard', '5', '3000', 'return'))
    expect(process.threadsSeen).toBeGreaterThanOrEqual(3000)
    expect(process.threads.length).toBeLessThan(40)
    expect(process.total.entries.malloc?.calls).toBeGreaterThanOrEqual(3000 * 5)
  })
})

test('live bytes are those of the blocks that are left', async () => {
  const [few, many] = [
    only(await probed('system', '100', '0', 'return')),
    only(await probed('system', '600', '0', 'return')),
  ]
  // Of each round a block of 3000 bytes and one of 64 are left.
  const bytes = (many.liveBytes ?? 0) - (few.liveBytes ?? 0)
  expect((many.liveBlocks ?? 0) - (few.liveBlocks ?? 0)).toBe(2 * 500)
  expect(bytes).toBeGreaterThanOrEqual(500 * 3064)
  expect(bytes).toBeLessThan(500 * 3064 * 1.1)
  expect(many.peakBytes).toBeGreaterThanOrEqual(many.liveBytes ?? Number.NaN)
})

test('a forked child has what was live in its parent, and a file of its own', async () => {
  const { probe } = await probed('system', '400', '0', 'fork')
  const [parent, child] = probe?.processes ?? []
  expect(probe?.processes).toHaveLength(2)
  expect(child).toMatchObject({ ppid: parent?.pid, forked: true, inherits: true })
  // The child frees 400 blocks of its parent, which still has them.
  expect((parent?.liveBlocks ?? 0) - (child?.liveBlocks ?? 0)).toBe(400)
})

test.each([
  ['kill', 'SIGKILL'],
  ['abort', 'SIGABRT'],
  ['segv', 'SIGSEGV'],
  ['_exit', null],
])('after %s the counts are whole', async (end, signal) => {
  const result = await probed('hoard', '300', '0', end)
  expect(result.signal).toBe(signal)
  expect(only(result).total.entries).toMatchObject({ calloc: { calls: 300 }, realloc: { calls: 300 } })
})

test('without room for its file a program runs as without the probe', async () => {
  const command = ['sh', '-c', 'ulimit -f 0; ls / > /dev/null; echo $?']
  const { exitCode, probe } = await run({ command, heap: 'hoard', probe: 'live', ...quiet })
  expect([exitCode, probe?.unreadable]).toEqual([0, []])
})

test('what the probe takes is measured in each program, and counts for nothing', async () => {
  const process = only(await probed('system', '1000', '0', 'return'))
  const made = Object.values(process.total.entries).reduce((sum, entry) => sum + entry.calls, 0)
  expect(process.cost.calls).toBe(made)
  expect(process.cost.totalNs / made).toBeCloseTo(process.cost.nsPerCall)
  // Some instructions, and what a busy machine makes of them at worst.
  expect(process.cost.nsPerCall).toBeGreaterThan(0.5)
  expect(process.cost.nsPerCall).toBeLessThan(200)
  // Of counting alone it is less: nobody is asked for a size. Neighbours disturb one measurement or the other.
  const least = async (probe: 'counts' | 'live') => {
    const each = [0, 1, 2, 3].map(() =>
      run({ command: [calls, '1000', '0', 'return'], heap: 'system', probe, ...quiet }),
    )
    return Math.min(...(await Promise.all(each)).map((result) => only(result).cost.nsPerCall))
  }
  expect(await least('counts')).toBeLessThan(await least('live'))
  const counted = await run({ command: [calls, '1000', '0', 'return'], heap: 'system', probe: 'counts', ...quiet })
  const text = runText(counted, { width: 100, unicode: false, palette: plainPalette })
  expect(text).toMatch(/^ {2}probe cost +about [\d.]+ us, [\d.]+ ns a call, [\d.]+ % of the CPU time$/m)
  expect(schemaProblems('run', JSON.parse(JSON.stringify(counted)))).toEqual([])
})

describe('a file is hostile input', () => {
  let whole = Buffer.alloc(0)
  let file = ''
  beforeAll(async () => {
    const session = mkdtempSync(join(folder.path, 'session-'))
    rmSync(session, { recursive: true })
    await run({
      command: [calls, '50', '2', 'return'],
      heap: 'system',
      probe: 'live',
      sessionDirectory: session,
      ...quiet,
    })
    const name = readdirSync(session).find((each) => each.endsWith('.probe')) ?? ''
    const { threads } = readProbe(join(session, name))
    whole = readFileSync(join(session, name)).subarray(0, 8192 + threads.length * 12288)
    file = join(folder.path, 'hostile.probe')
  })

  const read = (bytes: Buffer) => {
    writeFileSync(file, bytes)
    return readProbe(file)
  }

  test('cut short anywhere it is an error with an offset', () => {
    expect(read(whole).total.entries.calloc?.calls).toBeGreaterThanOrEqual(50)
    for (let length = 0; length < whole.length; length += length < 300 ? 1 : 997) {
      expect(() => read(whole.subarray(0, length))).toThrow(/ at offset \d+$/)
    }
  })

  test('with bytes changed at random it is read or refused, never a crash', () => {
    let state = 12345
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    let refused = 0
    for (let round = 0; round < 600; round++) {
      const bytes = Buffer.from(whole)
      for (let change = 0; change <= round % 8; change++) bytes[random(round % 2 ? 256 : bytes.length)] = random(256)
      try {
        const { threads } = read(bytes)
        expect(threads.length).toBeLessThanOrEqual(4096)
      } catch (error) {
        refused++
        expect(String(error)).toMatch(/ at offset \d+$/)
      }
    }
    expect(refused).toBeGreaterThan(20)
  })
})
