/**
 * One real file of each format and version, which every later reader must read as this one does: what a session of
 * `test/probe/calls.c` with `calls 100 1 return` left at the levels live, latency and sample (of 4096 bytes), each cut
 * behind what is in use, and a control page after three changes. A new version gets files of its own beside these.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { levelSpan, readControl } from '../../../lib/session/control.ts'
import { readLatency, toLatency } from '../../../lib/session/latency.ts'
import { readProbe, readProbes } from '../../../lib/session/probes.ts'
import { readSamples } from '../../../lib/session/samples.ts'
import { scratch } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const fixture = (name: string) =>
  gunzipSync(readFileSync(join(import.meta.dirname, '../../fixtures', `${name.replace('.', '-v1.')}.gz`)))
const session = join(folder.path, 'session')
const at = (name: string) => join(session, name)

beforeAll(() => {
  mkdirSync(session)
  for (const kind of ['probe', 'latency', 'samples']) writeFileSync(at(`13901-1.${kind}`), fixture(`${kind}.${kind}`))
})

/** What the program calls: 100 rounds in the main thread, 100 of malloc and free in another; libc has some of its own. */
const calls = { malloc: 200, calloc: 101, realloc: 100, memalign: 100, free: 202 }

describe('version 1 of', () => {
  test('the probe’s file', () => {
    const { total, threads, ...whole } = readProbe(at('13901-1.probe'))
    expect(whole).toEqual({
      pid: 13901,
      ppid: 13900,
      startNs: 79647308710587n,
      levels: ['counts', 'live', 'latency', 'sample'],
      startLevels: ['counts', 'live', 'latency', 'sample'],
      startLevelsNs: 79647308710587n,
      controlChanges: 0,
      hasLatency: true,
      latencyFailed: false,
      costPicoseconds: [2200, 1900, 36187, 2010],
      samplingNs: 426709,
      watchPicoseconds: 2100,
      forked: false,
      inherits: false,
      peakBytes: 264256,
      peakNs: 79647309895075n,
      liveBlocks: 201,
      liveBytes: 307528,
      threadsSeen: 2,
      lostThreads: 0,
      unrecorded: [],
      unrecordedCount: 0,
    })
    expect(Object.fromEntries(Object.entries(total.entries).map(([name, entry]) => [name, entry.calls]))).toEqual(calls)
    expect(total.entries.realloc).toEqual({ calls: 100, failures: 0, requestedBytes: 300_000 })
    expect([total.requestedBytes, total.sizes.length]).toEqual([426_688, 6])
    const large = { upToBytes: 3072, requests: 100, givenBlocks: 100, givenBytes: 300_000 }
    expect(total.sizes.at(-1)).toEqual({ ...large, takenBlocks: 0, takenBytes: 0 })
    expect(
      threads.map(({ thread, alive, beganNs, entries }) => [thread, alive, beganNs, entries.malloc?.calls]),
    ).toEqual([
      [13901, true, 79647308752149n, 100],
      [13902, false, 79647310426138n, 100],
    ])
  })

  test('the file of latencies', () => {
    const raw = readLatency(at('13901-1.latency'))
    const { histograms, nsPerTick, ...whole } = raw
    expect(whole).toEqual({ pid: 13901, every: 1, lostCalls: 0, lostThreads: 0 })
    // Of its own two readings: the reader’s clocks are not those that it was written by.
    expect(nsPerTick).toBeCloseTo(0.385196, 6)
    const latency = toLatency([raw])
    expect(latency?.entries.map(({ entry, count }) => [entry, count])).toEqual(Object.entries({ ...calls, free: 200 }))
    expect(histograms).toHaveLength(6)
    const malloc = latency?.entries.find(({ entry }) => entry === 'malloc')
    expect([malloc?.p50Ns, malloc?.p99Ns, malloc?.maxNs].map((ns) => Math.round(ns ?? 0))).toEqual([10, 29, 19359])
    expect(malloc?.meanNs).toBeCloseTo(106.158, 2)
    expect([latency?.allocating?.count, latency?.freeing?.count]).toEqual([501, 200])
  })

  test('the file of samples', () => {
    const { sites, modules, threads, lifetimeLimitsNs, ...whole } = readSamples(at('13901-1.samples'))
    expect(whole).toEqual({
      pid: 13901,
      ppid: 13900,
      startNs: 79647309027220n,
      sampleBytes: 4096,
      lostSamples: 0,
      lostBytes: 0,
      live: null,
    })
    expect([lifetimeLimitsNs.length, ...lifetimeLimitsNs.slice(0, 3)]).toEqual([19, 1000, 4000, 16_000])
    expect(modules[0]).toEqual({
      path: '/srv/golden/calls',
      buildId: '6cea2dcbca04384c0215b739b729031d0386ce18',
      bias: 93925092225024n,
    })
    expect(threads).toEqual([
      { thread: 0, name: '' },
      { thread: 13901, name: 'calls' },
      { thread: 13902, name: 'calls' },
    ])
    expect(
      sites.map(({ thread, samples, liveSamples, bytes, liveBytes }) => [
        thread,
        samples,
        liveSamples,
        bytes,
        liveBytes,
      ]),
    ).toEqual([
      [1, 52, 52, 300_404, 300_404],
      [1, 26, 0, 120_016, 0],
      [1, 3, 3, 13_932, 13_932],
      [1, 1, 0, 4312, 0],
      [2, 4, 0, 17_248, 0],
    ])
    const [first, second] = sites
    expect([...(first?.frames ?? [])]).toEqual([0x1000000001324n, 0x200000002724an, 0x2000000027305n, 0x1000000001171n])
    expect([first?.complete, first?.blocks, first?.bytesVariance]).toEqual([true, 100.140625, 834_297_984])
    expect(second?.lifetimes.slice(0, 4)).toEqual([41.51953125, 69.19921875, 9.2265625, 0])
  })

  test('the control page', () => {
    const other = join(folder.path, 'controlled')
    mkdirSync(other)
    writeFileSync(join(other, 'control'), fixture('control.control'))
    const control = readControl(other)
    expect(control).toEqual({
      levels: ['counts', 'live', 'sample'],
      changes: 3,
      history: [
        { number: 0, ns: 79647329280008n, levels: ['counts', 'latency'] },
        { number: 1, ns: 79647329653025n, levels: [] },
        { number: 2, ns: 79647329831181n, levels: ['counts', 'live', 'sample'] },
      ],
    })
    const start = { startLevels: ['counts', 'live'], startNs: 79647329000000n, changes: 0 } as const
    expect(levelSpan(control, 'live', start)).toEqual({ whole: false, since: 79647329000000n, gaps: 1 })
    expect(levelSpan(control, 'sample', start)).toEqual({ whole: false, since: 79647329831181n, gaps: 0 })
  })

  test('all of them, as a session: its levels were changed, and nothing is called live that was not counted all the time', () => {
    writeFileSync(at('control'), fixture('control.control'))
    const { processes, unreadable, latency } = readProbes(session, ['live', 'latency', 'sample'])
    expect([processes.length, unreadable, latency?.every]).toEqual([1, [], 1])
    const net = { netBlocksSince: 201, netBytesSince: 307_528, sinceNs: 0, gaps: 1 }
    expect(processes[0]).toMatchObject({
      levels: ['counts', 'live', 'sample'],
      liveBytes: null,
      peakBytes: null,
      ...net,
    })
  })
})
