/**
 * Symbol tables of ELF files: finding them, counting their entries, giving their names. A program may
 * have half a million symbols, so that questions about a few names are answered from the raw bytes, and objects are
 * made only for a caller that wants every symbol.
 */

import { type ElfLayout, locate, type Section, type Segment } from './elf-layout.ts'
import type { FileRanges } from './file-ranges.ts'
import { readGnuHash } from './gnu-hash.ts'

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
   * The symbols that have one of the given names. Both steps, from the name to where it lies and from there to the
   * symbols, are searches through bytes: a loop over all symbols takes several times as long.
   */
  find(names: readonly string[]): { name: string; index: number }[] {
    const wanted = Buffer.alloc(4)
    const found: { name: string; index: number }[] = []
    for (const [start, name] of this.#startsOf(names)) {
      this.#layout.putU32(wanted, start)
      for (let at = this.#symbols.indexOf(wanted); at >= 0; at = this.#symbols.indexOf(wanted, at + 1)) {
        const index = at / this.#entrySize
        if (Number.isInteger(index) && index > 0 && index < this.count) found.push({ name, index })
      }
    }
    return found.sort((a, b) => a.index - b.index)
  }

  /**
   * Where the given names start in the table of names: wherever one ends a string, because linkers let a name be the
   * tail of a longer one. Names with the same ending are searched together.
   */
  #startsOf(names: readonly string[]): Map<number, string> {
    const ending = (name: string) => `${name.slice(-8)}\0`
    const starts = new Map<number, string>()
    for (const tail of new Set(names.map(ending))) {
      const group = names.filter((name) => ending(name) === tail)
      for (let at = this.#strings.indexOf(tail); at >= 0; at = this.#strings.indexOf(tail, at + 1)) {
        for (const name of group) {
          const start = at + tail.length - name.length - 1
          if (start > 0 && this.#strings.toString('latin1', start, start + name.length) === name)
            starts.set(start, name)
        }
      }
    }
    return starts
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

/**
 * The defined symbols of the dynamic table with one of the given names, as the loader finds them: by the GNU hash
 * table, which takes a few reads whatever the size of the program. null: there is no such table.
 */
export function findHashed(
  file: FileRanges,
  layout: ElfLayout,
  segments: readonly Segment[],
  at: SymbolAddresses,
  names: readonly string[],
): SymbolTable | null {
  const hash = readGnuHash(file, layout, segments, at.gnuHash)
  const symbols = at.symbols === null ? null : locate(segments, at.symbols)
  const strings = at.strings === null ? null : locate(segments, at.strings)
  if (hash === null || symbols === null || strings === null) return null
  const size = symbolSize(layout)
  const rows: Buffer[] = [Buffer.alloc(size)]
  const texts: string[] = ['\0']
  let length = 1
  for (const name of new Set(names)) {
    for (const index of hash.candidates(name)) {
      const row = file.read(symbols.offset + index * size, size)
      if (row === null) continue
      const start = layout.u32(row, 0)
      const text = file.readUpTo(strings.offset + start, Buffer.byteLength(name) + 1)
      if (start >= at.stringsSize || text.toString() !== `${name}\0`) continue
      const copy = Buffer.from(row)
      layout.putU32(copy, length)
      rows.push(copy)
      texts.push(`${name}\0`)
      length += text.length
    }
  }
  return new SymbolTable(layout, Buffer.concat(rows), Buffer.from(texts.join('')))
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
  const fromHash = readGnuHash(file, layout, segments, at.gnuHash)?.symbolCount() ?? 0
  if (fromHash > 0) return fromHash
  const gap = (at.strings ?? 0) - (at.symbols ?? 0)
  return gap > 0 ? Math.floor(gap / symbolSize(layout)) : 0
}

function symbolSize(layout: ElfLayout): number {
  return layout.bits === 64 ? 24 : 16
}
