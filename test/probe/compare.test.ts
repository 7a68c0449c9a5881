/** Comparisons with the probe in front of every heap: what it counts are metrics like others. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compare } from '../../lib/api/compare.ts'
import { compareSuite } from '../../lib/api/suite.ts'
import { probeMetricNames } from '../../lib/compare/index.ts'
import type { CompareResult, ServiceWorkload } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { freePort, scratch } from '../support/launching.ts'
import { nodeLoad, nodeServer } from '../support/serving.ts'

const folder = scratch()
afterAll(folder.remove)

let program = ''
beforeAll(async () => {
  // Of 4100 bytes glibc gives 4104; hoard's next size class is larger by far.
  const source = `
    #include <stdlib.h>
    int main(void) {
      static char* volatile kept[1000];
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) kept[i] = malloc(4100);
        for (int i = 0; i < 1000; i++) free(kept[i]);
      }
      return 0;
    }`
  program = await compile(folder.path, { name: 'sized', source })
})

const cellOf = (result: CompareResult, metric: string, heap: string) =>
  result.cells.find((cell) => cell.metric === metric && cell.heap === heap) ?? expect.fail(`no ${metric} of ${heap}`)
const codes = ({ warnings }: CompareResult) => warnings.map(({ code }) => code)
const few = { blocks: 6, warmupBlocks: 0, heaps: ['system', 'simple'], seed: 7 }

test('a heap with larger size classes wastes more, and its program asks for the same', async () => {
  const result = await compare({ command: [program], probe: 'live', metrics: ['cpu'], ...few })
  expect([...new Set(result.cells.map(({ metric }) => metric))]).toEqual([
    ...['cpu', 'peak-live', 'allocations', 'allocated', 'waste'],
  ])
  const [plain, large] = [cellOf(result, 'waste', 'system'), cellOf(result, 'waste', 'simple')]
  for (const waste of plain.runs) expect(waste).toBeCloseTo(4104 / 4100, 2)
  for (const waste of large.runs) expect(waste).toBeGreaterThan(1.2)
  expect(large).toMatchObject({ verdict: 'worse', higherIsBetter: false })
  expect(cellOf(result, 'peak-live', 'simple').verdict).toBe('worse')
  for (const run of cellOf(result, 'peak-live', 'system').runs) expect(run).toBeGreaterThan(4_000_000)
  for (const heap of few.heaps) {
    expect(cellOf(result, 'allocations', heap).runs.every((run) => (run ?? 0) >= 3000)).toBe(true)
    expect(cellOf(result, 'allocated', heap).runs.every((run) => (run ?? 0) >= 3000 * 4100)).toBe(true)
  }
  expect(codes(result)).toContain('probed')
})

test('a metric of the probe is enough to have it, and alone it is no warning', async () => {
  const result = await compare({ command: [program], metrics: ['peak-live'], ...few, blocks: 1 })
  expect(result.cells.map(({ metric }) => metric)).toEqual(['peak-live', 'peak-live'])
  expect(cellOf(result, 'peak-live', 'system').runs[0]).toBeGreaterThan(4_000_000)
  expect(codes(result)).not.toContain('probed')
})

test('a suite says it for all its workloads', async () => {
  const config = { heaps: ['system'], workloads: [{ name: 'sized', command: [program] }], probe: ['counts'] as const }
  const result = await compareSuite({ ...config, metrics: ['wall'], blocks: 1 }, { folder: folder.path })
  expect(result.cells.map(({ metric }) => metric)).toEqual(['wall', 'allocations', 'allocated'])
  expect(result.cells[1]?.runs[0]).toBeGreaterThanOrEqual(3000)
  expect(codes(result)).toContain('probed')
})

test('latency: a heap that is slow in some calls has those percentiles worse, and the others not', async () => {
  const source = readFileSync(join(import.meta.dirname, 'slow-heap.c'), 'utf8')
  const slow = await compile(folder.path, { name: 'libslow-heap.so', source, flags: ['-shared', '-fPIC'] })
  const command = [await compile(folder.path, { name: 'some-large', source: someLarge })]
  const heaps = ['system', slow]
  const result = await compare({ ...few, command, heaps, probe: 'latency', metrics: ['alloc-p99'], threshold: 0.5 })
  expect([...new Set(result.cells.map(({ metric }) => metric))]).toEqual([
    ...['alloc-p99', 'allocations', 'allocated', 'alloc-p50', 'alloc-p99.9', 'free-p50', 'free-p99', 'free-p99.9'],
  ])
  // Of 20 calls one takes 100 us, of 1000 one takes 1 ms.
  expect(cellOf(result, 'alloc-p99', slow)).toMatchObject({ verdict: 'worse', unit: 'ns', higherIsBetter: false })
  for (const run of cellOf(result, 'alloc-p99', slow).runs) expect(run).toBeGreaterThan(90_000)
  for (const [at, run] of cellOf(result, 'alloc-p50', slow).runs.entries())
    expect(run).toBeLessThan((cellOf(result, 'alloc-p99', slow).runs[at] ?? 0) / 2)
  expect(codes(result)).not.toContain('probed')
})

/** Allocates 100 bytes 19 times, then 20 000, and so on. */
const someLarge = `
  #include <stdlib.h>
  int main(void) {
    for (int i = 0; i < 20000; i++) {
      void* volatile block = malloc(i % 20 == 19 ? 20000 : 100);
      free(block);
    }
    return 0;
  }`

test('a service is probed as commands are: in the server alone', async () => {
  const port = await freePort()
  const service = {
    name: 'web',
    server: nodeServer(port, { kept: 50_000 }),
    ready: { port },
    load: nodeLoad(port, 100),
  }
  const sized = { name: 'sized', command: [program] }
  const suite = { heaps: ['system', 'simple'], workloads: [{ ...service, settleMs: 10 }, sized] }
  const probe = ['live', 'latency'] as const
  const result = await compareSuite(
    { ...suite, probe, metrics: ['cpu'], blocks: 1, warmupBlocks: 0 },
    { folder: folder.path },
  )
  const web = result.cells.filter(({ workload }) => workload === 'web')
  expect([...new Set(web.map(({ metric }) => metric))]).toEqual(['cpu', ...probeMetricNames])
  for (const { metric, runs, failures } of web) {
    expect([metric, runs.length, failures]).toEqual([metric, 1, []])
    expect(runs[0], metric).toBeGreaterThan(0)
  }
  const peaks = web.filter(({ metric }) => metric === 'peak-live')
  for (const { runs } of peaks) expect(runs[0]).toBeGreaterThan(100 * 50_000)
  expect(codes(result)).toContain('probed')
  const own = { ...suite.workloads[0], metrics: ['waste'] } as ServiceWorkload
  const alone = await compareSuite(
    { ...suite, workloads: [own], heaps: ['system'], blocks: 1, warmupBlocks: 0 },
    { folder: folder.path },
  )
  expect(alone.cells.map(({ metric }) => metric)).toEqual(['waste'])
  expect(alone.cells[0]?.runs[0]).toBeGreaterThan(1)
})

test('without it nothing is counted', async () => {
  const result = await compare({ command: [join('/bin', 'true')], metrics: ['wall'], ...few, blocks: 1 })
  expect(codes(result)).not.toContain('probed')
})
