/** By what the blocks of a map are coloured, and what is written on them: thread, process, size class or age. */

import type { LabMap, LabMapBlock } from '../../types.ts'
import { formatBytes } from '../units.ts'
import { SERIES, STEPS } from './colours.ts'
import { processesOf } from './map-places.ts'

/** What a block's colour tells. */
export type MapColour = 'thread' | 'process' | 'size' | 'age'

/** The colouring of one map. */
export interface MapColouring {
  /** The class of a block's fill: `f0` and so on for things of a kind, `q0` and so on for amounts. */
  fill(block: LabMapBlock): string
  /** A short name to write on a block; empty for none. */
  mark(block: LabMapBlock): string
  /** What the colours mean, in order. */
  legend: { fill: string; text: string }[]
}

/** More entries than this fill the picture and help nobody. */
const MOST_ENTRIES = 16
const LEAST_SHADE = 2

/** The threads of a map in the order in which they first allocate; those of forks count by their names. */
export function threadsOf(map: LabMap): string[] {
  const first = new Map<string, number>()
  for (const { thread, age } of map.blocks) {
    const known = first.get(thread)
    if (known === undefined || age < known) first.set(thread, age)
  }
  return [...first].sort((a, b) => a[1] - b[1]).map(([thread]) => thread)
}

/** Colours and marks for a map. */
export function colouringOf(map: LabMap, by: MapColour): MapColouring {
  if (by === 'thread') return byName(threadsOf(map), ({ thread }) => thread)
  if (by === 'process') return byName(processesOf(map), ({ process }) => process)
  if (by === 'size') return bySize(map)
  return byAge(map)
}

function byName(names: readonly string[], nameOf: (block: LabMapBlock) => string): MapColouring {
  const places = new Map(names.map((name, at) => [name, at]))
  const marks = marksOf(names)
  const at = (block: LabMapBlock) => places.get(nameOf(block)) ?? 0
  const legend = names.slice(0, MOST_ENTRIES).map((name, index) => {
    const mark = marks[index] ?? ''
    return {
      fill: `f${index % SERIES}`,
      text: name.endsWith(mark) || name.startsWith(mark) ? name : `${mark}: ${name}`,
    }
  })
  if (names.length > MOST_ENTRIES) {
    legend.push({ fill: '', text: `and ${names.length - MOST_ENTRIES} more, the colours again from the first` })
  }
  return { fill: (block) => `f${at(block) % SERIES}`, mark: (block) => marks[at(block)] ?? '', legend }
}

/** Short names: the number at the end of a name, else its first letter, else a number by its place. */
export function marksOf(names: readonly string[]): string[] {
  const short = names.map(
    (name) => /(\d{1,3})$/.exec(name)?.[1] ?? (/^\p{L}/u.test(name) && !/\d$/.test(name) ? name[0] : ''),
  )
  const unique = short.every((mark, at) => mark !== '' && short.indexOf(mark) === at)
  return names.map((_, at) => (unique ? (short[at] ?? '') : String(at + 1)))
}

/** The step of the ramp for a share; the lightest would not stand out from what is empty. */
export function shadeOf(share: number): number {
  return LEAST_SHADE + Math.min(STEPS - 1 - LEAST_SHADE, Math.floor(share * (STEPS - LEAST_SHADE)))
}

/** Steps of size, each a power of two of bytes or several. */
function bySize(map: LabMap): MapColouring {
  const sizeOf = ({ sizeClass, size }: LabMapBlock) => Math.max(1, sizeClass ?? size)
  const powers = map.blocks.map((block) => Math.ceil(Math.log2(sizeOf(block))))
  const low = powers.reduce((least, power) => Math.min(least, power), powers[0] ?? 0)
  const high = powers.reduce((most, power) => Math.max(most, power), low)
  const each = Math.max(1, Math.ceil((high - low + 1) / STEPS))
  const count = Math.floor((high - low) / each) + 1
  const shade = (step: number) => shadeOf(count === 1 ? 0.5 : step / (count - 1))
  const stepOf = (block: LabMapBlock) => Math.floor((Math.ceil(Math.log2(sizeOf(block))) - low) / each)
  const legend = Array.from({ length: count }, (_, step) => ({
    fill: `q${shade(step)}`,
    text: `to ${formatBytes(2 ** (low + (step + 1) * each - 1)).replace('.00', '')}`,
  }))
  return { fill: (block) => `q${shade(stepOf(block))}`, mark: () => '', legend: map.blocks.length > 0 ? legend : [] }
}

function byAge(map: LabMap): MapColouring {
  const last = map.blocks.reduce((most, { age }) => Math.max(most, age), 0)
  const named = ['first allocated', 'a third', 'two thirds', 'last allocated'].map((text, at) => ({
    ...{ fill: `q${shadeOf(at / 3)}`, text },
  }))
  return {
    fill: ({ age }) => `q${shadeOf(age / Math.max(1, last))}`,
    mark: () => '',
    legend: map.blocks.length > 0 ? named : [],
  }
}
