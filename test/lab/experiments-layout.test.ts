/**
 * inspector, layout-map, corruption-chain and fork-inherit on real heaps: facts that hold by how these heaps are built,
 * and that differ between them; and on heaps in which one thing is wrong (test/check/faults), which has to be seen.
 */

import { beforeAll, describe, expect, test } from 'vitest'
import type { Experiment, Facts } from '../../lib/lab/experiment.ts'
import corruptionChain from '../../lib/lab/experiments/corruption-chain.ts'
import forkInherit from '../../lib/lab/experiments/fork-inherit.ts'
import inspector from '../../lib/lab/experiments/inspector.ts'
import layoutMap from '../../lib/lab/experiments/layout-map.ts'
import { runLab } from '../../lib/lab/run.ts'
import type { LabHeap } from '../../lib/types.ts'
import { shownBy } from '../support/lab-facts.ts'
import { faultLibrary } from '../support/programs.ts'

async function observe(experiment: Experiment, heap: string, fault?: string): Promise<LabHeap> {
  const env = { ...process.env, ...(fault === undefined ? {} : { ALLOC8_FAULT: fault }) }
  const [result] = await runLab([experiment], [heap], { env })
  return result?.heaps[0] as LabHeap
}

describe('layout-map', () => {
  const found: Record<string, LabHeap> = {}
  const of = (heap: string): Facts => shownBy(found[heap])
  beforeAll(async () => {
    for (const heap of ['simple', 'arena', 'arena:shared=1', 'multiarena', 'system'])
      found[heap] = await observe(layoutMap, heap)
    found['keeps all'] = await observe(layoutMap, faultLibrary(), 'keeps-all')
  })

  test('one place for all threads, or one for each', () => {
    const stretch = 'in turn: largest stretch without small blocks of two threads'
    expect(of('simple').number(stretch)).toBeLessThan(64)
    expect(of('arena:shared=1').number(stretch)).toBeLessThan(64)
    expect(of('arena').number(stretch)).toBeGreaterThanOrEqual(1 << 20)
    expect(found['arena']?.meaning).toContain('a region of its own')
    expect(found['arena:shared=1']?.meaning).toContain('side by side')
  })

  test('spacing: boundary tags, headers, classes', () => {
    const step = (heap: string, size: string) => of(heap).number(`${size}: usual step to the next block`)
    expect([step('simple', '64 B'), step('simple', '24 B')]).toEqual([64, 32])
    expect([step('multiarena', '64 B'), step('multiarena', '24 B')]).toEqual([80, 32])
    expect([step('arena', '64 B'), step('arena', '24 B')]).toEqual([80, 48])
  })

  test('mappings, to the byte', () => {
    const least = 'smallest size from which every block brings its own memory'
    expect(of('simple').number(least)).toBe(32 * 1024 + 1)
    // 128 KiB with the chunk's eight bytes, rounded to sixteen.
    expect(of('multiarena').number(least)).toBe(128 * 1024 - 23)
    expect(of('multiarena').yes('smallest size still brings its own memory after that')).toBe(false)
    expect(of('simple').yes('smallest size still brings its own memory after that')).toBe(true)
    expect(of('keeps all').number('of these, sizes whose memory leaves when a block is freed')).toBe(0)
  })

  test('who gets freed memory', () => {
    const again = (heap: string) =>
      ['its thread, used again by that thread', 'its thread, used again by another'].map((who) =>
        of(heap).number(`64 B, freed by ${who}`),
      )
    expect(again('simple')).toEqual([64, 64])
    expect(again('keeps all')).toEqual([0, 0])
    // Nothing but what was freed last.
    expect(again('arena')).toEqual([1, 0])
    // glibc: a thread that frees keeps seven of a size for itself, and the rest goes home.
    expect(of('system').number('64 B, freed by another thread, used again by that one')).toBe(7)
    expect(of('system').number('64 B, freed by another thread, used again by the first')).toBe(57)
  })

  test('pictures', () => {
    expect(found['simple']?.pictures.map(({ kind }) => kind)).toEqual(['map', 'bars'])
  })
})

describe('corruption-chain', () => {
  const found: Record<string, LabHeap> = {}
  const of = (heap: string): Facts => shownBy(found[heap])
  beforeAll(async () => {
    for (const heap of ['simple', 'multiarena', 'arena']) found[heap] = await observe(corruptionChain, heap)
  })

  test('what is right goes by, under every heap', () => {
    for (const heap of Object.keys(found)) expect(of(heap).text('into the block: ends the process')).toBe('never')
  })

  test('blocks back to back: the other thread loses a byte, and no metadata', () => {
    expect(of('simple').number('1 byte past its end: blocks of the other thread that change')).toBe(1)
    expect(of('simple').number('1 byte past its end: bytes of no block that change')).toBe(0)
    expect(of('simple').text('1 byte past its end: ends the process')).toBe('never')
  })

  test('boundary tags: metadata changes, and the heap stops at the next free', () => {
    expect(of('multiarena').number('1 byte past its end: bytes of no block that change')).toBe(1)
    expect(of('multiarena').text('16 bytes past its end: ends the process')).toBe('when the block is freed')
    expect(of('multiarena').text('16 bytes past its end: how')).toBe('SIGABRT')
    expect(of('multiarena').text('16 bytes past its end: the heap says')).toContain('was overwritten')
  })

  test('a freed block: links that are followed', () => {
    expect(of('simple').text('into it once it is freed: how')).toBe('SIGSEGV')
    expect(of('multiarena').text('into it once it is freed: how')).toBe('SIGABRT')
    expect(of('arena').text('into it once it is freed: ends the process')).toBe('never')
  })

  test('pictures: every byte of the write is in one', () => {
    const bytes = found['simple']?.pictures.find((picture) => picture.kind === 'bytes')
    const after = bytes?.rows.map((row) => row.after).join('') ?? ''
    expect(after.match(/a5/g)).toHaveLength(64)
  })
})

describe('fork-inherit', () => {
  test.each(['simple', 'multiarena'])('%s: copies page by page, no deadlock', async (heap) => {
    const facts = shownBy(await observe(forkInherit, heap))
    expect(facts.number('blocks that the child has as they were')).toBe(facts.number('blocks held at the fork'))
    expect(facts.number('threads of the child')).toBe(1)
    expect(facts.number("of these, the child's own after the fork")).toBe(0)
    expect(facts.number("the child's own after it wrote one byte")).toBe(1)
    expect(facts.number("the child's own after the parent wrote one byte to another page")).toBe(2)
    expect(facts.number('child: nothing copies')).toBe(0)
    // Both heaps link freed blocks through their own memory.
    expect(facts.number('child: free of all the rest copies')).toBeGreaterThanOrEqual(3)
    expect(facts.yes('parent and child see what the other writes')).toBe(false)
    expect(facts.number('forks while others allocate')).toBeGreaterThan(0)
    expect(facts.number('children that allocated and freed')).toBe(facts.number('forks while others allocate'))
  })

  test('a heap that leaves its lock as it is', async () => {
    const { meaning } = await observe(forkInherit, faultLibrary(), 'fork-without-handlers')
    expect(meaning).toMatch(/Of \d+ children forked while other threads allocate \d hang/)
    expect(meaning).toContain('waits for a lock (futex)')
  })

  test('blocks in shared memory, and a child that may not free', async () => {
    const shared = await observe(forkInherit, faultLibrary(), 'shared-with-children')
    expect(shownBy(shared).yes('parent and child see what the other writes')).toBe(true)
    const killed = await observe(forkInherit, faultLibrary(), 'child-cannot-free')
    expect(killed.meaning).toContain('In the child the free of a block of its thread dies (SIGABRT).')
  })
})

describe('inspector', () => {
  test('one place for all threads, and one for each', async () => {
    const [simple, arena] = [await observe(inspector, 'simple'), await observe(inspector, 'arena')]
    const begin = 'threads that begin where the one before left off'
    expect(shownBy(simple).number(begin)).toBe(4)
    expect(shownBy(arena).number(begin)).toBe(0)
    expect(shownBy(simple).number('main: number in the system')).toBe(shownBy(simple).number('process'))
    expect(shownBy(simple).number('child process')).not.toBe(shownBy(simple).number('process'))
    const map = simple.pictures.find((picture) => picture.kind === 'map')
    expect(map?.blocks).toHaveLength(5 * 8 + 1)
  })
})
