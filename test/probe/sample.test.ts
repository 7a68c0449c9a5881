/**
 * Sampling on real programs. With a mean distance of one byte every allocation is a sample, so that sums must agree to the
 * last byte with what the probe counts; with larger ones the estimates must cover it. Stacks of many kinds are followed to
 * their start, and nothing that a stack leads to ends the program.
 */

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../lib/api/run.ts'
import type { RawSamples, RawSite } from '../../lib/binding/native.ts'
import { readAllSamples, readSamples } from '../../lib/session/samples.ts'
import type { ProbeProcess, RunResult } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { testHeaps } from '../support/heaps.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const source = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8')
let calls = ''
let stacks = ''
beforeAll(async () => {
  const flags = ['-fno-builtin', '-pthread']
  calls = await compile(folder.path, { name: 'calls', language: 'c', source: source('calls.c'), flags })
  stacks = await compile(folder.path, {
    name: 'stacks',
    language: 'c',
    source: source('stacks.c'),
    flags: ['-O2', '-pthread'],
  })
})

let sessions = 0
interface Sampled {
  result: RunResult
  samples: RawSamples[]
  session: string
}

/** Runs a program with all that it allocates counted, and a sample at every so many bytes. */
async function sampled(command: string[], sampleBytes: number, heap = 'hoard'): Promise<Sampled> {
  const session = join(folder.path, `session-${sessions++}`)
  const result = await run({
    command,
    heap,
    probe: { levels: ['live', 'sample'], sampleBytes },
    sessionDirectory: session,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const { samples, unreadable } = readAllSamples(session)
  expect([unreadable, result.probe?.unreadable]).toEqual([[], []])
  return { result, samples, session }
}

const sum = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((all, one) => all + of(one), 0)
const processOf = ({ result }: Sampled) => result.probe?.processes[0] as ProbeProcess
const sitesOf = ({ samples }: Sampled) => samples.flatMap(({ sites }) => sites)
const givenBytes = ({ total }: ProbeProcess) => sum(total.sizes, (size) => size.givenBytes)
const givenBlocks = ({ total }: ProbeProcess) => sum(total.sizes, (size) => size.givenBlocks)

describe('where every allocation is a sample, the sums are exact', () => {
  for (const heap of testHeaps().filter(({ missing }) => missing === null)) {
    const spec = heap.kind === 'found' ? (heap.library as string) : heap.name
    test(`under ${heap.name}, in three threads`, async () => {
      const one = await sampled([calls, '300', '3', 'return'], 1, spec)
      const process = processOf(one)
      const sites = sitesOf(one)
      expect(sum(one.samples, ({ lostSamples }) => lostSamples)).toBe(0)
      // A thread's first allocation begins its distances, and what the sampler itself makes the heap ask for is left out.
      const missed = givenBlocks(process) - sum(sites, ({ samples }) => samples)
      // What a heap allocates when it is asked for a usable size is sampled, but of no size that is known.
      expect(Math.abs(missed)).toBeLessThanOrEqual(12)
      expect(sum(sites, ({ blocks }) => blocks)).toBeCloseTo(
        sum(sites, ({ samples }) => samples),
        6,
      )
      const liveMissed = (process.liveBlocks ?? Number.NaN) - sum(sites, ({ liveSamples }) => liveSamples)
      expect(Math.abs(liveMissed)).toBeLessThanOrEqual(12)
      const ofProgram = sites.filter(({ bytes, samples }) => samples >= 300 && bytes / samples >= 3000)
      expect(sum(ofProgram, ({ liveBlocks }) => liveBlocks)).toBe(300)
      expect(sum(sites, ({ bytesVariance }) => bytesVariance)).toBe(0)
    })
  }
})

test.each([512, 16384])('a sample at every %i bytes estimates what was allocated and what is live', async (mean) => {
  const one = await sampled([calls, '20000', '2', 'return'], mean)
  const process = processOf(one)
  const sites = sitesOf(one)
  // Five standard deviations: wrong once in two million.
  const within = 5 * Math.sqrt(sum(sites, ({ bytesVariance }) => bytesVariance))
  const exact = givenBytes(process)
  expect(within).toBeLessThan(exact * 0.3)
  expect(Math.abs(sum(sites, ({ bytes }) => bytes) - exact)).toBeLessThan(within)
  const liveWithin = 5 * Math.sqrt(sum(sites, ({ liveBytesVariance }) => liveBytesVariance))
  expect(liveWithin).toBeGreaterThan(0)
  expect(Math.abs(sum(sites, ({ liveBytes }) => liveBytes) - (process.liveBytes ?? Number.NaN))).toBeLessThan(
    liveWithin,
  )
})

/** Where a program's functions stand in its file. */
function functionsOf(program: string): { name: string; from: bigint; to: bigint }[] {
  const lines = execFileSync('nm', ['-S', program], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, from, size, name] = /^([0-9a-f]+) ([0-9a-f]+) [tT] (\S+)$/.exec(line) ?? []
    if (from === undefined || size === undefined || name === undefined) return []
    return [{ name, from: BigInt(`0x${from}`), to: BigInt(`0x${from}`) + BigInt(`0x${size}`) }]
  })
}

/** The names of a stack's functions that are the program's own, the allocation's caller first. */
function namesOf({ frames }: RawSite, { modules }: RawSamples, program: string): string[] {
  const functions = functionsOf(program)
  return [...frames].flatMap((frame) => {
    const module = modules[Number(frame >> 48n) - 1]
    if (module?.path !== program) return []
    const place = (frame & ((1n << 48n) - 1n)) - 1n
    const found = functions.find(({ from, to }) => place >= from && place < to)
    return found === undefined ? [] : [found.name]
  })
}

describe('stacks', () => {
  let one: Sampled
  let found: Map<string, { site: RawSite; names: string[] }>
  beforeAll(async () => {
    one = await sampled([stacks], 1)
    const [samples] = one.samples
    if (samples === undefined) throw new Error('no samples')
    const ofProgram = samples.sites.filter(({ samples: count, bytes }) => count === 50 && bytes >= 50 * 1000)
    found = new Map(
      ofProgram.map((site) => [
        namesOf(site, samples, stacks)[0] ?? '',
        { site, names: namesOf(site, samples, stacks) },
      ]),
    )
  })

  test.each([
    ['plain_frame', ['plain_frame', 'main', '_start']],
    ['aligned_frame', ['aligned_frame', 'main', '_start']],
    ['handler_frame', ['handler_frame', 'raise_signal', 'main', '_start']],
    ['coroutine_frame', ['coroutine_frame']],
    ['compare', ['compare', 'callback_frame', 'main', '_start']],
    ['thread_frame', ['thread_frame']],
  ])('of %s lead to their start', (name, names) => {
    expect(one.result.exitCode).toBe(0)
    expect(found.get(name)?.names).toEqual(names)
    expect(found.get(name)?.site.complete).toBe(true)
  })

  test('that are too deep have their first 256 frames', () => {
    const { site, names } = found.get('deep_frame') as { site: RawSite; names: string[] }
    expect([site.frames.length, site.complete, new Set(names)]).toEqual([256, false, new Set(['deep_frame'])])
  })

  test('name their threads, and who frees what another has allocated is seen', () => {
    const [samples] = one.samples
    const thread = found.get('thread_frame')?.site.thread ?? 0
    expect(samples?.threads[thread]?.name).toBe('worker')
    expect(found.get('plain_frame')?.site).toMatchObject({ liveSamples: 0, freedElsewhereBlocks: 50 })
    expect(sum(found.get('plain_frame')?.site.lifetimes ?? [], (blocks) => blocks)).toBe(50)
    expect(found.get('aligned_frame')?.site).toMatchObject({ liveSamples: 50, freedElsewhereBlocks: 0 })
  })

  test.each([
    [
      'with frame pointers alone',
      ['-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-fno-omit-frame-pointer'],
      0.85,
    ],
    ['with nothing to follow them by', ['-fno-asynchronous-unwind-tables', '-fno-unwind-tables'], 0],
  ])('%s end no program', async (_, flags, complete) => {
    const name = `stacks${flags.length}`
    const program = await compile(folder.path, {
      name,
      language: 'c',
      source: source('stacks.c'),
      flags: ['-O2', '-pthread', ...flags],
    })
    const other = await sampled([program], 1)
    expect(other.result.exitCode).toBe(0)
    const all = sum(sitesOf(other), ({ samples }) => samples)
    expect(all).toBeGreaterThan(350)
    expect(
      sum(
        sitesOf(other).filter((site) => site.complete),
        ({ samples }) => samples,
      ) / all,
    ).toBeGreaterThanOrEqual(complete)
  })

  test('of node reach main, through code made at run time', async () => {
    const script =
      'const keep = []; for (let i = 0; i < 3000; i++) keep.push(Buffer.alloc(20000)); console.log(keep.length)'
    const other = await sampled([process.execPath, '-e', script], 65536, 'system')
    const sites = sitesOf(other)
    const all = sum(sites, ({ samples }) => samples)
    expect(all).toBeGreaterThan(500)
    expect(
      sum(
        sites.filter((site) => site.complete),
        ({ samples }) => samples,
      ) / all,
    ).toBeGreaterThan(0.9)
    expect(sites.some(({ frames }) => [...frames].some((frame) => frame >> 48n === 0n))).toBe(true)
  })
})

test('a forked child has samples of its own', async () => {
  const { samples, result } = await sampled([calls, '200', '0', 'fork'], 1)
  expect(result.probe?.processes).toHaveLength(2)
  for (const { pid, ppid } of samples) {
    expect(result.probe?.processes).toContainEqual(expect.objectContaining({ pid, ppid }))
  }
})

test('without room for its file a program runs as without samples', async () => {
  const { result, samples } = await sampled(['sh', '-c', `ulimit -f 8; ${calls} 2000 2 return`], 64)
  // The shell's own.
  expect([result.exitCode, samples.length]).toEqual([0, 1])
})

describe('a file is hostile input', () => {
  let whole = Buffer.alloc(0)
  let file = ''
  let used = 0
  beforeAll(async () => {
    const { session } = await sampled([calls, '50', '1', 'return'], 16)
    const name = execFileSync('ls', [session], { encoding: 'utf8' })
      .split('\n')
      .find((each) => each.endsWith('.samples'))
    whole = readFileSync(join(session, name ?? ''))
    const at = 4096 + 1024 * 512 + 1024 * 32 + 16384 * 280
    used = at + 8 * whole.readUInt32LE(36)
    file = join(folder.path, 'hostile.samples')
  })
  const read = (bytes: Buffer) => {
    writeFileSync(file, bytes)
    return readSamples(file)
  }

  test('cut short anywhere it is an error with an offset', () => {
    expect(read(whole.subarray(0, used)).sites.length).toBeGreaterThan(2)
    const lengths = [0, 1, 100, 4095, 4096, 5000, 528_000, 561_151, 561_152, 561_500, 562_000, used - 8, used - 1]
    for (const length of lengths) expect(() => read(whole.subarray(0, length)), `${length}`).toThrow(/ at offset \d+$/)
  })

  test('with bytes changed at random it is read or refused, never a crash', () => {
    let state = 4711
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    let refused = 0
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(whole.subarray(0, used))
      for (let change = 0; change < 6; change++) {
        const [from, length] = [
          [0, 120],
          [4096, 2000],
          [528_384, 200],
          [561_152, 3000],
          [used - 800, 800],
        ][round % 5] as [number, number]
        bytes[from + random(length)] = random(256)
      }
      try {
        expect(read(bytes).sites.length).toBeLessThanOrEqual(16384)
      } catch (error) {
        refused++
        expect(String(error)).toMatch(/ at offset \d+$/)
      }
    }
    expect(refused).toBeGreaterThan(20)
  })
})
