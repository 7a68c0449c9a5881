/**
 * What is written down about an allocator family: how its library is called, which package has it, how its options
 * are passed and what they are. One table file per family stands in known/; this file gives them their shape.
 */

import type { Platform } from '../binding/machine.ts'
import type { Tunable } from '../types.ts'

/** One option of an allocator: what users see of it, and how its value is checked and passed. */
export interface TunableSpec extends Tunable {
  /** Its name in the environment, or within a list-like variable. */
  variable: string
  minimum?: bigint
  maximum?: bigint
  /** The only words that a string takes. */
  words?: readonly string[]
  /** A text that a library holds where the option does something; its name alone is also in builds without it. */
  trace?: string
  /** A tunable without which this one makes the library abort. */
  together?: string
  /** What any other string must look like, with the words for it: `a number of at least 0`. */
  pattern?: { matches: RegExp; expected: string }
}

/** How options reach the library: all in one variable, or each in a variable of its own. */
export type Passing = { kind: 'list'; variable: string; separator: string; assign: string } | { kind: 'each' }

/** An allocator family. */
export interface Family {
  name: string
  /** File names of the library without the version behind `.so`; the first that is found is taken. */
  libraries: readonly string[]
  /** Paths with `*` where no soname leads to the library; of several, the one with the highest version is taken. */
  patterns?: (on: Platform) => readonly string[]
  /** Base names that belong to this family when a library is given as a file. */
  fileName: RegExp
  /** Debian's package, or null where there is none. */
  debianPackage: string | null
  passing: Passing
  /** What true and false are called. */
  booleans: readonly [yes: string, no: string]
  tunables: readonly TunableSpec[]
  /** A library beside the preloaded one that really holds the allocator, with its options and version. */
  implementation?: string
  /**
   * The strings of which a library must hold one to know an option. Lists are made from a release's sources, and an
   * installed library may be older, newer or built without an option: what it does not hold, it does not know.
   */
  evidence(tunable: TunableSpec): readonly string[]
  /** The version, from the library's bytes and path; null where neither says. */
  version(library: LibraryFile): string | null
}

/** A library's file as version readers see it. */
export interface LibraryFile {
  path: string
  bytes: Buffer
}

/** What a row may say beyond its name, kind, default and description. */
type Details = Partial<Omit<TunableSpec, keyof Tunable>>

function tunable(kind: Tunable['kind']) {
  return (key: string, defaultValue: string | null, description: string, details: Details = {}) => {
    const spec: TunableSpec = { key, kind, default: defaultValue, description, variable: key, ...details }
    return spec
  }
}

/** Makers of table rows: key, the heap's own default (null: it depends), one line on what it does, details. */
export const integer = tunable('integer')
export const size = tunable('size')
export const boolean = tunable('boolean')
export const text = tunable('string')

/** The same rows with their names as environment variables: `release_rate` is TCMALLOC_RELEASE_RATE. */
export function prefixed(prefix: string, rows: readonly TunableSpec[]): TunableSpec[] {
  return rows.map((row) => ({ ...row, variable: prefix + row.key.toUpperCase() }))
}

/** The first match of a pattern (its first group) in a library's bytes, or null. */
export function stringIn({ bytes }: LibraryFile, anchor: string, pattern: RegExp): string | null {
  let at = bytes.indexOf(anchor)
  while (at >= 0) {
    const around = bytes.toString('latin1', Math.max(0, at - 64), at + anchor.length + 64)
    const match = pattern.exec(around)
    if (match?.[1] !== undefined) return match[1]
    at = bytes.indexOf(anchor, at + 1)
  }
  return null
}

/** The digits behind `.so.` in a library's real name (libmimalloc.so.2.0 says 2.0): the last resort for a version. */
export function fileNameVersion(realPath: string): string | null {
  return /\.so\.([0-9][0-9.]*)$/.exec(realPath)?.[1] ?? null
}
