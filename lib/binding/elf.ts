/**
 * What alloc8 must know of a program or library before it runs: its machine, how it is linked, what it needs and
 * which symbols it holds. The file is treated as hostile: every offset is checked against the file, and what does not
 * hold up reads as absent. Only the parts asked for are read.
 *
 * Structures are those of the System V ABI ("Object Files", "Dynamic Linking") and of Drepper's "ELF Symbol
 * Versioning".
 */

import { Alloc8Error } from '../errors.ts'
import {
  type ElfHeader,
  type ElfLayout,
  locate,
  readHeader,
  readSections,
  readSegments,
  type Section,
  type Segment,
} from './elf-layout.ts'
import {
  findHashed,
  isCallable,
  readDynamicTable,
  readStaticTable,
  type SymbolAddresses,
  type SymbolTable,
} from './elf-symbols.ts'
import { type DynamicSymbol, listDynamicSymbols } from './elf-versions.ts'
import { type FileRanges, withFile } from './file-ranges.ts'

export type { DynamicSymbol } from './elf-versions.ts'

/** One ELF file. The symbol tables are read when they are first asked for. */
export interface ElfInfo {
  path: string
  bits: 32 | 64
  /** e_machine: 62 is x86-64, 183 AArch64. */
  machine: number
  bigEndian: boolean
  /** A position-independent program is `dyn` as well as a library is; `isPie` tells them apart. */
  type: 'exec' | 'dyn' | 'other'
  isPie: boolean
  /** The loader that the kernel starts for it: null in a library and in a static program. */
  interpreter: string | null
  /** The file ends before what it says is in it: a copy or download that broke off. */
  truncated: boolean
  soname: string | null
  needed: string[]
  /** Folders that the file itself names for its libraries, unexpanded (`$ORIGIN/../lib`). */
  rpath: string[]
  runpath: string[]
  /** Linked with -Bsymbolic: what it defines itself it uses itself, whatever is preloaded. */
  symbolic: boolean
  readonly dynamicSymbols: DynamicSymbol[]
  /** The names defined in .symtab, which stripped files lack. */
  staticSymbols(): string[]
  /** Of the given names, those that the file offers to others. Quick in a program of any size. */
  findDynamic(names: readonly string[]): FoundSymbol[]
  /** Of the given names, those in .symtab, defined or not. */
  findStatic(names: readonly string[]): FoundSymbol[]
}

/** A symbol found by name. `callable` is false for variables. `address` is as linked, 0 where undefined. */
export interface FoundSymbol {
  name: string
  defined: boolean
  callable: boolean
  address: number
}

const segmentLoad = 1
const segmentDynamic = 2
const segmentInterpreter = 3
const flags1Pie = 0x0800_0000
const flagsSymbolic = 0x2

/** Real dynamic sections have tens of entries, a few hundred at most; more are garbage. */
const dynamicLimit = 64 * 1024

/** Linux limits a path to this, the end's zero included. */
const pathLimit = 4096

/**
 * Reads an ELF file.
 * @returns null: it is not an ELF file, or not a regular file
 * @throws Alloc8Error TARGET_NOT_FOUND where it does not exist, TARGET_NOT_EXECUTABLE where it cannot be read
 */
export function readElf(path: string): ElfInfo | null {
  return reading(path, (file) => {
    const header = readHeader(file)
    return header === null ? null : new ElfFile(file, header)
  })
}

/**
 * Reads only the class and machine of an ELF file, in one small read. Same result for other files as `readElf`.
 * @throws as `readElf`
 */
export function readElfMachine(path: string): { bits: 32 | 64; machine: number } | null {
  return reading(path, (file) => {
    const header = readHeader(file)
    return header === null ? null : { bits: header.layout.bits, machine: header.machine }
  })
}

/**
 * Reads the bytes of a file at a linked address, at most `length` of them: the code of a function, for instance.
 * Empty where the address is in no part of the file.
 * @throws as `readElf`
 */
export function readAtAddress(path: string, address: number, length: number): Buffer {
  const bytes = reading(path, (file) => {
    const header = readHeader(file)
    const place = header === null ? null : locate(readSegments(file, header), address)
    return place === null ? null : file.readUpTo(place.offset, Math.min(length, place.available))
  })
  return bytes ?? Buffer.alloc(0)
}

/** Opens a file for `use`; a file that cannot be opened becomes an Alloc8Error. */
function reading<T>(path: string, use: (file: FileRanges) => T | null): T | null {
  try {
    return withFile(path, use)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === undefined) throw cause
    const missing = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP'
    throw new Alloc8Error(
      missing ? 'TARGET_NOT_FOUND' : 'TARGET_NOT_EXECUTABLE',
      missing ? `${path} does not exist` : `${path} cannot be read (${code})`,
      { cause, hint: missing ? 'check the spelling of the path' : `check the permissions: ls -l ${path}` },
    )
  }
}

/** What the dynamic section says. */
interface Dynamic {
  soname: string | null
  needed: string[]
  rpath: string[]
  runpath: string[]
  isPie: boolean
  symbolic: boolean
  addresses: SymbolAddresses
}

class ElfFile implements ElfInfo {
  readonly path: string
  readonly bits: 32 | 64
  readonly machine: number
  readonly bigEndian: boolean
  readonly type: 'exec' | 'dyn' | 'other'
  readonly isPie: boolean
  readonly interpreter: string | null
  readonly truncated: boolean
  readonly soname: string | null
  readonly needed: string[]
  readonly rpath: string[]
  readonly runpath: string[]
  readonly symbolic: boolean
  readonly #header: ElfHeader
  readonly #segments: Segment[]
  readonly #addresses: SymbolAddresses
  #dynamicSymbols: DynamicSymbol[] | undefined

  constructor(file: FileRanges, header: ElfHeader) {
    this.#header = header
    this.#segments = readSegments(file, header)
    const interpreter = this.#segments.find((each) => each.type === segmentInterpreter)
    const dynamic = readDynamic(file, header.layout, this.#segments)
    this.path = file.path
    this.bits = header.layout.bits
    this.machine = header.machine
    this.bigEndian = header.layout.bigEndian
    this.type = header.type === 2 ? 'exec' : header.type === 3 ? 'dyn' : 'other'
    this.interpreter =
      interpreter === undefined ? null : file.readString(interpreter.offset, Math.min(interpreter.fileSize, pathLimit))
    this.truncated = this.#segments.some(
      ({ type, offset, fileSize }) => type === segmentLoad && offset + fileSize > file.size,
    )
    this.soname = dynamic.soname
    this.needed = dynamic.needed
    this.rpath = dynamic.rpath
    this.runpath = dynamic.runpath
    this.symbolic = dynamic.symbolic
    this.isPie = dynamic.isPie
    this.#addresses = dynamic.addresses
  }

  get dynamicSymbols(): DynamicSymbol[] {
    this.#dynamicSymbols ??=
      reading(this.path, (file) => {
        const table = this.#dynamicTable(file)
        return table && listDynamicSymbols(file, this.#header.layout, this.#segments, table, this.#addresses)
      }) ?? []
    return this.#dynamicSymbols
  }

  staticSymbols(): string[] {
    const table = reading(this.path, (file) => this.#staticTable(file))
    if (table === null) return []
    const names: string[] = []
    for (let index = 1; index < table.count; index++) {
      const name = table.isDefined(index) ? table.name(index) : ''
      if (name !== '') names.push(name)
    }
    return names
  }

  findDynamic(names: readonly string[]): FoundSymbol[] {
    const table = reading(
      this.path,
      (file) =>
        findHashed(file, this.#header.layout, this.#segments, this.#addresses, names) ?? this.#dynamicTable(file),
    )
    return findIn(table, names).filter((symbol) => symbol.defined)
  }

  findStatic(names: readonly string[]): FoundSymbol[] {
    return findIn(
      reading(this.path, (file) => this.#staticTable(file)),
      names,
    )
  }

  #sections(file: FileRanges): Section[] {
    return readSections(file, this.#header)
  }

  #dynamicTable(file: FileRanges): SymbolTable | null {
    return readDynamicTable(file, this.#header.layout, this.#segments, this.#sections(file), this.#addresses)
  }

  #staticTable(file: FileRanges): SymbolTable | null {
    return readStaticTable(file, this.#header.layout, this.#sections(file))
  }
}

function findIn(table: SymbolTable | null, names: readonly string[]): FoundSymbol[] {
  return (table?.find(names) ?? []).map(({ name, index }) => {
    const defined = table?.isDefined(index) === true
    return {
      name,
      defined,
      callable: isCallable(table?.type(index) ?? 0),
      address: defined ? (table?.value(index) ?? 0) : 0,
    }
  })
}

/** Tags of the dynamic section that hold one value each. */
const tags = {
  hash: 4,
  strings: 5,
  symbols: 6,
  stringsSize: 10,
  soname: 14,
  rpath: 15,
  symbolic: 16,
  runpath: 29,
  flags: 30,
  gnuHash: 0x6fff_fef5,
  versions: 0x6fff_fff0,
  flags1: 0x6fff_fffb,
  versionsDefined: 0x6fff_fffc,
  versionsNeeded: 0x6fff_fffe,
} as const

const tagNeeded = 1

function readDynamic(file: FileRanges, layout: ElfLayout, segments: readonly Segment[]): Dynamic {
  const segment = segments.find((each) => each.type === segmentDynamic)
  const bytes = segment === undefined ? null : file.read(segment.offset, Math.min(segment.fileSize, dynamicLimit))
  const values = new Map<number, number>()
  const neededAt: number[] = []
  const entrySize = layout.bits / 4
  for (let at = 0; bytes !== null && at + entrySize <= bytes.length; at += entrySize) {
    const tag = layout.word(bytes, at)
    if (tag === 0) break
    const value = layout.word(bytes, at + layout.bits / 8)
    if (tag === tagNeeded) neededAt.push(value)
    else values.set(tag, value)
  }
  const value = (tag: keyof typeof tags) => values.get(tags[tag]) ?? null
  const strings = locate(segments, value('strings') ?? -1)
  const stringsSize = Math.min(value('stringsSize') ?? 0, strings?.available ?? 0)
  const text = (at: number | null): string | null => {
    if (at === null || strings === null || at >= stringsSize) return null
    return file.readString(strings.offset + at, Math.min(pathLimit, stringsSize - at))
  }
  const folders = (at: number | null) =>
    text(at)
      ?.split(':')
      .filter((folder) => folder !== '') ?? []
  return {
    soname: text(value('soname')),
    needed: neededAt.map(text).filter((name) => name !== null),
    rpath: folders(value('rpath')),
    runpath: folders(value('runpath')),
    isPie: ((value('flags1') ?? 0) & flags1Pie) !== 0,
    // The older tag and the newer flag; linkers set both or one.
    symbolic: value('symbolic') !== null || ((value('flags') ?? 0) & flagsSymbolic) !== 0,
    addresses: {
      symbols: value('symbols'),
      strings: value('strings'),
      stringsSize,
      hash: value('hash'),
      gnuHash: value('gnuHash'),
      versions: value('versions'),
      versionsNeeded: value('versionsNeeded'),
      versionsDefined: value('versionsDefined'),
    },
  }
}
