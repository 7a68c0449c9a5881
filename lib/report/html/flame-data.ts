/**
 * What a flame graph's page knows of a profile: functions once each, a tree of calls, and stacks that end in it. Lines of
 * one function are one box.
 */

import type { Profile } from '../../types.ts'
import { clean } from '../layout.ts'
import { frameName, framePlace, noneOf } from '../profile-view.ts'
import type { FlameData } from './browser/flame-tree.ts'

/** Templates' names fill pages; a box never shows so much. */
const longestName = 600

/** The data of the page. */
export function flameData(profile: Profile): FlameData {
  const functions = new Table<[string, string, number]>()
  functions.add('', () => ['all', '', 0])
  const ofFrame = profile.frames.map((frame) => {
    const name = frameName(frame).slice(0, longestName)
    // Which of its lines it was is not shown, only where the function is: in a file, else in a library.
    const place = (frame.file === null ? framePlace(frame) : clean(frame.file)) ?? ''
    const home = frame.module ?? (frame.kind === 'jit' ? 'jit' : 'unknown')
    return functions.add(`${name}\0${place}\0${home}`, () => [name, place.slice(0, longestName), hueOf(home)])
  })
  const parents = [-1]
  const names = [0]
  const nodes = new Map<number, number>()
  const childOf = (parent: number, name: number) => {
    const key = parent * functions.all.length + name
    const known = nodes.get(key)
    if (known !== undefined) return known
    names.push(name)
    const made = parents.push(parent) - 1
    nodes.set(key, made)
    return made
  }
  const stacks = new Table<number[]>()
  for (const stack of profile.stacks) {
    const leaf = stack.frames.reduceRight((node, at) => childOf(node, ofFrame[at] ?? 0), 0)
    const sums = stacks.all[stacks.add(`${leaf} ${stack.thread}`, () => [leaf, stack.thread, ...empty])] ?? []
    for (const [at, value] of numbersOf(stack).entries()) sums[at + 2] = (sums[at + 2] ?? 0) + value
  }
  return {
    none: noneOf(profile),
    functions: functions.all,
    parents,
    names,
    threads: profile.threads.map(({ pid, thread, name }) => [pid, threadText(thread, name)]),
    // Fractions of a byte say nothing and fill the page.
    stacks: stacks.all.map((numbers) => numbers.map(Math.round)),
  }
}

const empty = [0, 0, 0, 0, 0, 0, 0, 0]

/** In the order that `flameTree` reads. */
function numbersOf(stack: Profile['stacks'][number]): number[] {
  const { allocatedBytes, liveBytes, allocatedBlocks, liveBlocks, samples, liveSamples } = stack
  const bytes = [allocatedBytes.value, allocatedBytes.variance, liveBytes.value, liveBytes.variance]
  return [...bytes, allocatedBlocks, liveBlocks, samples, liveSamples]
}

/** How a thread is called where it is chosen. */
function threadText(thread: number, name: string): string {
  if (thread === 0) return 'threads without a place of their own'
  return name === '' ? `thread ${thread}` : `${clean(name)} ${thread}`
}

/** The same colour for the same library in every page. */
function hueOf(home: string): number {
  let hash = 0
  for (const sign of home) hash = (Math.imul(hash, 31) + (sign.codePointAt(0) ?? 0)) >>> 0
  return (Math.imul(hash, 2654435761) >>> 0) % 360
}

/** Things that are kept once each. */
class Table<T> {
  readonly all: T[] = []
  readonly #known = new Map<string, number>()

  add(key: string, make: () => T): number {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const at = this.all.push(make()) - 1
    this.#known.set(key, at)
    return at
  }
}
