/**
 * `compare()` on real programs under every heap: node, a redis-server under load, the demo. What is asserted is that
 * every run gives numbers and has its heap; which heap is better is for the machine to say.
 */

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type CompareOptions, compare } from '../../lib/api/compare.ts'
import { listHeaps } from '../../lib/heaps/index.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { schemaProblems } from '../support/schema.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const nodeScript = `
const all = new Map()
for (let i = 0; i < 60000; i++) all.set(i % 5000, JSON.parse(JSON.stringify({ i, text: 'x'.repeat(i % 200), list: [i, i] })))
const buffers = Array.from({ length: 400 }, (_, i) => Buffer.from('y'.repeat(i * 37)))
console.log('sum: ' + buffers.reduce((sum, each) => sum + each.length, all.size))
`

async function compareAll(options: Partial<CompareOptions> & { command: string[] }) {
  const { heaps } = await listHeaps()
  const names = heaps.map(({ name }) => name).filter((name) => !['default', 'arena'].includes(name))
  const result = await compare({ blocks: 1, warmupBlocks: 0, cwd: root, timeoutMs: 300_000, ...options })
  expect(schemaProblems('compare', JSON.parse(JSON.stringify(result)))).toEqual([])
  expect(result.heaps.map(({ spec }) => spec).filter((spec) => spec !== 'default')).toEqual(names)
  for (const { spec, state, reasons } of result.heaps) expect([spec, state, reasons]).toEqual([spec, 'active', []])
  for (const { heap, metric, runs, failures } of result.cells) {
    expect(failures, `${metric} under ${heap}`).toEqual([])
    expect(runs[0], `${metric} under ${heap}`).toBeGreaterThan(metric === 'sys' ? -1 : 0)
  }
  return result
}

it('node', async () => {
  const metrics = ['wall', 'cpu', 'peak-rss', 'faults', 'sum=/sum: (\\d+)/']
  const { cells } = await compareAll({ command: [process.execPath, '-e', nodeScript], metrics })
  const sums = cells.filter(({ metric }) => metric === 'sum').map(({ runs }) => runs[0])
  // A number that the program prints is the same whatever the heap.
  expect(new Set(sums).size).toBe(1)
})

it('redis-server under load', async ({ skip }) => {
  requireOrSkip(skip, lackingTool('redis-server', 'redis-server'))
  await compareAll({
    command: ['examples/redis/redis.sh', '2000'],
    metrics: ['peak-rss', 'rps=/SET: ([\\d.]+)/'],
    higherIsBetter: ['rps'],
  })
})

it('the demo', async () => {
  const command = [process.execPath, 'examples/thumbnails/thumbnails.mjs', '6', '2']
  await compareAll({ command, metrics: ['peak-rss', 'rate=/images per second: ([\\d.]+)/'], higherIsBetter: ['rate'] })
})
