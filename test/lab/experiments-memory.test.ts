/**
 * Experiments about memory of the system under real heaps: what holds by the heaps' construction, and where two of them
 * differ. Nothing that takes time is judged.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Experiment } from '../../lib/lab/experiment.ts'
import heapMap from '../../lib/lab/experiments/heap-map.ts'
import mmapCompare from '../../lib/lab/experiments/mmap-compare.ts'
import overlap from '../../lib/lab/experiments/overlap.ts'
import pageTrace from '../../lib/lab/experiments/page-trace.ts'
import tunables from '../../lib/lab/experiments/tunables.ts'
import { runLab } from '../../lib/lab/run.ts'
import type { LabFact, LabHeap, LabPicture } from '../../lib/types.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { buildHeapLibrary } from '../support/planted-heaps.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What one heap has shown; an experiment that was not carried through fails here. */
async function seenUnder(experiment: Experiment, heap: string): Promise<LabHeap> {
  const [result] = await runLab([experiment], [heap])
  const [seen] = result?.heaps ?? []
  if (seen === undefined) throw new Error('no result')
  expect(seen.error).toBeNull()
  return seen
}

function value(seen: LabHeap, name: string): LabFact['value'] | undefined {
  return seen.facts.find((fact) => fact.name === name)?.value
}

function picture<K extends LabPicture['kind']>(seen: LabHeap, kind: K): Extract<LabPicture, { kind: K }> {
  const found = seen.pictures.find((each) => each.kind === kind)
  if (found === undefined) throw new Error(`no picture of kind ${kind}`)
  return found as Extract<LabPicture, { kind: K }>
}

describe('page-trace', () => {
  const again = 'one large block again and again'

  it('sees that simple maps each large block and unmaps it', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('strace', 'strace'))
    const seen = await seenUnder(pageTrace, 'simple')
    expect(value(seen, `${again}: mmap`)).toBeGreaterThanOrEqual(100)
    expect(value(seen, `${again}: munmap`)).toBeGreaterThanOrEqual(100)
    // What was taken for these blocks has been given back, to the byte.
    expect(value(seen, `${again}: addresses taken`)).toBe(value(seen, `${again}: addresses given back`))
    expect(value(seen, 'large blocks: brk')).toBe(0)
    expect(seen.meaning).toContain('taken from it each time')
  })

  it('sees that glibc keeps such a block once one was freed, and grows one by mremap', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('strace', 'strace'))
    const seen = await seenUnder(pageTrace, 'system')
    expect(value(seen, `${again}: mmap`)).toBe(0)
    expect(value(seen, 'large blocks freed: munmap')).toBe(64)
    expect(value(seen, 'a block that grows: mremap')).toBeGreaterThan(0)
    expect(seen.meaning).toContain('its memory is kept')
    const { rows, columns, values } = picture(seen, 'matrix')
    expect(values[rows.indexOf('large blocks freed')]?.[columns.indexOf('munmap')]).toBe(64)
    // Against time: each series ascends in time and counts to what the matrix has.
    const { series } = picture(seen, 'lines')
    const unmapped = series.find(({ name }) => name === 'munmap')?.points ?? []
    const sum = values.reduce((all, row) => all + (row[columns.indexOf('munmap')] ?? 0), 0)
    expect(unmapped.at(-1)?.[1]).toBe(sum)
    expect(unmapped.map(([x]) => x)).toEqual(unmapped.map(([x]) => x).sort((a, b) => a - b))
  })
})

describe('overlap', () => {
  it.each(['system', 'hoard'])('finds every planted error and none of the heap under %s', async (heap) => {
    const seen = await seenUnder(overlap, heap)
    expect(value(seen, 'live blocks of all threads')).toBe(6720)
    expect(value(seen, 'blocks that overlap another')).toBe(0)
    expect(value(seen, 'blocks not wholly in writable memory')).toBe(0)
    expect(value(seen, 'blocks changed by the filling of others')).toBe(0)
    expect(value(seen, 'carved rightly: overlaps found')).toBe(0)
    expect(value(seen, 'carved wrongly: overlaps found')).toBe(255)
    expect(value(seen, 'carved wrongly: blocks changed')).toBe(255)
    expect(value(seen, 'arenas whose ends overlap: bytes found to be shared')).toBe(256)
    expect(value(seen, 'the arena below is unchanged up to byte')).toBe(16384)
    expect(value(seen, 'its addresses: overlaps found')).toBe(0)
    expect(value(seen, 'its backing memory: overlaps found')).toBe(1)
    expect(picture(seen, 'map').blocks).toHaveLength(6720)
    const [alone, both] = picture(seen, 'bytes').rows
    expect(alone?.before).toBe(alone?.after)
    expect([both?.before, both?.after]).toEqual(['aa'.repeat(16), 'bb'.repeat(16)])
  })

  it('finds that a heap gives the same bytes twice', async () => {
    const library = join(root, 'build-tests/lab/liboverlapping.so')
    await buildHeapLibrary(library, join(root, 'test/lab/planted/overlapping.cpp'), false)
    const seen = await seenUnder(overlap, library)
    expect(value(seen, 'rounds of allocation and free')).toBe(1)
    // Every hundredth block, but for those that threads and the puppet itself have asked for.
    expect(value(seen, 'blocks that overlap another')).toBeGreaterThanOrEqual(36)
    expect(value(seen, 'blocks that overlap another')).toBeLessThanOrEqual(40)
    expect(value(seen, 'blocks changed by the filling of others')).toBeGreaterThan(0)
    expect(seen.meaning).toContain('gave the same bytes to two owners')
  })
})

describe('mmap-compare', () => {
  it.each(['system', 'hoard'])('sees pages, copies after fork and shared memory under %s', async (heap) => {
    const seen = await seenUnder(mmapCompare, heap)
    expect(value(seen, 'private mmap, 64 B: addresses a request takes')).toBe(4096)
    expect(value(seen, 'shared mmap, 1 MiB: addresses a request takes')).toBe(1 << 20)
    expect(value(seen, 'private mmap, 4 KiB: resident memory a request takes')).toBeGreaterThanOrEqual(4096)
    // glibc has a header of 8 bytes and multiples of 16; hoard has none.
    expect(value(seen, 'heap, 64 B: addresses a request takes')).toBe(heap === 'system' ? 80 : 64)
    expect(value(seen, 'shared mmap: the parent reads what the child wrote')).toBe(true)
    for (const way of ['heap', 'private mmap']) {
      expect(value(seen, `${way}: the child reads what the parent wrote`)).toBe(true)
      expect(value(seen, `${way}: the parent reads what the child wrote`)).toBe(false)
      expect(value(seen, `${way}: page of the parent alone before fork`)).toBe(true)
      expect(value(seen, `${way}: page of the parent alone after fork`)).toBe(false)
      expect(value(seen, `${way}: page of the parent alone after the child has written`)).toBe(true)
    }
    expect(picture(seen, 'matrix').values).toHaveLength(3)
  })
})

describe('heap-map', () => {
  it('sees that arena uses no address again, and that simple does, across threads', async () => {
    const arena = await seenUnder(heapMap, 'arena')
    const simple = await seenUnder(heapMap, 'simple')
    const again = 'of these, at the address of a freed one'
    expect(value(arena, again)).toBe(0)
    expect(value(simple, again)).toBeGreaterThan(96)
    expect(value(simple, "of these, at the address of another thread's")).toBeGreaterThan(0)
    expect(value(arena, 'of these, with small blocks of several threads')).toBe(0)
    expect(value(simple, 'of these, with small blocks of several threads')).toBeGreaterThan(0)
    expect(value(simple, 'of these, where the parent allocated as well')).toBe(48)
    expect(arena.meaning).not.toBe(simple.meaning)

    const map = picture(simple, 'map')
    for (const process of ['parent', 'child']) {
      const blocks = map.blocks.filter((block) => block.process === process)
      const mappings = map.mappings.filter((mapping) => mapping.process === process)
      expect(new Set(blocks.map(({ address }) => address)).size).toBe(blocks.length)
      // A live block lies in a mapping that is drawn.
      const drawn = blocks.filter(({ live, address }) => {
        const at = BigInt(address)
        return live && mappings.some(({ start, end }) => BigInt(start) <= at && at < BigInt(end))
      })
      expect(drawn).toHaveLength(blocks.filter(({ live }) => live).length)
    }
    const inherited = value(simple, 'blocks that the child inherited')
    expect(map.blocks.filter(({ process, live }) => process === 'parent' && live)).toHaveLength(Number(inherited) + 48)
  })
})

describe('tunables', () => {
  it('sweeps what glibc lets one set: freed memory goes back or is kept, as the thresholds say', async () => {
    const seen = await seenUnder(tunables, 'system')
    expect(value(seen, 'arena count: tunable')).toBe('arena_max')
    expect(value(seen, 'large blocks: settings tried')).toBe(9)
    const kept = 'large blocks: most memory kept by mmap threshold'
    expect(value(seen, `${kept}, at the first setting`)).toBeLessThan(1 << 20)
    expect(value(seen, `${kept}, at the last setting`)).toBeGreaterThan(6 << 20)
    expect(value(seen, 'request of 17 bytes: addresses taken')).toBe(32)
    expect(value(seen, 'usable sizes up to 72 bytes')).toBe('24 40 56 72')
    const large = seen.pictures.find(({ title }) => title === 'Time, large blocks')
    expect(large).toMatchObject({ kind: 'matrix', rowTitle: 'mmap_threshold', columnTitle: 'trim_threshold' })
  })

  it('says of simple that it has none, and still compares 17 bytes with 16', async () => {
    const seen = await seenUnder(tunables, 'simple')
    expect(value(seen, 'arena count: tunable')).toBeNull()
    expect(value(seen, 'several threads: settings tried')).toBe(1)
    expect(value(seen, 'request of 16 bytes: addresses taken')).toBe(16)
    expect(value(seen, 'request of 17 bytes: addresses taken')).toBe(32)
    expect(seen.meaning).toMatch(/^The heap has no tunable for/)
  })
})
