/**
 * What a comparison says about differences that are known, on the machine at hand: `npm run test:long`, never CI. The
 * planted heaps are one heap with more or less work added to malloc (test/preload/planted/burning.h).
 *
 * Measured once, on two virtual cores that other work shared, each line with its interval at 95 %: 20 % more is worse
 * in 3 of 3 (1.21 to 1.23, low ends 1.19 and up); 3 % more is worse in 1 of 5 and inconclusive in 4 (1.02 to 1.04); the
 * same heap under two names is inconclusive in 20 of 20 (0.98 to 1.03).
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compare } from '../../lib/api/compare.ts'
import { nativeFile } from '../../lib/binding/native.ts'
import type { Cell } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { buildPlantedHeaps, plantedHeapFile } from '../support/planted-heaps.ts'

const folder = scratch()
afterAll(folder.remove)

const source = join(import.meta.dirname, '../preload/planted/churn.c')
let churn = ''
beforeAll(async () => {
  churn = await compile(folder.path, { name: 'churn', source: readFileSync(source, 'utf8'), flags: ['-O2'] })
  await buildPlantedHeaps(['burn0', 'burn20', 'burn3'])
}, 300_000)

/** Compares two heaps by CPU time on `churn`; gives the second one's cell. */
async function cpuCell(baseline: string, heap: string, blocks: number, seed: number, millions = 6): Promise<Cell> {
  const result = await compare({
    command: [churn, String(millions)],
    heaps: [baseline, heap],
    blocks,
    warmupBlocks: 1,
    metrics: ['cpu'],
    seed,
  })
  const cell = result.cells.at(-1) ?? expect.fail('no cell')
  expect(cell.failures).toEqual([])
  return cell
}

const show = ({ ratio, low, high, verdict }: Cell) =>
  `${verdict} ${ratio?.toFixed(3)} [${low?.toFixed(3)}, ${high?.toFixed(3)}]`

test('a heap that burns 20 % more is called worse', { timeout: 600_000 }, async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const cell = await cpuCell(plantedHeapFile('burn0'), plantedHeapFile('burn20'), 15, seed)
    console.log(`20 % more: ${show(cell)}`)
    expect(cell.verdict, show(cell)).toBe('worse')
  }
})

test('a heap that burns 3 % more is never called better or same', { timeout: 900_000 }, async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const cell = await cpuCell(plantedHeapFile('burn0'), plantedHeapFile('burn3'), 15, seed)
    console.log(`3 % more: ${show(cell)}`)
    expect(['worse', 'inconclusive'], show(cell)).toContain(cell.verdict)
  }
})

test('the same heap under two names is called different in at most 2 of 20', { timeout: 1_800_000 }, async () => {
  const cells: Cell[] = []
  const path = nativeFile('liballoc8-simple.so')
  for (let seed = 1; seed <= 20; seed++) cells.push(await cpuCell('simple', path, 10, seed, 3))
  const different = cells.filter(({ verdict }) => verdict === 'better' || verdict === 'worse')
  console.log(`same heap: ${cells.map(show).join('; ')}`)
  expect(different.length, different.map(show).join('; ')).toBeLessThanOrEqual(2)
})
