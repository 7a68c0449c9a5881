/**
 * The sizes and byte order of an ELF file's structures: one class for 32 and 64 bits, little and big endian.
 * Layouts are those of the System V ABI, "Object Files". Every accessor assumes that the caller has read the bytes;
 * `FileRanges` has checked that they exist.
 */

import type { FileRanges } from './file-ranges.ts'

/** Where the header says the tables are, and how to read them. */
export class ElfLayout {
  readonly bits: 32 | 64
  readonly bigEndian: boolean

  constructor(bits: 32 | 64, bigEndian: boolean) {
    this.bits = bits
    this.bigEndian = bigEndian
  }

  u16(buffer: Buffer, offset: number): number {
    return this.bigEndian ? buffer.readUInt16BE(offset) : buffer.readUInt16LE(offset)
  }

  u32(buffer: Buffer, offset: number): number {
    return this.bigEndian ? buffer.readUInt32BE(offset) : buffer.readUInt32LE(offset)
  }

  putU32(buffer: Buffer, value: number): void {
    if (this.bigEndian) buffer.writeUInt32BE(value)
    else buffer.writeUInt32LE(value)
  }

  /**
   * An address, offset or size: 4 or 8 bytes. Beyond 2^53 a number loses its low digits; every use is compared
   * with the file's size or a segment's, which no such value passes.
   */
  word(buffer: Buffer, offset: number): number {
    if (this.bits === 32) return this.u32(buffer, offset)
    const high = this.u32(buffer, this.bigEndian ? offset : offset + 4)
    const low = this.u32(buffer, this.bigEndian ? offset + 4 : offset)
    return high * 2 ** 32 + low
  }
}

/** The parts of the file header that we use. */
export interface ElfHeader {
  layout: ElfLayout
  type: number
  machine: number
  programHeaders: { offset: number; entrySize: number; count: number }
  sectionHeaders: { offset: number; entrySize: number; count: number }
}

/** A program header: a piece of the file and where it is mapped. */
export interface Segment {
  type: number
  offset: number
  address: number
  fileSize: number
  /** p_flags: 1 execute, 2 write, 4 read. */
  flags: number
}

/** A section header, as far as symbol tables need it. */
export interface Section {
  type: number
  address: number
  offset: number
  size: number
  link: number
  entrySize: number
}

/** e_phnum and e_shnum are 16 bits wide; files with more sections say so in section 0, which symbol tables need. */
const extendedCount = 0

/** Reads the file header. null: not an ELF file, or one of an unknown class or byte order. */
export function readHeader(file: FileRanges): ElfHeader | null {
  const ident = file.read(0, 16)
  if (ident === null || ident.readUInt32BE(0) !== 0x7f454c46) return null
  const [elfClass, data] = [ident[4], ident[5]]
  if ((elfClass !== 1 && elfClass !== 2) || (data !== 1 && data !== 2)) return null
  const bits = elfClass === 2 ? 64 : 32
  const layout = new ElfLayout(bits, data === 2)
  const header = file.read(0, bits === 64 ? 64 : 52)
  if (header === null) return null
  const word = bits / 8
  const offsets = 24 + word // e_phoff follows e_entry
  const counts = offsets + 2 * word + 4 + 2 // e_phentsize follows e_flags and e_ehsize
  return {
    layout,
    type: layout.u16(header, 16),
    machine: layout.u16(header, 18),
    programHeaders: {
      offset: layout.word(header, offsets),
      entrySize: layout.u16(header, counts),
      count: layout.u16(header, counts + 2),
    },
    sectionHeaders: {
      offset: layout.word(header, offsets + word),
      entrySize: layout.u16(header, counts + 4),
      count: layout.u16(header, counts + 6),
    },
  }
}

/** Reads the program headers; none where the table is not wholly in the file or has entries of another size. */
export function readSegments(file: FileRanges, { layout, programHeaders: table }: ElfHeader): Segment[] {
  const entrySize = layout.bits === 64 ? 56 : 32
  if (table.entrySize !== entrySize) return []
  const bytes = file.read(table.offset, entrySize * table.count)
  if (bytes === null) return []
  const word = layout.bits / 8
  // 64-bit entries keep p_flags second, 32-bit ones near the end; the rest is in the same order.
  const first = layout.bits === 64 ? 8 : 4
  return Array.from({ length: table.count }, (_, index) => {
    const at = index * entrySize
    return {
      type: layout.u32(bytes, at),
      offset: layout.word(bytes, at + first),
      address: layout.word(bytes, at + first + word),
      fileSize: layout.word(bytes, at + first + 3 * word),
      flags: layout.u32(bytes, at + (layout.bits === 64 ? 4 : 24)),
    }
  })
}

/** Reads the section headers; none where the file was stripped of them or the table is not wholly in the file. */
export function readSections(file: FileRanges, { layout, sectionHeaders: table }: ElfHeader): Section[] {
  const entrySize = layout.bits === 64 ? 64 : 40
  if (table.offset === 0 || table.entrySize !== entrySize) return []
  let count = table.count
  if (count === extendedCount) {
    const zeroth = file.read(table.offset, entrySize)
    if (zeroth === null) return []
    count = readSection(layout, zeroth, 0).size
  }
  const bytes = file.read(table.offset, entrySize * count)
  if (bytes === null) return []
  return Array.from({ length: count }, (_, index) => readSection(layout, bytes, index * entrySize))
}

function readSection(layout: ElfLayout, bytes: Buffer, at: number): Section {
  const word = layout.bits / 8
  const address = at + 8 + word // after sh_name, sh_type, sh_flags
  return {
    type: layout.u32(bytes, at + 4),
    address: layout.word(bytes, address),
    offset: layout.word(bytes, address + word),
    size: layout.word(bytes, address + 2 * word),
    link: layout.u32(bytes, address + 3 * word),
    entrySize: layout.word(bytes, address + 3 * word + 8 + word),
  }
}

/**
 * Where in the file a mapped address lies, and how many bytes of its segment follow. null: in no segment of the file.
 */
export function locate(segments: readonly Segment[], address: number): { offset: number; available: number } | null {
  for (const segment of segments) {
    const into = address - segment.address
    if (segment.type === 1 && into >= 0 && into < segment.fileSize) {
      return { offset: segment.offset + into, available: segment.fileSize - into }
    }
  }
  return null
}
