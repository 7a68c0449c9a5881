/**
 * In the reader's browser: the rows of a heap map at one zoom. Rows in which no block and no page begins or ends are one
 * row, marked: a mapping of gigabytes with ten blocks in it is a few rows.
 */

import type { HeapModel } from './heap-model.ts'

/** The rows. One without bytes is a heading: of a mapping, or of a process where `place` is below 0. */
export interface HeapRows {
  count: number
  start: Float64Array
  bytes: Float64Array
  /** A place's index; of a process's heading, -1 less its index. */
  place: Int32Array
  /** Whether it stands for more than a row. */
  isGap: Uint8Array
  /** The bytes of a row. */
  rowBytes: number
  /** Not all rows are there: there were more than `most`. */
  isCut: boolean
}

/** Lays a model out in rows of so many bytes, at most `most`; mappings without blocks are left out unless asked for. */
export function heapRows(model: HeapModel, rowBytes: number, most: number, empty: boolean): HeapRows {
  let room = 4096
  let count = 0
  let start = new Float64Array(room)
  let bytes = new Float64Array(room)
  let place = new Int32Array(room)
  let isGap = new Uint8Array(room)
  const add = (from: number, length: number, where: number, gap: boolean) => {
    if (count === room) {
      room *= 2
      const grown = [
        new Float64Array(room),
        new Float64Array(room),
        new Int32Array(room),
        new Uint8Array(room),
      ] as const
      grown[0].set(start)
      grown[1].set(bytes)
      grown[2].set(place)
      grown[3].set(isGap)
      ;[start, bytes, place, isGap] = [...grown]
    }
    start[count] = from
    bytes[count] = length
    place[count] = where
    isGap[count] = gap ? 1 : 0
    ++count
  }
  /** Rows in which something begins or ends, in order; of bytes the row is a whole number. */
  const rowsOf = (index: number): Float64Array => {
    const {
      from,
      to,
      pagesFrom,
      pagesTo,
      start: begin,
    } = model.places[index] ?? { from: 0, to: 0, pagesFrom: 0, pagesTo: 0, start: 0 }
    const found = new Float64Array(2 * (to - from) + 2 * (pagesTo - pagesFrom) + 1)
    let length = 0
    let last = -1
    let sorted = true
    const note = (address: number) => {
      const row = Math.floor(address / rowBytes)
      if (row === last) return
      if (row < last) sorted = false
      found[length++] = row
      last = row
    }
    if (from === to && pagesFrom === pagesTo) note(begin)
    for (let block = from; block < to; ++block) {
      note(model.start[block] ?? 0)
      note((model.end[block] ?? 1) - 1)
    }
    for (let run = pagesFrom; run < pagesTo; ++run) {
      if (model.pageState[run] === 4) continue
      note(model.pageStart[run] ?? 0)
      note((model.pageEnd[run] ?? 1) - 1)
    }
    const rows = found.subarray(0, length)
    return sorted ? rows : rows.sort()
  }
  let process = -1
  for (const [index, each] of model.places.entries()) {
    if (count >= most) break
    if (each.from === each.to && !empty) continue
    if (each.process !== process) {
      process = each.process
      add(each.start, 0, -1 - process, false)
    }
    add(each.start, 0, index, false)
    if (each.end - each.start <= rowBytes) {
      add(each.start, each.end - each.start, index, false)
      continue
    }
    const gap = (from: number, to: number) => {
      if (to <= from) return
      // Two rows and one that says how many there are would be as much.
      if (to - from <= 2 * rowBytes) for (let at = from; at < to; at += rowBytes) add(at, rowBytes, index, false)
      else add(from, to - from, index, true)
    }
    let done = Math.floor(each.start / rowBytes) * rowBytes
    for (const row of rowsOf(index)) {
      const at = row * rowBytes
      if (at < done) continue
      gap(done, at)
      add(at, rowBytes, index, false)
      done = at + rowBytes
      if (count >= most) break
    }
    gap(done, Math.ceil(each.end / rowBytes) * rowBytes)
  }
  return { ...{ count, start, bytes, place, isGap, rowBytes }, isCut: count >= most }
}

/** The row in which an address of a place is; of one that has none, the place's heading. */
export function rowOf(rows: HeapRows, place: number, address: number): number {
  let found = 0
  for (let row = 0; row < rows.count; ++row) {
    if (rows.place[row] !== place) continue
    const start = rows.start[row] ?? 0
    if ((rows.bytes[row] ?? 0) === 0 || start <= address) found = row
    if (start > address) break
  }
  return found
}
