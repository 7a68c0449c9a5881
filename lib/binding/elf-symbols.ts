/**
 * Symbol tables of ELF files: finding them, counting their entries, giving their names and versions. A program may
 * have half a million symbols, so that questions about a few names are answered from the raw bytes, and objects are
 * made only for a caller that wants every symbol.
 */

import { type ElfLayout, locate, type Section, type Segment } from './elf-layout.ts'
import type { FileRanges } from './file-ranges.ts'

/** A symbol of the dynamic table. `version` is the one it defines or needs; null where it has none. */
export interface DynamicSymbol {
  name: string
  defined: boolean
  version: string | null
}

/** What the dynamic section says about symbols; addresses as mapped, null where absent. */
export interface SymbolAddresses {
  symbols: number | null
  strings: number | null
  stringsSize: number
  hash: number | null
  gnuHash: number | null
  versions: number | null
  versionsNeeded: number | null
  versionsDefined: number | null
}

const sectionSymtab = 2
const sectionDynsym = 11

/** Version structures are a few dozen bytes each; a region larger than this, or more names, is garbage. */
const versionRegionLimit = 1024 * 1024
const versionNameLimit = 65_536

/** The bytes of one symbol table with its names. */
export class SymbolTable {
  readonly #layout: ElfLayout
  readonly #symbols: Buffer
  readonly #strings: Buffer
  readonly #entrySize: number
  readonly count: number

  constructor(layout: ElfLayout, symbols: Buffer, strings: Buffer) {
    this.#layout = layout
    this.#symbols = symbols
    this.#strings = strings
    this.#entrySize = symbolSize(layout)
    this.count = Math.floor(symbols.length / this.#entrySize)
  }

  /** The name of a symbol; empty for the unnamed and for one whose name is not in the table of names. */
  name(index: number): string {
    const start = this.#nameOffset(index)
    const end = start < this.#strings.length ? this.#strings.indexOf(0, start) : -1
    return end < 0 ? '' : this.#strings.toString('utf8', start, end)
  }

  /** Whether a symbol is a function or an untyped label that this file holds, rather than one that it needs. */
  isDefined(index: number): boolean {
    const sectionIndex = this.#layout.u16(this.#symbols, index * this.#entrySize + (this.#layout.bits === 64 ? 6 : 14))
    return sectionIndex !== 0
  }

  /** The type of a symbol: 0 none, 1 object, 2 function, 10 indirect function and so on. */
  type(index: number): number {
    return (this.#symbols[index * this.#entrySize + (this.#layout.bits === 64 ? 4 : 12)] ?? 0) & 0xf
  }

  /** The value of a symbol: for a function in a library, its address before relocation. */
  value(index: number): number {
    return this.#layout.word(this.#symbols, index * this.#entrySize + (this.#layout.bits === 64 ? 8 : 4))
  }

  /**
   * The symbols that have one of the given names. Linkers let a name share the tail of a longer one, so every place
   * where a name ends the string counts as its start.
   */
  find(names: readonly string[]): { name: string; index: number }[] {
    const starts = new Map<number, string>()
    for (const name of names) {
      const wanted = Buffer.from(`${name}\0`)
      let at = this.#strings.indexOf(wanted)
      while (at >= 0) {
        starts.set(at, name)
        at = this.#strings.indexOf(wanted, at + 1)
      }
    }
    const found: { name: string; index: number }[] = []
    if (starts.size === 0) return found
    for (let index = 1; index < this.count; index++) {
      const name = starts.get(this.#nameOffset(index))
      if (name !== undefined) found.push({ name, index })
    }
    return found
  }

  /** The name that starts at an offset of the table of names, or null. */
  stringAt(offset: number): string | null {
    const end = offset < this.#strings.length ? this.#strings.indexOf(0, offset) : -1
    return end < 0 ? null : this.#strings.toString('utf8', offset, end)
  }

  #nameOffset(index: number): number {
    return this.#layout.u32(this.#symbols, index * this.#entrySize)
  }
}

/** Whether a symbol of this type can be a function: not a variable, section, file name or thread-local. */
export function isCallable(type: number): boolean {
  return type === 0 || type === 2 || type === 10
}

/** Reads .symtab with its names. null: stripped, or not wholly in the file. */
export function readStaticTable(file: FileRanges, layout: ElfLayout, sections: readonly Section[]): SymbolTable | null {
  const section = sections.find((each) => each.type === sectionSymtab)
  const strings = section === undefined ? undefined : sections[section.link]
  if (section === undefined || strings === undefined) return null
  const symbolBytes = file.read(section.offset, section.size)
  const stringBytes = file.read(strings.offset, strings.size)
  return symbolBytes === null || stringBytes === null ? null : new SymbolTable(layout, symbolBytes, stringBytes)
}

/** Reads the dynamic symbol table with its names. null: there is none, or it is not wholly in the file. */
export function readDynamicTable(
  file: FileRanges,
  layout: ElfLayout,
  segments: readonly Segment[],
  sections: readonly Section[],
  at: SymbolAddresses,
): SymbolTable | null {
  if (at.symbols === null || at.strings === null) return null
  const symbols = locate(segments, at.symbols)
  const strings = locate(segments, at.strings)
  if (symbols === null || strings === null) return null
  const stringBytes = file.read(strings.offset, Math.min(at.stringsSize, strings.available))
  const entrySize = symbolSize(layout)
  const count = Math.min(
    countDynamicSymbols(file, layout, segments, sections, at),
    Math.floor(symbols.available / entrySize),
  )
  const symbolBytes = file.read(symbols.offset, count * entrySize)
  return symbolBytes === null || stringBytes === null ? null : new SymbolTable(layout, symbolBytes, stringBytes)
}

/**
 * How many dynamic symbols there are, which the dynamic section itself does not say. The old hash table states it;
 * a section header does, where there are any; the GNU hash table holds the last defined symbol, but nothing where
 * all are undefined; and by custom the names follow the symbols.
 */
function countDynamicSymbols(
  file: FileRanges,
  layout: ElfLayout,
  segments: readonly Segment[],
  sections: readonly Section[],
  at: SymbolAddresses,
): number {
  const section = sections.find((each) => each.type === sectionDynsym && each.address === at.symbols)
  if (section !== undefined) return Math.floor(section.size / symbolSize(layout))
  const hash = at.hash === null ? null : locate(segments, at.hash)
  const hashBytes = hash === null ? null : file.read(hash.offset, 8)
  if (hashBytes !== null) return layout.u32(hashBytes, 4)
  const gnuHash = at.gnuHash === null ? null : locate(segments, at.gnuHash)
  const fromHash = gnuHash === null ? 0 : countFromGnuHash(file, layout, gnuHash.offset)
  if (fromHash > 0) return fromHash
  const gap = (at.strings ?? 0) - (at.symbols ?? 0)
  return gap > 0 ? Math.floor(gap / symbolSize(layout)) : 0
}

/** The index of the last symbol in a GNU hash table, plus one. 0: the table is empty or broken. */
function countFromGnuHash(file: FileRanges, layout: ElfLayout, offset: number): number {
  const header = file.read(offset, 16)
  if (header === null) return 0
  const [bucketCount, firstHashed, bloomWords] = [0, 4, 8].map((each) => layout.u32(header, each)) as [
    number,
    number,
    number,
  ]
  const bucketsAt = offset + 16 + bloomWords * (layout.bits / 8)
  const buckets = file.read(bucketsAt, bucketCount * 4)
  if (buckets === null) return 0
  let last = 0
  for (let index = 0; index < bucketCount; index++) last = Math.max(last, layout.u32(buckets, index * 4))
  if (last < firstHashed) return 0
  // The last chain goes on until an entry with its lowest bit set.
  const chainAt = bucketsAt + bucketCount * 4 + (last - firstHashed) * 4
  const chain = file.readUpTo(chainAt, 64 * 1024)
  for (let index = 0; index * 4 + 4 <= chain.length; index++) {
    if ((layout.u32(chain, index * 4) & 1) === 1) return last + index + 1
  }
  return 0
}

/** Lists a dynamic table's named symbols with the versions that they define or need. */
export function listDynamicSymbols(
  file: FileRanges,
  layout: ElfLayout,
  segments: readonly Segment[],
  table: SymbolTable,
  at: SymbolAddresses,
): DynamicSymbol[] {
  const versionsAt = at.versions === null ? null : locate(segments, at.versions)
  const indices = versionsAt === null ? null : file.read(versionsAt.offset, table.count * 2)
  const names = new Map<number, string>()
  if (indices !== null) {
    readVersionNames(file, layout, segments, at.versionsNeeded, table, neededRecord, names)
    readVersionNames(file, layout, segments, at.versionsDefined, table, definedRecord, names)
  }
  const symbols: DynamicSymbol[] = []
  for (let index = 1; index < table.count; index++) {
    const name = table.name(index)
    if (name === '') continue
    // Indices 0 and 1 mean local and unversioned; the highest bit marks a version that is not the default one.
    const version = indices === null ? 0 : layout.u16(indices, index * 2) & 0x7fff
    symbols.push({ name, defined: table.isDefined(index), version: version > 1 ? (names.get(version) ?? null) : null })
  }
  return symbols
}

/** Where the fields of a version record and of its auxiliary records lie, in bytes. */
interface VersionRecord {
  size: number
  auxiliary: number
  next: number
  /** Hands the names of one record, whose first auxiliary record is at `aux`, to `put`, until that says false. */
  collect: (
    layout: ElfLayout,
    bytes: Buffer,
    at: number,
    aux: number,
    put: (id: number, name: number) => boolean,
  ) => void
}

const neededRecord: VersionRecord = {
  size: 16,
  auxiliary: 8,
  next: 12,
  collect(layout, bytes, at, aux, put) {
    const count = layout.u16(bytes, at + 2)
    for (let index = 0; index < count && aux + 16 <= bytes.length; index++) {
      if (!put(layout.u16(bytes, aux + 6) & 0x7fff, layout.u32(bytes, aux + 8))) return
      const next = layout.u32(bytes, aux + 12)
      if (next === 0) return
      aux += next
    }
  },
}

const definedRecord: VersionRecord = {
  size: 20,
  auxiliary: 12,
  next: 16,
  collect(layout, bytes, at, aux, put) {
    // The first auxiliary record is the version's own name; the others name the versions that it includes.
    if (aux + 8 <= bytes.length) put(layout.u16(bytes, at + 4) & 0x7fff, layout.u32(bytes, aux))
  },
}

/** Follows a chain of version records. Every step goes forward, so that a broken chain ends at the region's end. */
function readVersionNames(
  file: FileRanges,
  layout: ElfLayout,
  segments: readonly Segment[],
  address: number | null,
  table: SymbolTable,
  record: VersionRecord,
  names: Map<number, string>,
): void {
  const place = address === null ? null : locate(segments, address)
  if (place === null) return
  const bytes = file.readUpTo(place.offset, Math.min(place.available, versionRegionLimit))
  let left = versionNameLimit
  const put = (id: number, nameOffset: number) => {
    const name = table.stringAt(nameOffset)
    if (name !== null && name !== '') names.set(id, name)
    return --left > 0
  }
  let at = 0
  while (at + record.size <= bytes.length && left > 0) {
    record.collect(layout, bytes, at, at + layout.u32(bytes, at + record.auxiliary), put)
    const next = layout.u32(bytes, at + record.next)
    if (next === 0) return
    at += next
  }
}

function symbolSize(layout: ElfLayout): number {
  return layout.bits === 64 ? 24 : 16
}
