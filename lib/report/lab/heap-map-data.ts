/**
 * A map as its page holds it: columns of numbers, seven bits a byte. A million blocks are some ten megabytes so, and the
 * browser makes arrays of them without an object for each.
 */

import type { LabMap, LabPageState } from '../../types.ts'
import type { BlockColumn, HeapMapData } from './browser/heap-model.ts'
import { dark, light } from './colours.ts'
import { words } from './letters.ts'
import { marksOf, threadsOf } from './map-colours.ts'
import { type FullPlace, processesOf, threadsIn } from './map-places.ts'

const PAGE = 4096
const STATES: readonly LabPageState[] = ['own', 'shared', 'file', 'swapped', 'absent']

/** Numbers from 0 on, of at most 2^53, one after the other. */
class Column {
  #bytes = Buffer.alloc(1 << 12)
  #length = 0

  add(value: number): void {
    if (this.#length + 8 > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)])
    let rest = Math.max(0, Math.trunc(value))
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  toString(): string {
    return this.#bytes.toString('base64', 0, this.#length)
  }
}

/** The data of the page; `places` are the map's. */
export function heapMapData(map: LabMap, places: readonly FullPlace[]): HeapMapData {
  const names = processesOf(map)
  const threads = threadsOf(map)
  const threadAt = new Map(threads.map((name, at) => [name, at]))
  const processAt = new Map(names.map((name, at) => [name, at]))
  const begun = new Map(map.processes?.map(({ name, from }) => [name, from]))
  const last = map.blocks.reduce((most, { age, freedAt }) => Math.max(most, age + 1, freedAt ?? 0), 0)
  const columns: Record<BlockColumn, Column> = {
    ...{ gap: new Column(), size: new Column(), usable: new Column(), sizeClass: new Column() },
    ...{ thread: new Column(), age: new Column(), freed: new Column(), freedBy: new Column() },
  }
  const pages = new Column()
  let count = 0
  let pageCount = 0
  for (const place of places) {
    count += place.blocks.length
    pageCount += addPages(place, pages)
    let before = place.place.start
    for (const { block, start } of place.blocks) {
      columns.gap.add(start - before)
      before = start
      columns.size.add(block.size)
      columns.usable.add(known(block.usable))
      columns.sizeClass.add(known(block.sizeClass))
      columns.thread.add(threadAt.get(block.thread) ?? 0)
      columns.age.add(block.age)
      // Of one that was freed nobody knows when it is only known that at the end it was.
      const freedAt = block.live ? null : (block.freedAt ?? last)
      columns.freed.add(freedAt === null ? 0 : freedAt - block.age + 1)
      columns.freedBy.add(threadNumber(threadAt, block.freedBy))
    }
  }
  return {
    processes: names.map((name) => [words(name), begun.get(name) ?? 0]),
    threads: threads.map(words),
    threadMarks: marksOf(threads.map(words)),
    processMarks: marksOf(names.map(words)),
    places: places.map((each) => placeRow(each, processAt.get(each.place.process) ?? 0)),
    ...{ last, count, pageCount },
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, String(column)]),
    ) as HeapMapData['columns'],
    pages: String(pages),
    colours: { light: { fills: light.fills, ramp: light.ramp }, dark: { fills: dark.fills, ramp: dark.ramp } },
  }
}

const known = (value: number | null | undefined) => (value === null || value === undefined ? 0 : value + 1)

function threadNumber(at: ReadonlyMap<string, number>, name: string | null | undefined): number {
  const found = name === null || name === undefined ? undefined : at.get(name)
  return found === undefined ? 0 : found + 1
}

function addPages({ place, pages }: FullPlace, column: Column): number {
  let before = place.start
  for (const { start, end, state } of pages) {
    column.add((start - before) / PAGE)
    column.add((end - start) / PAGE)
    column.add(STATES.indexOf(state))
    before = end
  }
  return pages.length
}

/** A place, named with the threads that have blocks in it. */
function placeRow({ place, blocks, pages }: FullPlace, process: number): HeapMapData['places'][number] {
  const threads = threadsIn(blocks)
  const few = threads.slice(0, 4).join(', ') + (threads.length > 4 ? ` and ${threads.length - 4} more` : '')
  const label = threads.length === 0 ? place.label : `${place.label}: ${few}`
  return [process, place.start, place.end, words(label), blocks.length, pages.length]
}
