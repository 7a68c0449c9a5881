/**
 * Symbol versions: which version each dynamic symbol defines or needs. Drepper's "ELF Symbol Versioning" has the
 * structures: an index for every symbol, and two chains of records that give the indices their names.
 */

import { type ElfLayout, locate, type Segment } from './elf-layout.ts'
import type { SymbolAddresses, SymbolTable } from './elf-symbols.ts'
import type { FileRanges } from './file-ranges.ts'

/** A symbol of the dynamic table. `version` is the one it defines or needs; null where it has none. */
export interface DynamicSymbol {
  name: string
  defined: boolean
  version: string | null
}

/** Version structures are a few dozen bytes each; a region larger than this, or more names, is garbage. */
const versionRegionLimit = 1024 * 1024
const versionNameLimit = 65_536

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
