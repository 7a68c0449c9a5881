/**
 * Whether blocks of an image can come from elsewhere though all that shows in its bindings lands in the heap: from an
 * allocator that its executable or a library carries under whatever names, or from a library's own malloc that the
 * library itself uses before any preloaded one. Both show in the files alone.
 */

import { basename, dirname, resolve } from 'node:path'
import type { CarriedAllocator, OfferedMalloc } from '../binding/allocators.ts'
import { libraryFolders } from '../binding/machine.ts'
import { type JournalEntry, journalFlags, type WitnessRecord } from '../binding/native.ts'
import { identifyHeap } from '../heaps/index.ts'
import type { Reason } from '../types.ts'
import type { ProcessImage } from './images.ts'
import { withLate } from './late.ts'
import { reasonFor } from './reasons.ts'

/** How files are looked at. */
export interface LibraryLooks {
  /** Where the target was started: what relative paths are relative to. */
  workingFolder: string
  /** The allocators that a file carries under whatever names. */
  carried(path: string): CarriedAllocator[]
  /** The malloc that a file offers to others, or null. */
  offered(path: string): OfferedMalloc | null
  /** The names of the libraries that a file needs. */
  needed(path: string): readonly string[]
  exists(path: string): boolean
}

/** What an image has loaded, by path. */
interface Loaded {
  /** Whatever is in it for certain. */
  objects: string[]
  /** Those of them that define malloc. */
  definers: Set<string>
  /** What it asked for: what defines all that it needs and refers to no entry point shows only here. */
  loads: { path: string; entry: JournalEntry }[]
  /** Loaded by dlmopen, and seen. */
  apart: string[]
  /** Paths that are relative, as they are. */
  relative: Set<string>
}

/** Finds what is to be suspected; what is found in a file is kept for the other images of the run. */
export class Suspicions {
  readonly #looks: LibraryLooks
  readonly #isHeap: (path: string) => boolean
  readonly #carried = new Map<string, Reason[]>()
  readonly #needed = new Map<string, readonly string[]>()

  constructor(looks: LibraryLooks, isHeap: (path: string) => boolean) {
    this.#looks = looks
    this.#isHeap = isHeap
  }

  /** The reasons for doubt in an image; `named`: its executable's own malloc is named already. */
  of(image: ProcessImage, record: WitnessRecord, named: boolean): Reason[] {
    const loaded = this.#loadedInto(image, record)
    const { objects, definers, loads } = loaded
    const paths = new Set([...objects, ...loads.map(({ path }) => path).filter(isPath)])
    const ofHeap = this.#partsOfHeap(objects)
    const libraries = [...paths].filter((path) => !isSystemLibrary(path) && !ofHeap.has(path))
    // Whether a malloc that is offered is reached shows in the bindings.
    const carrying = libraries.filter((path) => !definers.has(path) && this.#looks.offered(path) === null)
    return [
      ...(named ? carrying : [record.executable, ...carrying]).flatMap((path) => this.#carriedBy(path)),
      ...this.#ownMallocs(loaded),
      ...unseenNamespaces(loaded, image.unseenLoads),
      ...this.#outOfSight(loaded),
    ]
  }

  #loadedInto({ late, loads }: ProcessImage, record: WitnessRecord): Loaded {
    const { merged, apart } = withLate(record, late)
    const pathsOf = ({ objects }: WitnessRecord) => objects.filter(isPath).map((path) => this.#absolute(path))
    const definers = merged.definitions
      .filter(({ symbol }) => symbol === 'malloc')
      .map(({ object }) => this.#absolute(merged.objects[object] || record.executable))
    return {
      objects: [merged, ...apart].flatMap(pathsOf),
      definers: new Set(definers),
      loads: loads.map((entry) => ({ path: isPath(entry.text) ? this.#absolute(entry.text) : entry.text, entry })),
      apart: apart.flatMap(pathsOf),
      relative: new Set(
        [...[merged, ...apart].flatMap(({ objects }) => objects), ...loads.map(({ text }) => text)].filter(isRelative),
      ),
    }
  }

  /** The heap with all that it needs: the allocator itself can be in a library of its own, as tbbmalloc's is. */
  #partsOfHeap(objects: readonly string[]): Set<string> {
    const parts = new Set(objects.filter((path) => this.#isHeap(path)))
    // A set's walk takes in what is added meanwhile.
    for (const part of parts) {
      const needed = this.#needed.get(part) ?? this.#looks.needed(part)
      this.#needed.set(part, needed)
      for (const path of objects) if (needed.includes(basename(path))) parts.add(path)
    }
    return parts
  }

  #absolute(path: string): string {
    return resolve(this.#looks.workingFolder, path)
  }

  #carriedBy(path: string): Reason[] {
    const known = this.#carried.get(path)
    if (known !== undefined) return known
    const reasons = this.#looks.carried(path).map(({ allocator, evidence }) => {
      const what = allocator === 'unknown' ? 'an allocator' : allocator
      return reasonFor('suspected', `${path} carries ${what} of its own: ${evidence}`)
    })
    this.#carried.set(path, reasons)
    return reasons
  }

  /** The program was in another folder when it loaded them, which nobody has noted. */
  #outOfSight({ relative }: Loaded): Reason[] {
    const { workingFolder, exists } = this.#looks
    return [...relative]
      .filter((path) => !exists(this.#absolute(path)))
      .map((path) =>
        reasonFor('library-unseen', `${path} was asked for by a path that leads nowhere from ${workingFolder}`),
      )
  }

  /** Libraries that define malloc and use it themselves, whatever is preloaded. */
  #ownMallocs({ definers, loads }: Loaded): Reason[] {
    const found = new Map<string, string>()
    const add = (path: string, how: (offered: OfferedMalloc) => string | null) => {
      if (found.has(path) || !isPath(path) || this.#isHeap(path) || isKnownAllocator(path)) return
      const offered = this.#looks.offered(path)
      const why = offered === null ? null : how(offered)
      if (why !== null) found.set(path, why)
    }
    for (const { path, entry } of loads) add(path, ({ symbolic }) => whyOwn(symbolic, entry.flags))
    for (const path of definers) add(path, ({ symbolic }) => whyOwn(symbolic, 0))
    return [...found].map(([path, why]) => reasonFor('suspected', `${path} defines malloc and ${why}: it uses its own`))
  }
}

/** Libraries that dlmopen was asked for and of which nothing shows: they refer to no entry point, but their libc does. */
function unseenNamespaces({ loads, apart }: Loaded, named: readonly JournalEntry[]): Reason[] {
  const seen = new Set(apart.map((path) => basename(path)))
  return loads
    .filter(({ entry }) => (entry.flags & journalFlags.ownNamespace) !== 0 && !named.includes(entry))
    .filter(({ path }) => !seen.has(basename(path)))
    .map(({ path }) => reasonFor('own-namespace', `${path} was asked for by dlmopen, into a namespace of its own`))
}

function whyOwn(symbolic: boolean, flags: number): string | null {
  if ((flags & journalFlags.ownNamespace) !== 0) return 'was loaded into a namespace of its own'
  if ((flags & journalFlags.deepBound) !== 0) return 'was opened with RTLD_DEEPBIND'
  return symbolic ? 'is linked with -Bsymbolic' : null
}

/** The descriptors under /proc are the target's own, and mean other files here. */
function isPath(path: string): boolean {
  return path.includes('/') && !path.startsWith('/proc/')
}

function isRelative(path: string): boolean {
  return isPath(path) && !path.startsWith('/')
}

/** libc, the loader and the known allocators are built to be replaced, however they were linked. */
function isKnownAllocator(path: string): boolean {
  return /^ld[-.]/.test(basename(path)) || identifyHeap(path, null) !== null
}

let systemFolders: ReadonlySet<string> | undefined

/**
 * What the distribution's packages put straight into its library folders is seen by its bindings; reading all of it
 * would take longer than most runs. Plug-ins in folders below are anybody's, and what is called an allocator may be
 * called by names of its own.
 */
function isSystemLibrary(path: string): boolean {
  const name = basename(path)
  if (name.startsWith('liballoc8-')) return true
  systemFolders ??= new Set(libraryFolders().filter((folder) => !folder.startsWith('/usr/local/')))
  return systemFolders.has(dirname(path)) && !name.includes('alloc')
}
