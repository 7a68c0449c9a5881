/**
 * What an installed library says of itself: its version, and which of the listed options it knows. Read from the file
 * without running it, once for as long as the file does not change.
 */

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Family, fileNameVersion, type LibraryFile, type TunableSpec } from './family.ts'

/** The version (null: not to be known) and the options of one library. */
export interface LibraryFacts {
  version: string | null
  tunables: readonly TunableSpec[]
}

/** Allocators are small; a larger file is not searched for strings. */
const sizeLimit = 64 * 1024 * 1024

const known = new Map<string, LibraryFacts>()

/**
 * The facts about a family's library.
 * @param path the library that is preloaded
 * @param optionsFrom the file that reads the options, where that is another
 */
export function libraryFacts(family: Family, path: string, optionsFrom?: string): LibraryFacts {
  const implementation = implementationOf(family, path)
  const options = optionsFrom ?? implementation
  const key = [family.name, stamp(path), stamp(implementation), stamp(options)].join('\n')
  const remembered = known.get(key)
  if (remembered !== undefined) return remembered
  const library = { path: implementation, bytes: readSmall(implementation) }
  const optionBytes = options === implementation ? library.bytes : readSmall(options)
  const facts = {
    version: versionOf(family, library) ?? fileNameVersion(realPath(path)),
    tunables: family.tunables.filter(
      (tunable) => holdsOneOf(optionBytes, family.evidence(tunable)) && optionBytes.includes(tunable.trace ?? ''),
    ),
  }
  known.set(key, facts)
  return facts
}

/** The library that really holds the allocator: the preloaded one, or the one beside it that it needs. */
function implementationOf(family: Family, path: string): string {
  if (family.implementation === undefined) return path
  const suffix = /\.so(\.[\d.]*)?$/.exec(path)?.[1] ?? ''
  const beside = [path, realPath(path)].map((each) => join(dirname(each), family.implementation + suffix))
  return beside.find((each) => existsSync(each)) ?? path
}

function versionOf(family: Family, library: LibraryFile): string | null {
  try {
    return family.version(library)
  } catch {
    return null
  }
}

/** Whether a file holds one of the strings, each with the zero that ends it: no beginning of a longer one counts. */
function holdsOneOf(bytes: Buffer, strings: readonly string[]): boolean {
  return strings.some((each) => bytes.includes(`${each}\0`))
}

function readSmall(path: string): Buffer {
  try {
    return statSync(path).size > sizeLimit ? Buffer.alloc(0) : readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}

function stamp(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false })
  return [path, status?.dev, status?.ino, status?.size, status?.mtimeMs].join(' ')
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
