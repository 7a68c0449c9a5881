/**
 * Perf maps in a kept session. They lie in /tmp, where the system clears them away and a later process of the same number
 * writes over them; so a session that is kept takes along the lines that name what was sampled, and no others: the maps
 * themselves have hundreds of megabytes.
 */

import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { RawSamples } from '../binding/native.ts'
import { readUpTo, withFile } from '../session/files.ts'
import type { SessionSamples } from '../session/samples.ts'
import { splitFrame } from './frames.ts'
import { ifThere, linesOf, longest, lookUp, perfMapFolder, readPerfMap } from './perf-map.ts'
import type { Place } from './tool.ts'

/** Of one process. As many samples as there is room for need less. */
const mostBytes = 16 << 20

/** A number is used again within a session, by a program that another becomes by exec. */
const keptName = ({ pid, startNs }: RawSamples) => `${pid}-${startNs}.map`

/** The addresses of a process that are in no file. */
export function nameless({ sites }: RawSamples): number[] {
  const seen = new Set<bigint>()
  for (const { frames } of sites) for (const frame of frames) seen.add(frame)
  return [...seen].map(splitFrame).flatMap(({ module, address }) => (module < 0 ? [address] : []))
}

/** The sampled processes from which one descends, the nearest first. */
export function ancestors(raw: RawSamples, all: readonly RawSamples[]): RawSamples[] {
  const found: RawSamples[] = []
  let child = raw
  for (;;) {
    const { ppid, startNs } = child
    const parent = all.findLast((each) => each.pid === ppid && each.startNs < startNs && !found.includes(each))
    if (parent === undefined) return found
    found.push(parent)
    child = parent
  }
}

/**
 * Writes into the folder of a session what maps say of its samples. Where that cannot be done the session is as good as
 * without: the maps are looked for again when it is read.
 */
export function keepPerfMaps({ samples, bornMs }: SessionSamples, directory: string, maps = perfMapFolder): void {
  for (const raw of samples) {
    const wanted = new Set(nameless(raw))
    const parts: Buffer[] = []
    // What the process wrote itself goes before what its ancestors did: of lines for one address the last one holds.
    for (const { pid } of wanted.size === 0 ? [] : [raw, ...ancestors(raw, samples)]) {
      const map = orNull(() => readPerfMap(pid, bornMs, maps))
      if (map !== null) parts.unshift(excerpt(map, wanted))
    }
    if (parts.some(({ length }) => length > 0)) orNull(() => write(join(directory, keptName(raw)), parts))
  }
}

/** The lines of a map that name addresses, in its order; those addresses are not wanted any more. */
function excerpt(map: Buffer, wanted: Set<number>): Buffer {
  const lines = linesOf(map, wanted)
  for (const address of lines.keys()) wanted.delete(address)
  const ends = new Map([...lines.values()].map(({ start, name, end }) => [start, Math.min(end, name + longest)]))
  const sorted = [...ends].sort(([a], [b]) => a - b)
  return Buffer.concat(sorted.flatMap(([start, end]) => [map.subarray(start, end), newline]))
}

const newline = Buffer.from('\n')

function write(path: string, parts: readonly Buffer[]): void {
  const all = Buffer.concat(parts)
  // Whole lines: half a name is another.
  const end = all.length <= mostBytes ? all.length : all.lastIndexOf(10, mostBytes - 1) + 1
  const fd = openSync(path, 'wx', 0o600)
  try {
    for (let at = 0; at < end; ) at += writeSync(fd, all, at, end - at)
  } finally {
    closeSync(fd)
  }
}

function orNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}

/**
 * The names that a session has kept for a process; null where it has none.
 * @throws an Error that says what is wrong with the file
 */
export function keptNames(raw: RawSamples, directory: string, addresses: Iterable<number>): Map<number, Place> | null {
  return ifThere(() =>
    withFile(join(directory, keptName(raw)), mostBytes, (fd, length) => lookUp(readUpTo(fd, length), addresses)),
  )
}
