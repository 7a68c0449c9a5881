/**
 * The times of calls are the heap's: against a heap that writes down its own, in every thread and process, all calls or
 * one in so many; and the program does not notice.
 */

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunOptions, run } from '../../lib/api/run.ts'
import { plainPalette, runText } from '../../lib/report/index.ts'
import {
  type LatencyHistogram,
  latencyBucketLow,
  latencyCount,
  latencyPercentile,
  mergeLatency,
  readLatency,
  subtractLatency,
} from '../../lib/session/latency.ts'
import type { ProbeProcess, ProbeSettings, RunResult } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

const built: Record<string, string> = {}
beforeAll(async () => {
  for (const [name, ...flags] of [
    ['calls', '-pthread'],
    ['timed', '-pthread'],
    ['slow-heap', '-shared', '-fPIC'],
  ]) {
    const source = readFileSync(join(import.meta.dirname, `${name}.c`), 'utf8')
    const output = name === 'slow-heap' ? 'libslow-heap.so' : (name as string)
    built[name as string] = await compile(folder.path, { name: output, source, flags })
  }
})

const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const
const timed = (words: string[], probe: ProbeSettings | 'latency' = 'latency', more: Partial<RunOptions> = {}) => {
  const [name = '', ...args] = words
  return run({ command: [built[name] ?? name, ...args], heap: 'system', probe, ...quiet, ...more })
}

const only = ({ probe, exitCode }: RunResult): ProbeProcess => {
  expect([exitCode, probe?.unreadable, probe?.processes.length]).toEqual([0, [], 1])
  return probe?.processes[0] as ProbeProcess
}

/** Timed calls by entry point. */
const counts = ({ latency }: ProbeProcess) =>
  Object.fromEntries((latency?.entries ?? []).map(({ entry, count }) => [entry, count]))

describe('the times are the heap’s own', () => {
  test('as a heap that writes its times down has them', async () => {
    const file = join(folder.path, 'times')
    const env = { ...process.env, SLOW_HEAP_TIMES: file }
    const result = await timed(['timed', '1000', '20000'], 'latency', { heap: built['slow-heap'], env })
    const row = only(result).latency?.sizes.find(({ entry, upToBytes }) => entry === 'malloc' && upToBytes === 32768)
    const truth = readFileSync(file, 'utf8').trim().split('\n').map(Number)
    const sorted = truth.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
    expect(row?.count).toBe(1100)
    expect(truth).toHaveLength(1100)
    expect(at(0.5)).toBeGreaterThanOrEqual(100_000)
    expect(at(0.99)).toBeGreaterThanOrEqual(1_000_000)
    for (const [found, share] of [
      [row?.p50Ns, 0.5],
      [row?.p90Ns, 0.9],
      [row?.p99Ns, 0.99],
    ] as const) {
      expect((found ?? 0) / at(share), `p${share}`).toBeGreaterThan(0.93)
      expect((found ?? 0) / at(share), `p${share}`).toBeLessThan(1.08)
    }
    // The longest has no bucket's error, only what the probe sees more than the heap does.
    expect((row?.maxNs ?? 0) / at(1)).toBeGreaterThan(0.999)
    expect(row?.maxNs).toBeLessThan(at(1) + 2e9)
    const mean = truth.reduce((sum, each) => sum + each, 0) / truth.length
    expect((row?.meanNs ?? 0) / mean).toBeGreaterThan(0.99)
    expect(row?.meanNs).toBeLessThan(mean * 2)
    const text = runText(result, { width: 100, unicode: false, palette: plainPalette })
    expect(text).toMatch(/^ {2}latency +timed +p50 +p99 +p99\.99 +max$/m)
    // A busy machine may make the heap's longest sleep longer.
    const longest = /^ +malloc +\d,\d{3}(?: +[\d.]+ \w+){3} +([\d.]+) (ms|s)$/m.exec(text)
    expect(Number(longest?.[1]) * (longest?.[2] === 's' ? 1000 : 1)).toBeGreaterThanOrEqual(20)
    expect(schemaProblems('run', JSON.parse(JSON.stringify(result)))).toEqual([])
  })
})

describe('what is timed', () => {
  test('is every call of every thread, by size', async () => {
    const process = only(await timed(['calls', '300', '4', 'return'], { levels: ['live', 'latency'] }))
    const calls = Object.fromEntries(Object.entries(process.total.entries).map(([name, { calls: all }]) => [name, all]))
    const found = counts(process)
    for (const name of ['malloc', 'calloc', 'realloc', 'memalign'])
      expect([name, found[name]]).toEqual([name, calls[name]])
    // Freed null is not timed.
    expect(found['free']).toBeGreaterThanOrEqual(300 + 4 * 300)
    expect(found['free']).toBeLessThanOrEqual(calls['free'] ?? 0)
    const rows = process.latency?.sizes ?? []
    const row = (name: string, upTo: number | null) => rows.find((e) => e.entry === name && e.upToBytes === upTo)
    expect(row('malloc', 512)?.count).toBeGreaterThanOrEqual(4 * 300)
    expect(row('malloc', 4096)?.count).toBeGreaterThanOrEqual(300)
    expect(row('realloc', 4096)?.count).toBeGreaterThanOrEqual(300)
    expect(row('free', 512)).toMatchObject({ bySize: true })
  })

  test('of frees without live bytes not by size', async () => {
    const process = only(await timed(['calls', '50', '0', 'return']))
    const frees = process.latency?.sizes.filter(({ entry }) => entry === 'free')
    expect(frees).toMatchObject([{ bySize: false, upToBytes: null }])
    expect(process).toMatchObject({ liveBytes: null, netBytesSince: null, levels: ['counts', 'latency'] })
  })

  test('is one in so many of malloc as of free, which a fixed distance would not see', async () => {
    const process = only(await timed(['timed', '400000', '40'], { levels: ['latency'], latencyEvery: 10 }))
    const found = counts(process)
    expect(process.latency?.every).toBe(10)
    for (const name of ['malloc', 'free']) {
      // Of 400,000 calls 40,000, with a standard deviation of some 115.
      expect(found[name]).toBeGreaterThan(39_200)
      expect(found[name]).toBeLessThan(40_800)
    }
    expect(process.total.entries.malloc?.calls).toBeGreaterThanOrEqual(400_000)
  })

  test('has a file of its own in a forked child, and is whole after SIGKILL', async () => {
    const { probe } = await timed(['calls', '200', '0', 'fork'])
    const [parent, child] = probe?.processes ?? []
    expect(counts(parent as ProbeProcess)['calloc']).toBe(200)
    expect(counts(child as ProbeProcess)).toMatchObject({ free: 200 })
    expect(counts(child as ProbeProcess)['calloc']).toBeUndefined()
    const killed = await timed(['calls', '200', '0', 'kill'])
    expect(killed.signal).toBe('SIGKILL')
    expect(counts(killed.probe?.processes[0] as ProbeProcess)).toMatchObject({ calloc: 200, realloc: 200 })
    expect(probe?.latency?.entries.find(({ entry }) => entry === 'free')?.count).toBe(
      [parent, child].reduce((sum, each) => sum + (counts(each as ProbeProcess)['free'] ?? 0), 0),
    )
  })

  // Files of so many KiB: room for the first of the two only, and for the second without a page to write to.
  test.each([24, 28])('without room a program runs on, and that is said, with files of %i KiB', async (kib) => {
    const { exitCode, probe } = await timed(['bash', '-c', `ulimit -f ${kib}; exec ${built['timed']} 1000 40`])
    const process = probe?.processes.at(-1)
    expect(exitCode).toBe(0)
    expect(process?.total.entries.malloc?.calls).toBeGreaterThanOrEqual(1000)
    if (kib === 24) {
      expect(process?.latency).toBeNull()
      expect(probe?.unreadable.join()).toMatch(/\.latency: could not be made/)
    } else {
      expect(process?.latency).toMatchObject({ entries: [], lostThreads: 0 })
      expect(process?.latency?.lostCalls).toBeGreaterThanOrEqual(2000)
    }
  })
})

describe('histograms', () => {
  const of = (...ticks: [bucket: number, count: number][]): LatencyHistogram => {
    const counts = new Float64Array(496)
    for (const [bucket, count] of ticks) counts[bucket] = count
    const maxTicks = Math.max(0, ...ticks.map(([bucket]) => latencyBucketLow(bucket)))
    return { nsPerTick: 0.5, counts, sumTicks: 0, maxTicks }
  }

  test('are joined, and taken off each other', () => {
    const [a, b] = [of([10, 5], [40, 1]), of([10, 2], [80, 1])]
    const both = mergeLatency(a, b)
    expect([latencyCount(both), both.counts[10], both.maxTicks]).toEqual([9, 7, latencyBucketLow(80)])
    const back = subtractLatency(both, a)
    expect([latencyCount(back), back.counts[40], back.counts[80]]).toEqual([3, 0, 1])
    expect(latencyPercentile(back, 1)).toBe(latencyBucketLow(80) / 2)
    // The longest of all came before: what is known of the rest is the end of its bucket.
    const rest = subtractLatency(both, b)
    expect(rest.maxTicks).toBe(latencyBucketLow(41) - 1)
    expect(latencyPercentile(of(), 0.5)).toBeNull()
  })

  test('of other clocks are joined by time', () => {
    const slow = { ...of([80, 1]), nsPerTick: 2 }
    const joined = mergeLatency(of(), slow)
    const ns = latencyPercentile(joined, 0.5) ?? 0
    expect(ns / (latencyBucketLow(80) * 2)).toBeGreaterThan(0.99)
    expect(joined.counts.findIndex((count) => count > 0)).toBe(80 + 2 * 8)
  })
})

test('a file is hostile input', async () => {
  const session = join(mkdtempSync(join(folder.path, 'hostile-')), 'session')
  await timed(['calls', '50', '2', 'return'], 'latency', { sessionDirectory: session })
  const name = readdirSync(session).find((each) => each.endsWith('.latency')) ?? ''
  const bytes = readFileSync(join(session, name))
  const whole = bytes.subarray(0, 20480 + 4096 * bytes.readUInt32LE(20))
  const file = join(folder.path, 'hostile.latency')
  const read = (content: Buffer) => {
    writeFileSync(file, content)
    return readLatency(file)
  }
  expect(read(whole).histograms.length).toBeGreaterThan(3)
  for (let length = 0; length < whole.length; length += length < 200 ? 1 : 1999) {
    expect(() => read(whole.subarray(0, length))).toThrow(/ at offset \d+$/)
  }
  let state = 4711
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
  let refused = 0
  for (let round = 0; round < 400; round++) {
    const changed = Buffer.from(whole)
    for (let change = 0; change <= round % 8; change++) {
      // The header, the table of threads, the first thread's page, all.
      const [from, size] = [
        [0, 120],
        [4096, 64],
        [20480, 832],
        [0, whole.length],
      ][round % 4] as [number, number]
      changed[from + random(size)] = random(256)
    }
    try {
      expect(read(changed).histograms.length).toBeLessThanOrEqual(15 * 8)
    } catch (error) {
      refused++
      expect(String(error)).toMatch(/ at offset \d+$/)
    }
  }
  expect(refused).toBeGreaterThan(20)
})
