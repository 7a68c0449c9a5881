/**
 * Finds allocator libraries where the loader would: LD_LIBRARY_PATH, the loader's cache, then the usual folders. A file
 * counts only when a program of this machine could load it and it offers a malloc.
 */

import { readdirSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { exportsMalloc } from '../binding/closure.ts'
import { readElf } from '../binding/elf.ts'
import { type CacheEntry, readLoaderCache } from '../binding/loader-cache.ts'
import { cacheFlagsOf, libraryFolders, type Platform, platform } from '../binding/machine.ts'
import type { Family } from './family.ts'

/** Where to look; this machine's own places unless given. */
export interface SearchPlaces {
  env?: NodeJS.ProcessEnv
  cache?: readonly CacheEntry[]
  folders?: readonly string[]
}

/**
 * One search for many libraries: folders are listed once. Make a new one to see what was installed meanwhile.
 */
export class LibrarySearch {
  readonly #platform: Platform
  readonly #ownFolders: readonly string[]
  readonly #folders: readonly string[]
  readonly #cache: readonly CacheEntry[]
  readonly #names = new Map<string, readonly string[]>()

  constructor(places: SearchPlaces = {}) {
    this.#platform = platform()
    const flags = cacheFlagsOf(this.#platform.elf)
    const cache = places.cache ?? readLoaderCache()
    this.#ownFolders = ((places.env ?? process.env).LD_LIBRARY_PATH ?? '').split(/[:;]/).filter((each) => each !== '')
    this.#folders = distinctFolders(places.folders ?? libraryFolders(this.#platform))
    this.#cache = cache.filter((entry) => entry.flags === flags)
  }

  /** The library of a family, or null where none is installed. */
  family(family: Family): string | null {
    for (const library of family.libraries) {
      const found = this.library(library)
      if (found !== null) return found
    }
    const patterns = family.patterns?.(this.#platform) ?? []
    const matches = patterns.flatMap((pattern) => this.#expand(pattern))
    return newestFirst(matches, (path) => path).find((path) => isHeapLibrary(path, this.#platform)) ?? null
  }

  /** A library by its name without a version (`libjemalloc.so`); of several versions in one place, the newest. */
  library(name: string): string | null {
    const places = [
      ...this.#ownFolders.map((folder) => () => this.#inFolder(folder, name)),
      () => this.#cache.filter((entry) => isVersionOf(entry.soname, name)).map((entry) => entry.path),
      ...this.#folders.map((folder) => () => this.#inFolder(folder, name)),
    ]
    for (const candidates of places) {
      const found = newestFirst(candidates(), basename).find((path) => isHeapLibrary(path, this.#platform))
      if (found !== undefined) return found
    }
    return null
  }

  #inFolder(folder: string, name: string): string[] {
    return this.#list(folder)
      .filter((each) => isVersionOf(each, name))
      .map((each) => join(folder, each))
  }

  /** The paths that match a pattern whose `*` stand for parts of one folder's name each. */
  #expand(pattern: string): string[] {
    let paths = ['/']
    for (const part of pattern.split('/').filter((each) => each !== '')) {
      const matches = new RegExp(`^${part.replace(/[.+]/g, '\\$&').replaceAll('*', '.*')}$`)
      paths = paths.flatMap((path) =>
        this.#list(path)
          .filter((each) => matches.test(each))
          .map((each) => join(path, each)),
      )
    }
    return paths
  }

  #list(folder: string): readonly string[] {
    let names = this.#names.get(folder)
    if (names === undefined) {
      names = listFolder(folder)
      this.#names.set(folder, names)
    }
    return names
  }
}

/** Whether a file name is `libx.so` itself or one of its versions, `libx.so.2.0`. */
function isVersionOf(fileName: string, library: string): boolean {
  return fileName.startsWith(library) && /^(\.\d+)*$/.test(fileName.slice(library.length))
}

/**
 * Sorts paths by the numbers in a part of them, highest first and 10 above 9; of equal ones the first stays first. A
 * number that is an architecture's name is not a version.
 */
export function newestFirst(paths: readonly string[], part: (path: string) => string): string[] {
  const architecture = /x86_64|aarch64|lib(32|64)/g
  const numbers = (path: string) => (part(path).replaceAll(architecture, '').match(/\d+/g) ?? []).map(Number)
  const sortable = paths.map((path) => ({ path, numbers: numbers(path) }))
  const compare = (a: number[], b: number[]) => {
    const length = Math.max(a.length, b.length)
    return Array.from({ length }, (_, at) => (b[at] ?? -1) - (a[at] ?? -1)).find((each) => each !== 0) ?? 0
  }
  return sortable.sort((a, b) => compare(a.numbers, b.numbers)).map(({ path }) => path)
}

function isHeapLibrary(path: string, { elf: expected }: Platform): boolean {
  try {
    const elf = readElf(path)
    return elf !== null && elf.bits === expected.bits && elf.machine === expected.machine && exportsMalloc(elf)
  } catch {
    return false
  }
}

/** Folders that exist, each once: /lib is /usr/lib on most machines. The first name of a folder is kept. */
function distinctFolders(folders: readonly string[]): string[] {
  const real = new Map<string, string>()
  for (const folder of folders) {
    try {
      const path = realpathSync(folder)
      if (!real.has(path)) real.set(path, folder)
    } catch {
      // Not every machine has every folder.
    }
  }
  return [...real.values()]
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
