/** Maps in parts: what is shown of an address space, and the data and rows of a map's page. */

import { describe, expect, test } from 'vitest'
import { columnOf, firstAbove, type HeapModel, heapModel } from '../../../lib/report/lab/browser/heap-model.ts'
import { heapRows, rowOf } from '../../../lib/report/lab/browser/heap-rows.ts'
import {
  blockAt,
  blockWords,
  heapBytes,
  heapPaint,
  liveSums,
  pageWords,
} from '../../../lib/report/lab/browser/heap-words.ts'
import { heapMapData } from '../../../lib/report/lab/heap-map-data.ts'
import { colouringOf, marksOf, threadsOf } from '../../../lib/report/lab/map-colours.ts'
import { layOut, placesOf } from '../../../lib/report/lab/map-places.ts'
import { linearScale, logScale, unitSuffix, valueText } from '../../../lib/report/lab/scale.ts'
import type { LabMap } from '../../../lib/types.ts'
import { largeMap, map, numbers, pagesOnly } from './lab-results.ts'

const modelOf = (of: LabMap): HeapModel => heapModel(heapMapData(of, placesOf(of)), columnOf)

/** Small blocks, and behind them large ones whose rows begin before the small ones end. */
const mixed: LabMap = {
  ...map,
  ...{ mappings: [{ start: '0x10000000', end: '0x20000000', label: '' }], pages: [] },
  blocks: Array.from({ length: 80 }, (_, at) => ({
    ...(map.blocks[0] as LabMap['blocks'][0]),
    ...{ address: `0x${(0x10000000 + (at < 60 ? at * 64 : 0x2000 + (at - 60) * 0x120000)).toString(16)}`, age: at },
    size: at < 60 ? 48 : 1 << 20,
  })),
}

describe('what a picture shows', () => {
  test.each([
    ['far apart', map],
    ['small and large', mixed],
    ['many', largeMap(4000)],
  ])('%s: every block lies in a stretch, in order, and what is between is no block’s', (_, shown) => {
    const { places, leftOut } = layOut(shown)
    expect(leftOut).toBe(0)
    const all = places.flatMap(({ stretches }) => stretches.flatMap(({ blocks }) => blocks))
    expect(all).toHaveLength(shown.blocks.length)
    for (const { stretches } of places) {
      let reach = 0
      for (const { start, end, blocks, rows, rowBytes } of stretches) {
        expect(start).toBeGreaterThanOrEqual(reach)
        expect(end - start).toBe(rows * rowBytes)
        for (const each of blocks) expect([each.start >= start, each.end <= end]).toEqual([true, true])
        reach = end
      }
    }
  })

  test('two blocks that are far apart are not in one stretch', () => {
    const far = layOut(map).places.find(({ start }) => start === 0x7f80_0000_0000)
    expect(far?.stretches.map(({ rows }) => rows)).toEqual([1, 1])
  })

  test('without blocks, the mappings in which pages are', () => {
    expect(layOut(pagesOnly).places.map(({ start }) => start)).toContain(0x5500_0000_0000)
  })

  test('blocks of which no mapping is known are shown all the same', () => {
    const { places } = layOut({ ...map, mappings: map.mappings.slice(0, 1), pages: [] })
    expect(new Set(places.map(({ label }) => label))).toEqual(new Set(['the break, [heap]', 'mapping not known']))
    expect(places.flatMap(({ stretches }) => stretches.flatMap(({ blocks }) => blocks))).toHaveLength(map.blocks.length)
  })

  test('of a thousand places with a block each the picture has some, and says how many it has not', () => {
    const blocks = Array.from({ length: 1000 }, (_, at) => ({
      ...map.blocks[0],
      address: `0x${(at * 2 ** 24).toString(16)}`,
    }))
    const mappings = blocks.map(({ address }) => ({
      start: address,
      end: `0x${(Number(address) + 4096).toString(16)}`,
      label: '',
    }))
    const { places, leftOut, placesLeftOut } = layOut({
      ...map,
      mappings,
      blocks: blocks as LabMap['blocks'],
      pages: [],
    })
    expect(places.length).toBeGreaterThan(10)
    expect([leftOut + places.length, placesLeftOut]).toEqual([1000, leftOut])
  })
})

describe('colours', () => {
  test('threads in the order of their first block', () => {
    expect(threadsOf(map)).toEqual(['main', 'thread 0', 'thread 1'])
  })

  test('short names are unique, or numbers', () => {
    expect(marksOf(['main', 'thread 0', 'thread 12'])).toEqual(['m', '0', '12'])
    expect(marksOf(['a 1', 'b 1'])).toEqual(['1', '2'])
    expect(marksOf(['main', 'more'])).toEqual(['1', '2'])
  })

  test('more things than colours say so', () => {
    const blocks = Array.from({ length: 40 }, (_, at) => ({
      ...map.blocks[0],
      thread: `thread ${at}`,
      age: at,
    })) as LabMap['blocks']
    const { legend, fill } = colouringOf({ ...map, blocks }, 'thread')
    expect(legend.at(-1)?.text).toBe('and 24 more, the colours again from the first')
    expect(fill(blocks[8] as (typeof blocks)[0])).toBe('f0')
  })

  test('what is larger or younger is not lighter', () => {
    for (const by of ['size', 'age'] as const) {
      const { fill } = colouringOf(map, by)
      const sorted = map.blocks.toSorted((a, b) =>
        by === 'age' ? a.age - b.age : (a.sizeClass ?? 0) - (b.sizeClass ?? 0),
      )
      const shades = sorted.map((block) => Number(fill(block).slice(1)))
      expect(shades).toEqual(shades.toSorted((a, b) => a - b))
      expect(new Set(shades).size).toBeGreaterThan(2)
    }
  })
})

describe('axes', () => {
  test('ticks are round, and bytes in powers of two', () => {
    expect(linearScale([0, 10 * 2 ** 20], 'B', 6).ticks.map((tick) => valueText(tick, 'B'))).toEqual([
      '0 B',
      '2 MiB',
      '4 MiB',
      '6 MiB',
      '8 MiB',
      '10 MiB',
    ])
    expect(linearScale([0, 3], '', 6).ticks).toEqual([0, 1, 2, 3])
    expect(linearScale([-1.5, 0.5], 's', 5).ticks).toEqual([-1.5, -1, -0.5, 0, 0.5])
    expect(logScale([1, 1e6], 'ns', 4).ticks.map((tick) => valueText(tick, 'ns'))).toEqual([
      '1 ns',
      '100 ns',
      '10 µs',
      '1 ms',
    ])
    expect(logScale([16, 2 ** 22], 'B', 5).ticks.map((tick) => valueText(tick, 'B'))).toEqual([
      '16 B',
      '256 B',
      '4 KiB',
      '64 KiB',
      '1 MiB',
    ])
  })

  test('values keep their order, and nothing lies outside', () => {
    for (const scale of [linearScale([-5, 100], '', 5), logScale([1, 100], '', 5)]) {
      const places = [-10, 0, 1, 50, 100, 1000].map(scale.at)
      expect(places).toEqual(places.toSorted((a, b) => a - b))
      expect([Math.min(...places), Math.max(...places)]).toEqual([0, 1])
    }
  })

  test('a unit stands once', () => {
    expect([unitSuffix('pages', 'pages'), unitSuffix('%', 'share'), unitSuffix('B', 'size')]).toEqual(['', ', %', ''])
  })
})

describe('the page’s data', () => {
  test('comes out as it went in', () => {
    const model = modelOf(map)
    const words = Array.from({ length: model.data.count }, (_, at) => blockWords(model, at, heapBytes).join('; '))
    expect(words[0]).toBe(
      '0x5500000002a0: 64 B, usable 72 B, size class 64 B; main of process 7, allocation 1, not freed',
    )
    expect(words.filter((each) => each.includes('freed after'))).toEqual([
      '0x7f0000003000: 200 B, size class 200 B; thread 0 of process 7, allocation 19, freed after allocation 20 by main',
      '0x7f8000800010: 4 MiB (4,194,304 B), usable 4 MiB, size class 4 MiB; thread 1 of process 7, allocation 22, freed after allocation 24 by thread 0',
    ])
    expect(model.places.map(({ from, to }) => to - from)).toEqual([12, 8, 2, 4])
    expect(pageWords(model, 1, 0x7f00_0000_3fff, firstAbove)).toBe('page in swap')
    expect(pageWords(model, 1, 0x7f00_0000_4000, firstAbove)).toBe('')
  })

  test('of large maps as well', () => {
    const large = largeMap(2000)
    const model = modelOf(large)
    const sorted = large.blocks.toSorted((a, b) => Number(a.address) - Number(b.address) || a.age - b.age)
    expect([...model.start]).toEqual(sorted.map(({ address }) => Number(address)))
    expect([...model.age]).toEqual(sorted.map(({ age }) => age))
    expect([...model.freed]).toEqual(sorted.map(({ freedAt }) => freedAt ?? Number.POSITIVE_INFINITY))
  })

  test('of one that was freed at a time that nobody knows, it is known that it was', () => {
    const blocks = map.blocks.map(({ freedAt: _, ...block }) => block)
    const model = modelOf({ ...map, blocks })
    expect(liveSums(model, model.data.last).blocks).toBe(blocks.filter(({ live }) => live).length)
    expect(liveSums(model, model.data.last - 1).freed).toBe(0)
  })

  test('what lives at a time', () => {
    const model = modelOf(map)
    expect(liveSums(model, 18)).toEqual({ blocks: 19, bytes: 12 * 64 + 6 * 1024 + 200, freed: 0 })
    expect(liveSums(model, 20)).toEqual({ blocks: 20, bytes: 12 * 64 + 6 * 1024 + (4 << 20) + 150, freed: 1 })
    // The fork begins at 22 with what it has inherited.
    expect(liveSums(model, 22).blocks - liveSums(model, 21).blocks).toBe(3)
  })

  test('the block at an address is found as by looking at all', () => {
    const model = modelOf(largeMap(3000))
    const next = numbers(3)
    let hits = 0
    for (let round = 0; round < 3000; ++round) {
      const place = Math.floor(next() * model.places.length)
      const { from, to, start, end } = model.places[place] ?? { from: 0, to: 0, start: 0, end: 0 }
      const address = start + Math.floor(next() * (end - start))
      const time = Math.floor(next() * model.data.last)
      const holding = Array.from({ length: to - from }, (_, at) => from + at).filter(
        (at) => (model.start[at] ?? 0) <= address && (model.end[at] ?? 0) > address && (model.age[at] ?? 0) <= time,
      )
      const live = holding.filter((at) => (model.freed[at] ?? 0) > time)
      const latest = holding.toSorted((a, b) => (model.freed[b] ?? 0) - (model.freed[a] ?? 0))
      const found = blockAt(model, place, address, time, firstAbove)
      if (found >= 0) hits++
      if (live.length > 0) expect(live).toContain(found)
      else expect(model.freed[found] ?? null).toBe(model.freed[latest[0] ?? -1] ?? null)
    }
    expect(hits).toBeGreaterThan(500)
  })

  test('colours: all but the chosen are grey', () => {
    const model = modelOf(map)
    const { colours, palette, legend } = heapPaint(model, 'thread', 1, false, '#cccccc', heapBytes)
    expect(legend.map(({ text }) => text)).toEqual(['main', 'thread 0', 'thread 1'])
    expect(palette.at(-1)).toBe('#cccccc')
    const plain = [...colours].filter((colour) => colour !== palette.length - 1)
    expect(plain).toHaveLength(map.blocks.filter(({ thread }) => thread === 'thread 0').length)
  })
})

describe('rows', () => {
  test.each([64, 4096, 2 ** 20, 2 ** 40])(
    'of %i bytes follow each other without a gap, and hold every block',
    (rowBytes) => {
      for (const model of [modelOf(map), modelOf(largeMap(2000))]) {
        const rows = heapRows(model, rowBytes, 1e6, true)
        expect(rows.isCut).toBe(false)
        for (const [index, place] of model.places.entries()) {
          const own = Array.from({ length: rows.count }, (_, row) => row).filter(
            (row) => rows.place[row] === index && (rows.bytes[row] ?? 0) > 0,
          )
          for (const [at, row] of own.entries()) {
            if (at > 0) expect(rows.start[row]).toBe((rows.start[row - 1] ?? 0) + (rows.bytes[row - 1] ?? 0))
          }
          const [first, last] = [own[0] ?? -1, own.at(-1) ?? -1]
          expect(rows.start[first]).toBeLessThanOrEqual(place.start)
          expect((rows.start[last] ?? 0) + (rows.bytes[last] ?? 0)).toBeGreaterThanOrEqual(place.end)
          for (let block = place.from; block < place.to; ++block) {
            const row = rowOf(rows, index, model.start[block] ?? 0)
            // Where a block begins is never hidden in a row that stands for many.
            expect(rows.isGap[row]).toBe(0)
            expect((model.start[block] ?? 0) - (rows.start[row] ?? 0)).toBeLessThan(rows.bytes[row] ?? 0)
          }
        }
      }
    },
  )

  test('gigabytes with nothing in them are few rows', () => {
    const model = modelOf({
      ...map,
      mappings: [
        { start: '0x100000000000', end: '0x110000000000', label: 'reserved', process: 'process 7' },
        ...map.mappings,
      ],
    })
    expect(heapRows(model, 64, 1e6, true).count).toBeLessThan(300)
    expect(heapRows(model, 64, 1e6, false).count).toBeLessThan(heapRows(model, 64, 1e6, true).count)
  })

  test('no more than a browser shows', () => {
    const rows = heapRows(modelOf(largeMap(2000)), 64, 500, true)
    expect([rows.isCut, rows.count < 600]).toEqual([true, true])
  })
})
