/**
 * Which heap a library is that some process has loaded, by its name: the way back from a file to what one would write
 * behind --heap.
 */

import { basename } from 'node:path'
import { packageVersion } from '../binding/native.ts'
import { builtinHeaps } from './builtin.ts'
import type { Family } from './family.ts'
import { glibc } from './known/glibc.ts'
import { families } from './known/index.ts'
import { libraryFacts } from './library-facts.ts'

/** A heap by the file that holds it. */
export interface IdentifiedHeap {
  /** As one writes it behind --heap. */
  name: string
  version: string | null
}

/**
 * The heap that a library's path names, or null.
 * @param path as the process sees it
 * @param readable where this process can read the file; null where it cannot, and the version is not known
 */
export function identifyHeap(path: string, readable: string | null): IdentifiedHeap | null {
  const file = basename(path)
  const builtin = builtinHeaps.find(({ library }) => library === file)
  if (builtin !== undefined) return { name: builtin.name, version: packageVersion() }
  const family = [glibc(null), ...families].find(({ fileName }) => fileName.test(file))
  return family === undefined ? null : { name: family.name, version: versionOf(family, readable) }
}

function versionOf(family: Family, readable: string | null): string | null {
  try {
    return readable === null ? null : libraryFacts(family, readable).version
  } catch {
    return null
  }
}
