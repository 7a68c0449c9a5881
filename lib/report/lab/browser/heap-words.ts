/** In the reader's browser: what a heap map says of blocks, of mappings and of all, and by what it colours. */

import type { firstAbove, HeapModel } from './heap-model.ts'

/** Bytes as 12.3 MiB, small ones exactly. */
export function heapBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let unit = 0
  let value = bytes
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${Number(value.toPrecision(unit === 0 ? 4 : 3))} ${units[unit]}`
}

/** The block at an address of a place, at a time: the one that lives, else the latest that was freed; -1 for none. */
export function blockAt(
  model: HeapModel,
  place: number,
  address: number,
  time: number,
  above: typeof firstAbove,
): number {
  const { from = 0, to = 0, process = 0 } = model.places[place] ?? {}
  if ((model.data.processes[process]?.[1] ?? 0) > time) return -1
  let found = -1
  for (let block = above(model.reach, from, to, address); block < to; ++block) {
    if ((model.start[block] ?? 0) > address) break
    if ((model.end[block] ?? 0) <= address || (model.age[block] ?? 0) > time) continue
    if ((model.freed[block] ?? 0) > time) return block
    if (found < 0 || (model.freed[block] ?? 0) > (model.freed[found] ?? 0)) found = block
  }
  return found
}

/** What is said of a block: where and how large it is; whose; its time. */
export function blockWords(model: HeapModel, block: number, bytes: typeof heapBytes): [string, string] {
  const { data, start, size, usable, sizeClass, thread, process, age, freed, freedBy } = model
  const hex = `0x${(start[block] ?? 0).toString(16)}`
  const asked = size[block] ?? 0
  const exact = asked >= 1024 ? ` (${asked.toLocaleString('en')} B)` : ''
  const known = usable[block] ?? 0
  const kind = sizeClass[block] ?? 0
  const first = [
    `${hex}: ${bytes(asked)}${exact}`,
    ...(known > 0 ? [`usable ${bytes(known - 1)}`] : []),
    ...(kind > 0 && kind !== known ? [`size class ${bytes(kind - 1)}`] : []),
  ]
  const end = freed[block] ?? 0
  const by = freedBy[block] ?? 0
  const name = data.processes[process[block] ?? 0]?.[0] ?? ''
  const second = [
    `${data.threads[thread[block] ?? 0] ?? ''}${name === '' ? '' : ` of ${name}`}`,
    `allocation ${((age[block] ?? 0) + 1).toLocaleString('en')}`,
    Number.isFinite(end)
      ? `freed after allocation ${end.toLocaleString('en')}${by > 0 ? ` by ${data.threads[by - 1]}` : ''}`
      : 'not freed',
  ]
  return [first.join(', '), second.join(', ')]
}

/** The state of the page at an address, in words; empty where it was not looked at. */
export function pageWords(model: HeapModel, place: number, address: number, above: typeof firstAbove): string {
  const { pagesFrom = 0, pagesTo = 0 } = model.places[place] ?? {}
  const run = above(model.pageEnd, pagesFrom, pagesTo, address)
  if (run >= pagesTo || (model.pageStart[run] ?? 0) > address) return ''
  const states = [
    'page there',
    'page there, shared with another process',
    "a file's or shared page",
    'page in swap',
    'no page there',
  ]
  return states[model.pageState[run] ?? 4] ?? ''
}

/** How much lives at a time. */
export function liveSums(model: HeapModel, time: number): { blocks: number; bytes: number; freed: number } {
  const { data, age, freed, size, process } = model
  const begun = data.processes.map(([, from]) => from <= time)
  let [blocks, bytes, gone] = [0, 0, 0]
  for (let block = 0; block < data.count; ++block) {
    if ((age[block] ?? 0) > time || !begun[process[block] ?? 0]) continue
    if ((freed[block] ?? 0) > time) {
      blocks++
      bytes += size[block] ?? 0
    } else gone++
  }
  return { blocks, bytes, freed: gone }
}

/** The colours of a map: of each block, what they are, and what they mean. */
export interface HeapPaint {
  colours: Uint8Array
  palette: string[]
  /** `key` is what a click on it lets stand out alone; -1 for none. */
  legend: { colour: number; text: string; key: number }[]
}

/** Colours by `thread`, `process`, `size` or `age`; all but `only` grey where that is not -1. */
export function heapPaint(
  model: HeapModel,
  by: string,
  only: number,
  isDark: boolean,
  grey: string,
  bytes: typeof heapBytes,
): HeapPaint {
  const { data, thread, process, age } = model
  const { fills, ramp } = isDark ? data.colours.dark : data.colours.light
  const named = by === 'thread' || by === 'process'
  const palette = [...(named ? fills : ramp.slice(2)), grey]
  const last = palette.length - 1
  const colours = new Uint8Array(data.count)
  const names = by === 'thread' ? data.threads : data.processes.map(([name]) => name)
  if (named) {
    const keys = by === 'thread' ? thread : process
    for (let block = 0; block < data.count; ++block) {
      const key = keys[block] ?? 0
      colours[block] = only >= 0 && key !== only ? last : key % last
    }
    const marks = by === 'thread' ? data.threadMarks : data.processMarks
    const text = (name: string, at: number) =>
      name.endsWith(marks[at] ?? '') || name.startsWith(marks[at] ?? '') ? name : `${marks[at]}: ${name}`
    return { colours, palette, legend: names.map((name, at) => ({ colour: at % last, text: text(name, at), key: at })) }
  }
  const amounts = new Float64Array(data.count)
  let [low, high] = [Number.POSITIVE_INFINITY, 0]
  for (let block = 0; block < data.count; ++block) {
    const kind = model.sizeClass[block] ?? 0
    const amount =
      by === 'age' ? (age[block] ?? 0) : Math.log2(Math.max(1, kind > 0 ? kind - 1 : (model.size[block] ?? 1)))
    amounts[block] = amount
    low = Math.min(low, amount)
    high = Math.max(high, amount)
  }
  const range = Math.max(high - low, 1e-9)
  for (let block = 0; block < data.count; ++block) {
    colours[block] = Math.min(last - 1, Math.floor((((amounts[block] ?? 0) - low) / range) * last))
  }
  const at = (step: number) => low + (range * step) / last
  const text = (step: number) =>
    by === 'age'
      ? `from allocation ${Math.round(at(step) + 1).toLocaleString('en')}`
      : `from ${bytes(Math.round(2 ** at(step)))}`
  const steps = data.count === 0 ? [] : [0, 1, 2, 3, 4, 5, 6, 7].filter((step) => range > 0.01 || step === 0)
  return { colours, palette, legend: steps.map((step) => ({ colour: step, text: text(step), key: -1 })) }
}
