/**
 * Names of code that was made at run time, from the files that runtimes write for perf: /tmp/perf-PID.map, a line with
 * start, size and name for each function. They are written by the target, and anybody can write to /tmp.
 */

import { fstatSync } from 'node:fs'
import { join } from 'node:path'
import { readUpTo, withFile } from '../session/files.ts'
import type { Place } from './tool.ts'

/** A day of `--perf-basic-prof` writes some hundred megabytes. */
const largestBytes = 400 << 20

/** Where perf looks for them. */
export const perfMapFolder = '/tmp'

/**
 * The names of addresses in the map of a process; those that it does not name are missing. Null where there is no map.
 *
 * @param since a map that was not written to after this time (in milliseconds since 1970) is of another process
 * @throws an Error that says what is wrong with the file
 */
export function namesFromPerfMap(
  pid: number,
  addresses: Iterable<number>,
  since = 0,
  folder = perfMapFolder,
): Map<number, Place> | null {
  const map = readPerfMap(pid, since, folder)
  return map === null ? null : lookUp(map, addresses)
}

/** The text of such a map, as `namesFromPerfMap` takes it. */
export function readPerfMap(pid: number, since: number, folder: string): Buffer | null {
  return ifThere(() =>
    withFile(join(folder, `perf-${pid}.map`), largestBytes, (fd, length) => {
      const { uid, mtimeMs } = fstatSync(fd)
      if (uid !== 0 && uid !== process.getuid?.()) throw new Error(`it belongs to user ${uid}`)
      return mtimeMs < since ? null : readUpTo(fd, length)
    }),
  )
}

/** Null where there is no such file. */
export function ifThere<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Names by the text of a map. Code is moved and its room used again: the last line that covers an address holds. */
export function lookUp(map: Buffer, addresses: Iterable<number>): Map<number, Place> {
  const names = new Map<number, Place>()
  for (const [address, { name, end }] of linesOf(map, addresses)) {
    names.set(address, readJitName(map.toString('utf8', name, Math.min(end, name + longest))))
  }
  return names
}

/** Where in a map the line of an address is: its start, its name, its end. */
interface MapLine {
  start: number
  name: number
  end: number
}

/** The lines that hold, by address; of addresses without one nothing. */
export function linesOf(map: Buffer, addresses: Iterable<number>): Map<number, MapLine> {
  const sorted = Float64Array.from(new Set(addresses)).sort()
  const lines: (MapLine | undefined)[] = Array.from(sorted, () => undefined)
  for (let at = 0; at < map.length; ) {
    const newline = map.indexOf(10, at)
    const end = newline < 0 ? map.length : newline
    const [, start = '', size = ''] =
      /^([0-9a-f]{1,16}) ([0-9a-f]{1,16}) /i.exec(map.toString('latin1', at, Math.min(end, at + 40))) ?? []
    if (start !== '') {
      const first = Number.parseInt(start, 16)
      const beyond = first + Number.parseInt(size, 16)
      const name = at + start.length + size.length + 2
      for (let index = lowerBound(sorted, first); (sorted[index] ?? beyond) < beyond; index++)
        lines[index] = { start: at, name, end }
    }
    at = end + 1
  }
  return new Map(
    lines.flatMap((line, index): [number, MapLine][] =>
      line !== undefined && line.end > line.name ? [[sorted[index] ?? 0, line]] : [],
    ),
  )
}

/** Of a name: what comes after it says nothing more. */
export const longest = 4000

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** V8's words for code that people wrote, with the sign of the tier that compiled it. */
const v8 = /^(?:LazyCompile|Function|JS|Script|Eval):[~^+*]?'? ?/

/** Where a path shows its start, so that it may hold spaces; else it starts at the last space. */
const places = [/^(?:(.*?) )?((?:file:\/\/|node:|\/).*):(\d+):\d+$/s, /^(?:(.*) )?([^ ]+):(\d+):\d+$/s]

/**
 * A name as a place. V8's `JS:*handle /srv/app.js:12:34` is `handle` in line 12 of /srv/app.js; CPython's
 * `py::handle:/srv/app.py` is `handle` in that file; others stay as they are.
 */
export function readJitName(text: string): Place {
  const name = text.trim()
  const python = /^py::(.*?):(\/.*|<.*>)$/s.exec(name)
  if (python !== null) return { function: python[1] || anonymous, file: python[2] ?? null, line: null }
  if (!v8.test(name)) return { function: name === '' ? null : name, file: null, line: null }
  const rest = name.replace(v8, '')
  const [, before = '', file, line] = places[0]?.exec(rest) ?? places[1]?.exec(rest) ?? []
  if (file === undefined) return { function: rest || anonymous, file: null, line: null }
  return { function: before.trim() || anonymous, file: file.replace(/^file:\/\//, ''), line: Number(line) }
}

const anonymous = '(anonymous)'
