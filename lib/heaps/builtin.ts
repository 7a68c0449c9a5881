/** The heaps that alloc8 brings along: each a library among the native products. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nativeDirectory, nativeFile, packageVersion } from '../binding/native.ts'
import type { HeapInfo } from '../types.ts'
import type { Family } from './family.ts'
import { arena } from './known/arena.ts'
import { hoard } from './known/hoard.ts'
import { multiarena } from './known/multiarena.ts'
import { publicTunable } from './tunables.ts'

/**
 * A built-in heap. `general`: made for any program, and so part of a comparison that names no heaps. `family` has its
 * tunables, null where it has none. `declines`: cases of the conformance kit whose subject it does not offer by its
 * nature, and why; its README says the same.
 */
export interface BuiltinHeap {
  name: string
  library: string
  general: boolean
  family: Family | null
  declines: Readonly<Record<string, string>>
}

const takesAllForItsOwn = "it does not tell its blocks from libc's, which a deeply bound plugin hands over"

const foreignDeclines: Readonly<Record<string, string>> = { 'early/deepbind': takesAllForItsOwn }

const neverReuses = 'an arena reuses no memory but the last block of a thread'

const arenaDeclines: Readonly<Record<string, string>> = {
  ...foreignDeclines,
  'memory/limit-small': neverReuses,
  'memory/reuse': neverReuses,
  'threads/free-only': neverReuses,
  'threads/short': neverReuses,
}

export const builtinHeaps: readonly BuiltinHeap[] = [
  { name: 'simple', library: 'liballoc8-simple.so', general: true, family: null, declines: foreignDeclines },
  {
    name: 'multiarena',
    library: 'liballoc8-multiarena.so',
    general: true,
    family: multiarena,
    declines: foreignDeclines,
  },
  { name: 'arena', library: 'liballoc8-arena.so', general: false, family: arena, declines: arenaDeclines },
  { name: 'hoard', library: 'liballoc8-hoard.so', general: true, family: hoard, declines: {} },
]

/** The files of the built-in heaps, as they are called among the native products. */
export const builtinLibraryNames: readonly string[] = builtinHeaps.map(({ library }) => library)

/** How a built-in heap is listed; its path is null where it is not built. */
export function builtinInfo({ name, library, family }: BuiltinHeap): HeapInfo {
  const path = join(nativeDirectory(), library)
  const tunables = (family?.tunables ?? []).map(publicTunable)
  return { name, kind: 'builtin', path: existsSync(path) ? path : null, version: packageVersion(), tunables }
}

/** The cases of the conformance kit that a heap declines, with its reasons; none where it is not built in. */
export function declinedCases({ kind, name }: Pick<HeapInfo, 'kind' | 'name'>): Readonly<Record<string, string>> {
  return (kind === 'builtin' ? builtinHeaps.find((heap) => heap.name === name)?.declines : undefined) ?? {}
}

/**
 * The library of a built-in heap.
 * @throws Alloc8Error NATIVE where it is not built
 */
export function builtinLibrary({ library }: BuiltinHeap): string {
  return nativeFile(library)
}
