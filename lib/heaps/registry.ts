/**
 * The registry of heaps: what can be chosen on this machine, and what a choice puts into a target's environment.
 */

import { exportsMalloc } from '../binding/closure.ts'
import { type ElfInfo, readElf } from '../binding/elf.ts'
import { findInLoaderCache } from '../binding/loader-cache.ts'
import { cacheFlagsOf, libraryFolders, platform } from '../binding/machine.ts'
import { Alloc8Error } from '../errors.ts'
import type { HeapInfo, HeapsResult, ResolvedHeap } from '../types.ts'
import { builtinHeaps, builtinInfo, builtinLibrary } from './builtin.ts'
import type { Family } from './family.ts'
import { LibrarySearch } from './find.ts'
import { glibc } from './known/glibc.ts'
import { families } from './known/index.ts'
import { libraryFacts } from './library-facts.ts'
import { checkLibrary, libraryName } from './library-file.ts'
import { nearest } from './nearest.ts'
import { type HeapSpec, parseSpec } from './spec.ts'
import { publicTunable, tunableEnvironment } from './tunables.ts'

/** Where heaps are looked for; this process's own environment and folder unless given. */
export interface HeapContext {
  cwd?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
}

/** What `listHeaps` takes besides: `all` adds the heaps that are known but not installed, with path null. */
export interface ListOptions extends HeapContext {
  all?: boolean | undefined
}

/** All heaps of this machine: `default`, `system`, the built-in ones, those found. */
export async function listHeaps(options: ListOptions = {}): Promise<HeapsResult> {
  const all = options.all === true
  const search = newSearch(options)
  const builtin = builtinHeaps.map(builtinInfo)
  const found = families.map((family) => familyInfo(family, search.family(family)))
  const heaps = [defaultInfo(), systemHeap().info, ...builtin, ...found]
  return { schema: 1, heaps: heaps.filter(({ kind, path }) => all || kind === 'default' || path !== null) }
}

/** The heaps that are known and not installed, with the Debian package of each; null where Debian has none. */
export function missingHeaps(options: HeapContext = {}): { name: string; debianPackage: string | null }[] {
  const search = newSearch(options)
  return families.filter((family) => search.family(family) === null)
}

/**
 * The heap for a text such as `jemalloc:narenas=2` or `./libmine.so`, ready to be put into an environment.
 * @throws Alloc8Error USAGE for an empty text; HEAP_UNKNOWN, HEAP_NOT_INSTALLED, HEAP_LIBRARY, HEAP_TUNABLE;
 *   NATIVE for a built-in heap that is not built
 */
export async function resolveHeap(text: string, context: HeapContext = {}): Promise<ResolvedHeap> {
  const cwd = context.cwd ?? process.cwd()
  const spec = parseSpec(text, cwd)
  if (spec.isPath) return resolveFile(spec, cwd)
  if (spec.name === 'default') return resolveDefault(spec)
  if (spec.name === 'system') return resolveSystem(spec)
  const builtin = builtinHeaps.find(({ name }) => name === spec.name)
  if (builtin !== undefined) {
    const path = builtinLibrary(builtin)
    return resolved(spec, { ...builtinInfo(builtin), path }, builtin.family ?? noFamily, path)
  }
  const family = families.find(({ name }) => name === spec.name)
  if (family === undefined) throw unknownHeap(spec.name)
  const path = newSearch(context).family(family)
  if (path === null) throw notInstalled(family)
  return resolved(spec, familyInfo(family, path), family, path)
}

function newSearch({ env }: HeapContext): LibrarySearch {
  return new LibrarySearch(env === undefined ? {} : { env })
}

/** A family for heaps without options. */
const noFamily: Family = {
  name: '',
  libraries: [],
  fileName: /^$/,
  debianPackage: null,
  passing: { kind: 'each' },
  booleans: ['1', '0'],
  tunables: [],
  evidence: () => [],
  version: () => null,
}

/** Puts a choice together. `optionsFrom` is the file that reads the options, where it is not the library itself. */
function resolved(
  spec: HeapSpec,
  info: HeapInfo,
  family: Family,
  library?: string,
  optionsFrom?: string,
): ResolvedHeap {
  const available = library === undefined ? [] : libraryFacts(family, library, optionsFrom).tunables
  const env = tunableEnvironment(spec, family, available)
  return { ...info, spec: spec.text, preload: info.path === null ? [] : [info.path], env }
}

function defaultInfo(): HeapInfo {
  return { name: 'default', kind: 'default', path: null, version: null, tunables: [] }
}

function resolveDefault(spec: HeapSpec): ResolvedHeap {
  if (spec.tunables.length > 0) {
    throw new Alloc8Error('HEAP_TUNABLE', `default is the program untouched; it takes no tunables`, {
      hint: `for libc's malloc: ${spec.text.replace('default', 'system')}`,
    })
  }
  return { ...defaultInfo(), spec: spec.text, preload: [], env: [] }
}

/** libc's malloc: the libc that this machine's loader gives to programs, and the loader, which reads the tunables. */
function systemHeap(): { info: HeapInfo; family: Family; loader: string } {
  const { libcSoname, libcVersion, elf: expected } = platform()
  const family = glibc(libcVersion)
  const flags = cacheFlagsOf(expected)
  const cached = flags === null ? null : findInLoaderCache(libcSoname, flags)
  const candidates = [...(cached === null ? [] : [cached]), ...libraryFolders().map((each) => `${each}/${libcSoname}`)]
  for (const path of candidates) {
    const elf = readQuietly(path)
    if (elf?.bits !== expected.bits || elf.machine !== expected.machine || !exportsMalloc(elf)) continue
    // libc is itself linked to the loader that goes with it.
    const loader = elf.interpreter ?? path
    const { version, tunables } = libraryFacts(family, path, loader)
    const info: HeapInfo = { name: 'system', kind: 'system', path, version, tunables: tunables.map(publicTunable) }
    return { info, family, loader }
  }
  throw new Alloc8Error('HEAP_NOT_INSTALLED', `no ${libcSoname} is found in the loader's cache or the usual folders`, {
    hint: 'run ldconfig, or name the file: --heap /path/to/libc.so.6',
  })
}

function resolveSystem(spec: HeapSpec): ResolvedHeap {
  const { info, family, loader } = systemHeap()
  return resolved(spec, info, family, info.path ?? undefined, loader)
}

function familyInfo(family: Family, path: string | null): HeapInfo {
  const facts = path === null ? { version: null, tunables: family.tunables } : libraryFacts(family, path)
  const { version, tunables } = facts
  return { name: family.name, kind: 'found', path, version, tunables: tunables.map(publicTunable) }
}

/** A file of a known family takes that family's tunables; of any other nothing is known. */
function resolveFile(spec: HeapSpec, cwd: string): ResolvedHeap {
  const path = checkLibrary(spec.name, cwd)
  const fileName = path.slice(path.lastIndexOf('/') + 1)
  const own = builtinHeaps.flatMap(({ family }) => family ?? [])
  const family = [...families, ...own].find((each) => each.fileName.test(fileName)) ?? noFamily
  const { version, tunables } = libraryFacts(family, path)
  const name = libraryName(path)
  return resolved(spec, { name, kind: 'file', path, version, tunables: tunables.map(publicTunable) }, family, path)
}

function unknownHeap(name: string): Alloc8Error {
  const names = ['default', 'system', ...[...builtinHeaps, ...families].map((each) => each.name)]
  const near = nearest(name, names)
  const suggestion = /\.so(\.|$)/.test(name)
    ? `a library file is written with a slash: ./${name}`
    : near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : 'a library file is written with a slash: ./libmine.so'
  return new Alloc8Error('HEAP_UNKNOWN', `no heap is called ${JSON.stringify(name)}`, {
    hint: `${suggestion}\nKnown heaps: ${names.join(', ')}`,
  })
}

function notInstalled({ name, libraries, debianPackage }: Family): Alloc8Error {
  const file = libraries[0] ?? name
  const get =
    debianPackage === null
      ? `Debian has no package of it; build it and name the file: --heap /path/to/${file}`
      : `apt-get install ${debianPackage} (Debian 12), or name a file: --heap /path/to/${file}`
  return new Alloc8Error('HEAP_NOT_INSTALLED', `${name} is not installed: no ${libraries.join(' or ')} is found`, {
    hint: get,
  })
}

function readQuietly(path: string): ElfInfo | null {
  try {
    return readElf(path)
  } catch {
    return null
  }
}
