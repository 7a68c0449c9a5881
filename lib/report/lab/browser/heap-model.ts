/**
 * In the reader's browser: the data of a heap map's page, unpacked into arrays of numbers. A million blocks are a million
 * numbers in each of a few arrays, and no objects. Each function in this folder is put into the page as its own text.
 */

/// <reference lib="dom" />

/** What the page holds: tables as JSON, and columns of numbers as base64 of their variable-length bytes. */
export interface HeapMapData {
  processes: [name: string, from: number][]
  threads: string[]
  threadMarks: string[]
  processMarks: string[]
  /** In order, each with how many of the blocks and runs of pages are its. */
  places: [process: number, start: number, end: number, label: string, blocks: number, pages: number][]
  /** The latest place in the order of allocation. */
  last: number
  count: number
  /** By place and address: each column of its own. */
  columns: Record<BlockColumn, string>
  /** From the end of the one before (in its place: from its start), in pages; length in pages; state. */
  pages: string
  pageCount: number
  colours: { light: HeapColours; dark: HeapColours }
}

/** `gap` from the block before, in its place; others are as their names say, 0 for none and else one more. */
export type BlockColumn = 'gap' | 'size' | 'usable' | 'sizeClass' | 'thread' | 'age' | 'freed' | 'freedBy'

/** Fills of things of a kind, and a ramp for amounts. */
export interface HeapColours {
  fills: readonly string[]
  ramp: readonly string[]
}

/** A mapping, with its blocks and runs of pages as ranges of the arrays. */
export interface HeapPlace {
  process: number
  start: number
  end: number
  label: string
  from: number
  to: number
  pagesFrom: number
  pagesTo: number
}

/** The data unpacked. Addresses are numbers: those of user space are below 2^53. */
export interface HeapModel {
  data: HeapMapData
  places: HeapPlace[]
  start: Float64Array
  end: Float64Array
  size: Float64Array
  /** The highest end so far in its place: by it blocks are found that reach into a range. */
  reach: Float64Array
  /** 0: not known; else one more than it is. So with the next. */
  usable: Float64Array
  sizeClass: Float64Array
  thread: Uint32Array
  process: Uint32Array
  age: Float64Array
  /** Infinity where it was not. */
  freed: Float64Array
  freedBy: Uint32Array
  pageStart: Float64Array
  pageEnd: Float64Array
  /** 0 own, 1 shared, 2 file, 3 swapped, 4 absent. */
  pageState: Uint8Array
}

/** Numbers out of base64: seven bits a byte, the highest bit says that more follow. */
export function columnOf(text: string, count: number): Float64Array {
  const bytes = atob(text)
  const numbers = new Float64Array(count)
  let at = 0
  for (let index = 0; index < count; ++index) {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = bytes.charCodeAt(at++)
      value += (byte & 127) * factor
      if (!(byte >= 128)) break
      factor *= 128
    }
    numbers[index] = value
  }
  return numbers
}

/** The model. Its helper is passed in, because the text of a function keeps no imports. */
export function heapModel(data: HeapMapData, column: typeof columnOf): HeapModel {
  const { count, columns, pageCount } = data
  const start = column(columns.gap, count)
  const size = column(columns.size, count)
  const end = new Float64Array(count)
  const reach = new Float64Array(count)
  const process = new Uint32Array(count)
  const age = column(columns.age, count)
  const freed = column(columns.freed, count)
  const runs = column(data.pages, 3 * pageCount)
  const pageStart = new Float64Array(pageCount)
  const pageEnd = new Float64Array(pageCount)
  const pageState = new Uint8Array(pageCount)
  const places: HeapPlace[] = []
  let block = 0
  let run = 0
  for (const [owner, from, to, label, blocks, pages] of data.places) {
    places.push({
      ...{ process: owner, start: from, end: to, label },
      ...{ from: block, to: block + blocks, pagesFrom: run, pagesTo: run + pages },
    })
    let before = from
    let highest = 0
    for (const last = block + blocks; block < last; ++block) {
      before += start[block] ?? 0
      start[block] = before
      end[block] = before + Math.max(1, size[block] ?? 0)
      highest = Math.max(highest, end[block] ?? 0)
      reach[block] = highest
      process[block] = owner
      const wait = freed[block] ?? 0
      freed[block] = wait === 0 ? Number.POSITIVE_INFINITY : (age[block] ?? 0) + wait - 1
    }
    let at = from
    for (const last = run + pages; run < last; ++run) {
      pageStart[run] = at + (runs[3 * run] ?? 0) * 4096
      at = (pageStart[run] ?? 0) + (runs[3 * run + 1] ?? 0) * 4096
      pageEnd[run] = at
      pageState[run] = runs[3 * run + 2] ?? 4
    }
  }
  return {
    ...{ data, places, start, end, size, reach, process, age, freed, pageStart, pageEnd, pageState },
    usable: column(columns.usable, count),
    sizeClass: column(columns.sizeClass, count),
    thread: Uint32Array.from(column(columns.thread, count)),
    freedBy: Uint32Array.from(column(columns.freedBy, count)),
  }
}

/** The first index in a range of ascending numbers whose number is above a value; `to` where none is. */
export function firstAbove(numbers: Float64Array, from: number, to: number, value: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) > value) high = middle
    else low = middle + 1
  }
  return low
}
