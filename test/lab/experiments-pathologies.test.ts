/**
 * The experiments on the classic pathologies under heaps of which it is known what they do: simple has one lock and one
 * set of spans for all threads, arena reuses nothing but a thread's last block, system is glibc.
 */

import { expect, test } from 'vitest'
import { experiments } from '../../lib/lab/experiments/index.ts'
import { runLab } from '../../lib/lab/run.ts'
import type { LabHeap } from '../../lib/types.ts'

async function underHeaps(name: string, heaps: readonly string[]): Promise<LabHeap[]> {
  const [result] = await runLab(
    experiments.filter((experiment) => experiment.name === name),
    heaps,
  )
  for (const { error } of result?.heaps ?? []) expect(error).toBeNull()
  return result?.heaps ?? []
}

function value(heap: LabHeap | undefined, fact: string): unknown {
  return heap?.facts.find(({ name }) => name === fact)?.value
}

function score(heap: LabHeap | undefined): number {
  const fact = heap?.facts.find(({ name }) => name === 'score')
  expect(fact?.unit).toBe('of 100')
  return Number(fact?.value)
}

test('false-sharing', async () => {
  const [simple, system] = await underHeaps('false-sharing', ['simple', 'system'])
  // Blocks of 16 bytes without anything between them, by turns: every line has all four threads.
  expect(value(simple, 'by turns, 16 B: lines with blocks')).toBe(64)
  expect(value(simple, 'by turns, 16 B: lines of several threads')).toBe(64)
  expect(score(simple)).toBe(0)
  expect(value(system, 'by turns, 16 B: lines of several threads')).toBe(0)
  expect(score(system)).toBeGreaterThan(80)
  const [matrix] = simple?.pictures ?? []
  if (matrix?.kind !== 'matrix') throw new Error('no matrix')
  expect(matrix.values).toHaveLength(4)
  for (const [a, row] of matrix.values.entries()) {
    expect(row).toHaveLength(4)
    for (const [b, lines] of row.entries()) {
      expect(lines).toBe(matrix.values[b]?.[a])
      expect(lines).toBeGreaterThan(0)
    }
  }
})

test('remote-free', async () => {
  const [simple, system, arena] = await underHeaps('remote-free', ['simple', 'system', 'arena'])
  const third = '1 KiB, freed by another thread: given again to a third thread'
  expect(value(simple, third)).toBe(100)
  expect(value(system, third)).toBe(0)
  // glibc's cache of a thread: the few blocks that it takes come from other threads' arenas as well.
  const other = 'given again to the other thread'
  expect(value(system, `64 B, freed by its own thread: ${other}`)).toBe(0)
  expect(value(system, `64 B, freed by another thread: ${other}`)).toBeGreaterThan(0)
  expect(score(simple)).toBe(100)
  expect(score(arena)).toBe(0)
  expect(arena?.pictures).toMatchObject([{ kind: 'matrix', unit: '%' }])
})

test('blowup', async () => {
  const [simple, arena] = await underHeaps('blowup', ['simple', 'arena'])
  expect(value(simple, 'producer and consumer: most held, over live')).toBeLessThan(1.5)
  expect(value(arena, 'producer and consumer: most held, over live')).toBeGreaterThan(20)
  expect(score(simple) - score(arena)).toBeGreaterThan(50)
  const [lines] = arena?.pictures ?? []
  if (lines?.kind !== 'lines') throw new Error('no lines')
  const [live, held] = lines.series
  expect(live?.points).toHaveLength(48)
  expect(live?.points.slice(0, 2)).toEqual([
    [0, 2 << 20],
    [1, 0],
  ])
  // What is held contains what is live, in a heap without a bound in every round more.
  for (const [x, bytes] of held?.points ?? []) expect(bytes).toBeGreaterThanOrEqual((x / 2) * (2 << 20))
})

test('fragmentation', async () => {
  const [simple, system] = await underHeaps('fragmentation', ['simple', 'system'])
  for (const heap of [simple, system]) {
    // The same sizes and the same order under every heap.
    expect(value(heap, 'live with all blocks')).toBe(8474979)
    expect(value(heap, 'held over live with all blocks')).toBeGreaterThanOrEqual(1)
    expect(value(heap, 'held over live after random frees')).toBeGreaterThan(1.5)
    expect(heap?.pictures.map(({ kind }) => kind)).toEqual(['bars', 'map', 'lines'])
    const [bars, map] = heap?.pictures ?? []
    if (bars?.kind !== 'bars' || map?.kind !== 'map') throw new Error('no bars, no map')
    const pages = bars.bars.reduce((sum, bar) => sum + bar.value, 0)
    expect(pages).toBe(value(heap, 'pages in which blocks lay'))
    const alive = map.blocks.filter(({ live }) => live).length
    expect(map.blocks.length).toBeGreaterThan(20)
    expect(alive).toBeLessThan(map.blocks.length / 2)
  }
  // A large block is a mapping of its own, and goes with it.
  expect(value(simple, 'large blocks: of them held after they were freed')).toBe(0)
})
