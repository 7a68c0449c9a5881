/**
 * How a heap is written: `name:key=value:key=value`, or the path of a library, which has a slash, with or without
 * tunables. Paths may hold colons and commas, values may hold colons and slashes, so that only `:key=` divides.
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'

/** A heap as it was asked for. */
export interface HeapSpec {
  /** The whole text. */
  text: string
  /** The name, or the path as it was written. */
  name: string
  isPath: boolean
  tunables: readonly { key: string; value: string }[]
}

const shape = 'a heap (name, name:key=value or path/of/library.so)'

/**
 * Takes a heap's text apart.
 * @throws Alloc8Error USAGE for an empty text, HEAP_TUNABLE for a tunable without a value or one that stands twice
 */
export function parseSpec(text: string, cwd: string = process.cwd()): HeapSpec {
  if (typeof text !== 'string' || text.trim() === '' || text.includes('\0')) throw usageError('heap', shape, text)
  const dividers = [...text.matchAll(/:(?=[A-Za-z_][\w.]*=)/g)].map((match) => match.index)
  const isPath = text.slice(0, dividers[0]).includes('/') || (text.includes('/') && existsSync(resolve(cwd, text)))
  const end = isPath ? endOfPath(text, dividers, cwd) : (dividers[0] ?? text.length)
  const name = text.slice(0, end)
  const tunables = parsePairs(text, [...dividers.filter((at) => at >= end), text.length])
  if (!isPath && name.includes(':')) throw withoutValue(name)
  return { text, name, isPath, tunables }
}

/** The longest beginning that is a file is the path; where none is, all before the first `:key=`. */
function endOfPath(text: string, dividers: readonly number[], cwd: string): number {
  const ends = [text.length, ...dividers.toReversed()]
  return ends.find((end) => existsSync(resolve(cwd, text.slice(0, end)))) ?? dividers[0] ?? text.length
}

function parsePairs(text: string, bounds: readonly number[]): { key: string; value: string }[] {
  const pairs: { key: string; value: string }[] = []
  for (const [index, start] of bounds.slice(0, -1).entries()) {
    const pair = text.slice(start + 1, bounds[index + 1])
    const key = pair.slice(0, pair.indexOf('='))
    if (pairs.some((each) => each.key === key)) {
      throw new Alloc8Error('HEAP_TUNABLE', `${text}: ${key} is given twice`, { hint: `keep one ${key}=` })
    }
    pairs.push({ key, value: pair.slice(key.length + 1) })
  }
  return pairs
}

/** `jemalloc:narenas` and `jemalloc:narenas:2`: what follows the name is no tunable. */
function withoutValue(name: string): Alloc8Error {
  const [heap, rest = ''] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)]
  return new Alloc8Error('HEAP_TUNABLE', `${heap}: expected key=value, got ${JSON.stringify(rest)}`, {
    hint: `a tunable is written ${heap || 'heap'}:key=value`,
  })
}

/**
 * Divides the list of `--heaps a,b,c`.
 * @throws Alloc8Error USAGE where a name is empty
 */
export function splitHeapList(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.some((part) => part === '')) {
    throw usageError('--heaps', 'heaps divided by commas (for a path with a comma, --heap once for each)', text)
  }
  return parts
}
