/**
 * Which parts of an address space a map shows: stretches with blocks in them, each in rows of as many bytes as let it fit.
 * What lies between two stretches is left out; how much that is, is kept.
 */

import type { LabMap, LabMapBlock, LabMapPages } from '../../types.ts'

/** A block with its place as a number: addresses of user space are below 2^53. */
export interface PlacedBlock {
  block: LabMapBlock
  start: number
  end: number
}

/** Pages in one state, with their place as numbers. */
export interface PlacedPages {
  start: number
  end: number
  state: LabMapPages['state']
}

/** A part of a mapping that is shown. */
export interface Stretch {
  start: number
  end: number
  rowBytes: number
  rows: number
  blocks: PlacedBlock[]
  pages: PlacedPages[]
}

/** A mapping with what is shown of it. */
export interface MapPlace {
  process: string
  label: string
  start: number
  end: number
  stretches: Stretch[]
}

/** What is shown, and how much is not. */
export interface MapLayout {
  places: MapPlace[]
  /** Blocks in places for which there is no room. */
  leftOut: number
  placesLeftOut: number
}

/** How much a picture holds. */
const MOST_STRETCHES = 24
const MOST_ROWS = 64
/** Room between blocks up to this is shown, as it tells how they lie. */
const LEAST_GAP = 1024
/** Blocks of no known mapping that are further apart are taken for those of two. */
const MOST_APART = 2 ** 26
const LEAST_ROW = 256
const PAGE = 4096
/** How many rows a stretch may have; the first with which all fit is taken. */
const ROW_LIMITS = [32, 24, 16, 12, 8, 6, 4, 3, 2]

/** An address as a number. */
export function addressOf(text: string): number {
  return Number(text)
}

/** Blocks by address; of those that had the same place the latest comes last. */
export function placedBlocks(blocks: readonly LabMapBlock[]): PlacedBlock[] {
  return blocks
    .map((block) => {
      const start = addressOf(block.address)
      return { block, start, end: start + Math.max(1, block.size) }
    })
    .filter(({ start }) => Number.isFinite(start))
    .sort((a, b) => a.start - b.start || a.block.age - b.block.age)
}

/** The places of a map: mappings with blocks, and where there are no blocks at all those with most pages. */
export function layOut(map: LabMap): MapLayout {
  const all = placesOf(map)
  const holding = all.filter(({ blocks }) => blocks.length > 0)
  const shown = holding.length > 0 ? holding : withMostPages(all)
  const chosen = [...shown].sort((a, b) => b.blocks.length - a.blocks.length).slice(0, MOST_STRETCHES)
  const kept = shown.filter((each) => chosen.includes(each))
  const places = scaled(kept, cut(kept.map(({ blocks }) => blocks)))
  const leftOut = holding.filter((each) => !kept.includes(each))
  return {
    places,
    leftOut: leftOut.reduce((sum, { blocks }) => sum + blocks.length, 0),
    placesLeftOut: holding.length > 0 ? leftOut.length : 0,
  }
}

/** A mapping with all that lies in it. */
export interface FullPlace {
  place: MapPlace
  blocks: PlacedBlock[]
  pages: PlacedPages[]
}

/** Mappings with their blocks and pages; blocks of no mapping (it has gone, or was not given) lie in one of their own. */
export function placesOf(map: LabMap): FullPlace[] {
  const processes = processesOf(map)
  return processes.flatMap((process) => {
    const own = map.mappings
      .filter((mapping) => mapping.process === undefined || mapping.process === process)
      .map(({ start, end, label }) => ({ start: addressOf(start), end: addressOf(end), label: label || 'anonymous' }))
      .sort((a, b) => a.start - b.start)
    const blocks = placedBlocks(map.blocks.filter((block) => block.process === process))
    const pages = (map.pages ?? [])
      .filter((run) => run.process === process)
      .map(({ start, end, state }) => ({ start: addressOf(start), end: addressOf(end), state }))
      .filter(({ start, end }) => end > start)
      .sort((a, b) => a.start - b.start)
    let run = 0
    const inMapping = own.map(() => [] as PlacedBlock[])
    const homeless: PlacedBlock[][] = []
    let homelessAt = -1
    let at = 0
    for (const block of blocks) {
      while (at < own.length && (own[at]?.end ?? 0) <= block.start) ++at
      if ((own[at]?.start ?? Number.POSITIVE_INFINITY) <= block.start) inMapping[at]?.push(block)
      else {
        const last = homeless.at(-1)?.at(-1)
        const isNear = last !== undefined && homelessAt === at && block.start - last.end < MOST_APART
        if (isNear) homeless.at(-1)?.push(block)
        else homeless.push([block])
        homelessAt = at
      }
    }
    const places = own.map(({ start, end, label }, index): FullPlace => {
      while (run < pages.length && (pages[run]?.start ?? 0) < start) ++run
      const first = run
      while (run < pages.length && (pages[run]?.start ?? 0) < end) ++run
      const inside = pages.slice(first, run)
      return { place: { process, label, start, end, stretches: [] }, blocks: inMapping[index] ?? [], pages: inside }
    })
    const gone = homeless.map((lost): FullPlace => ({ place: gonePlace(process, lost), blocks: lost, pages: [] }))
    return [...places, ...gone].sort((a, b) => a.place.start - b.place.start)
  })
}

/** Where blocks lie, or lay, that no mapping holds now; in whole pages. */
function gonePlace(process: string, blocks: readonly PlacedBlock[]): MapPlace {
  const start = Math.floor((blocks[0]?.start ?? 0) / PAGE) * PAGE
  const end = Math.ceil(blocks.reduce((most, block) => Math.max(most, block.end), start) / PAGE) * PAGE
  const lives = blocks.some(({ block }) => block.live)
  return { process, label: lives ? 'mapping not known' : 'not mapped any more', start, end, stretches: [] }
}

/** The processes of a map in order. */
export function processesOf(map: LabMap): string[] {
  const named = map.processes?.map(({ name }) => name) ?? []
  const seen = [...map.mappings.map(({ process }) => process ?? ''), ...map.blocks.map(({ process }) => process)]
  const all = [...new Set([...named, ...seen])].filter((name) => name !== '')
  return all.length > 0 ? all : ['']
}

/** The threads that have allocated in a place, in the order of addresses. */
export function threadsIn(blocks: readonly PlacedBlock[]): string[] {
  const seen = new Set<string>()
  for (const { block } of blocks) seen.add(block.thread)
  return [...seen]
}

/** Where nothing is known of blocks, the mappings in which most is resident are what there is to see. */
function withMostPages(places: readonly FullPlace[]): FullPlace[] {
  const resident = ({ pages }: FullPlace) =>
    pages.reduce((sum, { start, end, state }) => sum + (state === 'absent' ? 0 : end - start), 0)
  const most = places
    .map((place) => ({ place, bytes: resident(place) }))
    .sort((a, b) => b.bytes - a.bytes || a.place.place.start - b.place.place.start)
    .slice(0, MOST_STRETCHES)
    .map(({ place }) => place)
  return places.filter((place) => most.includes(place))
}

/** Cuts blocks where most is empty between them, until there are as many pieces as there is room for. */
function cut(lists: readonly (readonly PlacedBlock[])[]): PlacedBlock[][][] {
  const gaps: { size: number; list: number; at: number }[] = []
  for (const [list, blocks] of lists.entries()) {
    let reach = 0
    let before = 0
    for (const [at, { start, end }] of blocks.entries()) {
      // Between large blocks a page is nothing.
      const least = Math.max(LEAST_GAP, Math.min(before, end - start) / 8)
      if (at > 0 && start - reach > least) gaps.push({ size: start - reach, list, at })
      reach = Math.max(reach, end)
      before = end - start
    }
  }
  gaps.sort((a, b) => b.size - a.size || a.list - b.list || a.at - b.at)
  const taken = gaps.slice(0, Math.max(0, MOST_STRETCHES - lists.length))
  return lists.map((blocks, list) => {
    const cuts = taken.flatMap((gap) => (gap.list === list ? [gap.at] : [])).sort((a, b) => a - b)
    return [0, ...cuts].map((from, index) => blocks.slice(from, cuts[index] ?? blocks.length))
  })
}

/** The stretches in rows. Where the first row of one reaches into the last of another they become one. */
function scaled(kept: readonly FullPlace[], pieces: readonly PlacedBlock[][][]): MapPlace[] {
  const places = kept.map(({ place, blocks, pages }, at): MapPlace => {
    const groups = blocks.length > 0 ? (pieces[at] ?? []) : [[]]
    return { ...place, stretches: groups.map((group) => stretchOf(place, group, pages)) }
  })
  scaleRows(places.flatMap(({ stretches }) => stretches))
  let joined = false
  const again = places.map(({ stretches }) => {
    const groups: PlacedBlock[][] = []
    let reach = Number.NEGATIVE_INFINITY
    for (const { start, end, blocks } of stretches) {
      if (start < reach) {
        groups.push([...(groups.pop() ?? []), ...blocks])
        joined = true
      } else groups.push(blocks)
      reach = end
    }
    return groups
  })
  return joined ? scaled(kept, again) : places
}

function stretchOf(place: MapPlace, blocks: PlacedBlock[], pages: readonly PlacedPages[]): Stretch {
  const start = blocks[0]?.start ?? place.start
  const end = blocks.length === 0 ? place.end : blocks.reduce((most, block) => Math.max(most, block.end), start + 1)
  return { ...{ start, end, rowBytes: end - start, rows: 1, blocks }, pages: [...pages] }
}

/** Rows of a power of two, so that what is aligned stands in line; a stretch of one block is one row. */
function scaleRows(stretches: readonly Stretch[]): void {
  const wanted = stretches.map(({ start, end, blocks }) => (limit: number) => {
    if (blocks.length <= 1) return null
    let bytes = LEAST_ROW
    while (Math.ceil(end / bytes) - Math.floor(start / bytes) > limit) bytes *= 2
    return { bytes, from: Math.floor(start / bytes) * bytes, rows: Math.ceil(end / bytes) - Math.floor(start / bytes) }
  })
  const limit = ROW_LIMITS.find((each) => wanted.reduce((sum, of) => sum + (of(each)?.rows ?? 1), 0) <= MOST_ROWS) ?? 2
  for (const [at, stretch] of stretches.entries()) {
    const scaled = wanted[at]?.(limit) ?? null
    if (scaled === null) continue
    stretch.start = scaled.from
    stretch.rowBytes = scaled.bytes
    stretch.rows = scaled.rows
    stretch.end = scaled.from + scaled.bytes * scaled.rows
  }
}
