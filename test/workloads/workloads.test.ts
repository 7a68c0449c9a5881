/**
 * Every workload under every built-in heap and libc's: it ends well, prints what the schema says, and does the same
 * whatever the heap. Small ones; whether they tell heaps apart is measured, in native/workloads/README.md.
 */

import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { root, textOf } from '../repo/tree.ts'
import { heapEnvironment, testHeaps } from '../support/heaps.ts'
import { schemaProblems } from '../support/schema.ts'

const run = promisify(execFile)
const folder = join(process.env['ALLOC8_NATIVE_DIR'] || `${root}build/Release`, 'workloads')

const list = JSON.parse(textOf('native/sources.json')) as { products: Record<string, { kind: string }> }
const workloads = Object.keys(list.products).filter((name) => list.products[name]?.kind === 'workload')
const heaps = testHeaps().filter(({ kind }) => kind !== 'found')

interface Report {
  workload: string
  threads: number
  size: number
  seed: string
  operations: number
  seconds: number
  operationsPerSecond: number
  latencyNs: Record<'samples' | 'p50' | 'p90' | 'p99' | 'p999' | 'max', number | null>
  liveBytes: { peak: number; end: number }
  rssBytes: { peak: number; end: number } | null
  checksum: string
}

/** Few of what takes long; of larson more than a round of each thread, of the others more than a batch. */
const operationsOf = (name: string) =>
  /false|big|churn|realloc/.test(name) ? 60 : name === 'larson' ? 330_000 : 60_000

/** Runs a workload under a heap; `wrapped` is a command in front of it. */
async function outputOf(name: string, args: readonly string[], heap = heaps[0], wrapped: readonly string[] = []) {
  const command = [...wrapped, join(folder, name), ...args]
  const env = heap === undefined ? process.env : heapEnvironment(heap, [], [])
  try {
    const { stdout, stderr } = await run(command[0] as string, command.slice(1), { env, timeout: 300_000 })
    return { status: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | null; stdout: string; stderr: string }
    return { status: code, stdout, stderr }
  }
}

async function reportOf(name: string, args: readonly string[], heap = heaps[0]): Promise<Report> {
  const { status, stdout, stderr } = await outputOf(name, args, heap)
  expect({ name, heap: heap?.name, status, stderr }).toEqual({ name, heap: heap?.name, status: 0, stderr: '' })
  expect(stdout.endsWith('}\n') && stdout.trim().split('\n').length === 1, stdout).toBe(true)
  const report = JSON.parse(stdout) as Report
  expect(schemaProblems('workload', report)).toEqual([])
  return report
}

test('there are workloads and heaps', () => {
  expect(workloads.length).toBeGreaterThan(10)
  expect(readdirSync(folder).sort()).toEqual(workloads.sort())
  expect(heaps.map(({ name }) => name)).toEqual(['default', 'simple', 'multiarena', 'arena', 'hoard'])
  for (const { missing } of heaps) expect(missing).toBeNull()
})

describe.each(workloads)('%s', (name) => {
  const small = ['--operations', String(operationsOf(name))]

  test('reports, and does the same under every heap', async () => {
    const checksums = new Set<string>()
    for (const heap of heaps) {
      const report = await reportOf(name, [...small, '--threads', '3', '--seed', '7'], heap)
      expect(report).toMatchObject({ workload: name, threads: 3, seed: '7' })
      const { operations, seconds, operationsPerSecond: rate, latencyNs: ns, liveBytes: live, rssBytes: rss } = report
      // A pair of threads halves them, and rounds.
      expect(operations).toBeGreaterThan(operationsOf(name) - 4)
      expect(operations).toBeLessThanOrEqual(operationsOf(name))
      expect(rate).toBeCloseTo(operations / seconds, -Math.log10(rate / 100))
      expect(ns.samples).toBeGreaterThan(0)
      expect(ns.samples).toBeLessThanOrEqual(operations)
      const rising = [0, ns.p50, ns.p90, ns.p99, ns.p999, ns.max] as number[]
      expect([...rising].sort((a, b) => a - b)).toEqual(rising)
      expect(live.peak).toBeGreaterThanOrEqual(live.end)
      expect(live.peak).toBeGreaterThan(0)
      // What a workload says to have written to is in memory.
      if (live.peak > 1 << 20) expect(rss?.peak).toBeGreaterThan(live.peak * 0.9)
      checksums.add(report.checksum)
    }
    expect([...checksums]).toHaveLength(1)
  })

  test('does something else with another seed, size or number of threads', async () => {
    // Few operations see nothing of a size that they do not come to.
    const size = /graph|realloc/.test(name) ? '40' : '70001'
    const given: string[][] = [[], ['--seed', '2'], ['--size', size], ['--threads', '5']]
    const reports = await Promise.all(given.map((args) => reportOf(name, ['--threads', '2', ...small, ...args])))
    expect(new Set(reports.map(({ checksum }) => checksum)).size).toBe(given.length)
  })

  test('takes one thread and many', async () => {
    for (const threads of [1, 37]) {
      const report = await reportOf(name, [...small, '--threads', String(threads)])
      expect(report.threads).toBe(threads)
      expect(report.operations).toBeGreaterThan(operationsOf(name) - 4)
    }
  })

  test('does nothing where it is to do nothing', async () => {
    const report = await reportOf(name, ['--operations', '0'])
    expect(report).toMatchObject({ operations: 0, operationsPerSecond: 0 })
    expect(report.latencyNs).toMatchObject({ samples: 0, p50: null, max: null })
  })

  test('explains itself', async () => {
    const { status, stdout, stderr } = await outputOf(name, ['--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.startsWith(`${name}: `)).toBe(true)
    for (const option of ['--threads N', '--size N', '--operations N', '--seed N'])
      expect(stdout).toMatch(new RegExp(`${option} .*\\(\\d+\\)$`, 'm'))
  })

  test.each([
    [['--threads', '0'], '--threads: expected a whole number from 1 to 1024, got "0"'],
    [['--threads', '1025'], '--threads: expected a whole number from 1 to 1024, got "1025"'],
    [['--size', '99999999999999999999999'], 'to 4294967295, got "99999999999999999999999"'],
    [['--size', '4294967296'], 'to 4294967295, got "4294967296"'],
    [['--size', '0'], 'to 4294967295, got "0"'],
    [['--operations', '1e6'], '--operations: expected a whole number from 0 to 9007199254740992, got "1e6"'],
    [['--operations', '-1'], '--operations: expected a whole number from 0 to 9007199254740992, got "-1"'],
    [['--seed', ''], '--seed: expected a whole number from 0 to 18446744073709551615, got ""'],
    [['--seed'], '--seed: expected a value, got nothing'],
    [['--speed', '1'], 'no such option or argument: "--speed"'],
    [['1000'], 'no such option or argument: "1000"'],
  ])('refuses %j', async (args, message) => {
    const { status, stdout, stderr } = await outputOf(name, args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^${name}: .*\nTry ${name} --help\\.\n$`))
    expect(stderr).toContain(message)
  })

  test('ends with a message where there is no memory', async () => {
    const limited = ['sh', '-c', 'ulimit -v 200000; exec "$@"', 'sh']
    // Blocks, tables or live bytes of that size are more than there is.
    const args = ['--size', '4000000000', '--operations', '60000000', '--threads', '1']
    // Those that come there in many small steps take their time.
    for (const heap of /strings|realloc/.test(name) ? heaps.slice(0, 1) : heaps) {
      const { status, stdout, stderr } = await outputOf(name, args, heap, limited)
      expect({ heap: heap.name, status, stdout }).toEqual({ heap: heap.name, status: 1, stdout: '' })
      expect(stderr).toMatch(new RegExp(`^${name}: out of memory: \\S+( \\S+)? gave (none|no \\d+ bytes)\n$`))
    }
  })
})
