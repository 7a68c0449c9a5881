/**
 * Which allocator a file carries: one that was linked into a program under its own or under other names, so that no
 * malloc in a table of symbols tells of it. Symbols are proof; in a stripped file texts give a suspicion. A reference
 * to somebody else's allocator is no carrying: Debian's redis-server calls jemalloc's functions and has none of them.
 *
 * The file is only read, its writable and read-only data in pieces, never its code.
 */

import { statSync } from 'node:fs'
import { type AllocatorSign, allocatorSigns, libcTexts, muslSymbols, symbolsNeeded } from './allocator-signs.ts'
import { type ElfInfo, readElf } from './elf.ts'
import { readHeader, readSegments, type Segment } from './elf-layout.ts'
import { type FileRanges, withFile } from './file-ranges.ts'

/** An allocator inside a file. */
export interface CarriedAllocator {
  /** `jemalloc`, `PartitionAlloc`, `Go runtime` ...; `unknown`: the file defines a malloc that no sign fits. */
  allocator: string
  /** `certain` by symbols, `suspected` by texts alone. */
  certainty: 'certain' | 'suspected'
  /** One phrase for people: `symbols je_mallocx, je_mallctl in its symbol table`. */
  evidence: string
}

/** A malloc that a file offers to others. */
export interface OfferedMalloc {
  /** The file's own calls end in it, whatever is preloaded: it is linked with -Bsymbolic. */
  symbolic: boolean
}

/** What one look at a file found. */
interface Contents {
  allocators: CarriedAllocator[]
  libc: 'glibc' | 'musl' | null
}

/** Data is searched in pieces of this size; each begins with the last bytes of the one before. */
const pieceSize = 4 * 1024 * 1024

/** More data than this is not searched. Chromium has 60 MB of it. */
const dataLimit = 512 * 1024 * 1024

const largeSize = 32 * 1024 * 1024

const segmentLoad = 1
const [flagExecute, flagWrite] = [1, 2]

const textGroups = [...allocatorSigns, ...libcTexts].map(({ texts }) => texts).filter((texts) => texts.length > 0)
const overlap = Math.max(...textGroups.flat().map((text) => text.length))

const knownLimit = 256

/**
 * The allocators that a program or library carries, apart from a libc's own; none for what is not an ELF file or cannot
 * be read. Read once for as long as the file does not change.
 */
export function carriedAllocators(path: string): CarriedAllocator[] {
  return contentsOf(path).allocators
}

/** The libc whose malloc a file carries: libc itself, or a program linked statically to it. null: none that is known. */
export function carriedLibc(path: string): 'glibc' | 'musl' | null {
  return contentsOf(path).libc
}

/** The malloc that a file offers in its dynamic table of symbols, or null. Quick, and read once as the above. */
export function offeredMalloc(path: string): OfferedMalloc | null {
  return offerOf(path)
}

/** The names of the libraries that a file needs; none for what is no ELF file. */
export function neededLibraries(path: string): readonly string[] {
  return needsOf(path)
}

const nothing: Contents = { allocators: [], libc: null }
const contentsOf = oncePerFile((path, elf) => look(path, elf), nothing)
const offerOf = oncePerFile<OfferedMalloc | null>((_, elf) => {
  const offers = definedNames(elf.findDynamic(['malloc'])).length > 0
  return offers ? { symbolic: elf.symbolic } : null
}, null)

const needsOf = oncePerFile<readonly string[]>((_, elf) => elf.needed, [])

/** Remembers what was read of a file for as long as it does not change; `otherwise` for what is no ELF file. */
function oncePerFile<T>(read: (path: string, elf: ElfInfo) => T, otherwise: T): (path: string) => T {
  const known = new Map<string, T>()
  return (path) => {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path)
      const key = [path, dev, ino, size, mtimeMs, ctimeMs].join(' ')
      const remembered = known.get(key)
      if (remembered !== undefined) return remembered
      const elf = readElf(path)
      const found = elf === null ? otherwise : read(path, elf)
      if (known.size >= knownLimit) known.clear()
      known.set(key, found)
      return found
    } catch {
      return otherwise
    }
  }
}

function look(path: string, elf: ElfInfo): Contents {
  const tables: Table[] = [
    { place: 'dynamic symbol table', find: (names) => definedNames(elf.findDynamic(names)) },
    { place: 'symbol table', find: (names) => definedNames(elf.findStatic(names)) },
  ]
  const proofs = tables.flatMap((table) => proofsIn(table))
  const texts = isLargeAndNamed(path, elf) ? new Set<string>() : (withFile(path, (file) => textsIn(file)) ?? new Set())
  const allocators = allocatorSigns
    .map((sign) => proofs.find(({ allocator }) => allocator === sign.allocator) ?? suspicion(sign, texts))
    .filter((each) => each !== null)
  const libc = libcTexts.find((each) => each.texts.every((text) => texts.has(text)))?.libc ?? null
  if (allocators.length > 0 || libc !== null) return { allocators, libc }
  const own = tables.find(({ find }) => find(['malloc', 'free']).length === 2)
  if (own === undefined) return { allocators, libc }
  if (own.find(muslSymbols).length >= symbolsNeeded) return { allocators, libc: 'musl' }
  const evidence = `malloc and free in its ${own.place}`
  return { allocators: [{ allocator: 'unknown', certainty: 'certain', evidence }], libc }
}

/** In a large program that has its table of symbols, reading all texts takes long and adds next to nothing. */
function isLargeAndNamed(path: string, elf: ElfInfo): boolean {
  if (elf.interpreter === null || statSync(path).size < largeSize) return false
  return elf.findStatic(['_start', 'main']).some(({ defined }) => defined)
}

/** A table of symbols, asked for the functions of given names that it defines. */
interface Table {
  place: string
  find(names: readonly string[]): string[]
}

function definedNames(symbols: readonly { name: string; defined: boolean; callable: boolean }[]): string[] {
  return [...new Set(symbols.filter((each) => each.defined && each.callable).map(({ name }) => name))]
}

/** The allocators that a table of symbols proves. */
function proofsIn({ place, find }: Table): CarriedAllocator[] {
  const builds = allocatorSigns.flatMap(({ allocator, symbols, prefixes = [''] }) =>
    prefixes.map((prefix) => ({ allocator, symbols: symbols.map((name) => prefix + name) })),
  )
  const firsts = find(builds.flatMap(({ symbols }) => symbols.slice(0, 1)))
  const found: CarriedAllocator[] = []
  for (const { allocator, symbols } of builds) {
    if (!firsts.includes(symbols[0] ?? '')) continue
    const names = find(symbols)
    if (names.length < symbolsNeeded) continue
    const evidence = `symbols ${names.slice(0, 3).join(', ')} in its ${place}`
    found.push({ allocator, certainty: 'certain', evidence })
  }
  return found
}

function suspicion({ allocator, texts }: AllocatorSign, found: ReadonlySet<string>): CarriedAllocator | null {
  if (texts.length === 0 || !texts.every((text) => found.has(text))) return null
  const shown = texts.map((text) => JSON.stringify(text.trim())).join(', ')
  return { allocator, certainty: 'suspected', evidence: `the texts ${shown} in its data` }
}

/** Which of the texts a file's data holds; of a group, the first or all that there are. */
function textsIn(file: FileRanges): Set<string> {
  const firsts = search(
    file,
    textGroups.map(([first = '']) => first),
  )
  const others = textGroups.filter(([first = '']) => firsts.has(first)).flatMap((group) => group.slice(1))
  return new Set([...firsts, ...search(file, others)])
}

function search(file: FileRanges, texts: readonly string[]): Set<string> {
  const patterns = texts.map((text) => ({ text, bytes: Buffer.from(text) }))
  const found = new Set<string>()
  let left = texts.length === 0 ? 0 : dataLimit
  for (const segment of dataSegments(file)) {
    const length = Math.min(segment.fileSize, left)
    left -= length
    for (let at = 0; at < length; at += pieceSize) {
      const piece = file.readUpTo(segment.offset + at, Math.min(pieceSize + overlap, length - at))
      for (const { text, bytes } of patterns) if (!found.has(text) && piece.includes(bytes)) found.add(text)
    }
  }
  return found
}

/** What holds texts. A linker that does not keep code apart puts them into the one segment that is not written to. */
function dataSegments(file: FileRanges): Segment[] {
  const header = readHeader(file)
  const loaded = header === null ? [] : readSegments(file, header).filter(({ type }) => type === segmentLoad)
  const data = loaded.filter(({ flags }) => (flags & flagExecute) === 0)
  const hasReadOnly = data.some(({ flags }) => (flags & flagWrite) === 0)
  return hasReadOnly ? data : loaded
}
