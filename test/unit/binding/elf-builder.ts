/**
 * Makes small ELF files of any class and byte order, so that the reader is tested on kinds that this machine's
 * compiler does not make. The files are laid out plainly: one PT_LOAD that maps the file at a base address.
 */

export interface BuiltSymbol {
  name: string
  defined: boolean
  /** 2 is a function, 1 an object. */
  type?: number
  version?: string
}

export interface BuiltElf {
  bits?: 32 | 64
  bigEndian?: boolean
  machine?: number
  type?: number
  interpreter?: string
  soname?: string
  needed?: string[]
  runpath?: string
  rpath?: string
  flags1?: number
  dynamic?: BuiltSymbol[]
  static?: BuiltSymbol[]
  /** How the number of dynamic symbols can be known. */
  countBy?: 'section' | 'hash' | 'gnu-hash' | 'gap'
  /** Bytes to stand in place of the table of needed versions. */
  neededVersions?: Buffer
}

const base = 0x1000

class Writer {
  readonly chunks: Buffer[] = []
  length = 0
  readonly bits: 32 | 64
  readonly bigEndian: boolean
  constructor(bits: 32 | 64, bigEndian: boolean) {
    this.bits = bits
    this.bigEndian = bigEndian
  }

  bytes(...parts: (Buffer | number[])[]): number {
    while (this.length % 8 !== 0) this.push(Buffer.alloc(1))
    const at = this.length
    for (const part of parts) this.push(Buffer.from(part))
    return at
  }

  push(part: Buffer): void {
    this.chunks.push(part)
    this.length += part.length
  }

  u16(value: number): Buffer {
    const buffer = Buffer.alloc(2)
    this.bigEndian ? buffer.writeUInt16BE(value) : buffer.writeUInt16LE(value)
    return buffer
  }

  u32(value: number): Buffer {
    const buffer = Buffer.alloc(4)
    this.bigEndian ? buffer.writeUInt32BE(value >>> 0) : buffer.writeUInt32LE(value >>> 0)
    return buffer
  }

  word(value: number): Buffer {
    if (this.bits === 32) return this.u32(value)
    const buffer = Buffer.alloc(8)
    this.bigEndian ? buffer.writeBigUInt64BE(BigInt(value)) : buffer.writeBigUInt64LE(BigInt(value))
    return buffer
  }
}

class Names {
  text = Buffer.from([0])
  add(name: string): number {
    const at = this.text.length
    this.text = Buffer.concat([this.text, Buffer.from(`${name}\0`)])
    return at
  }
}

function symbolTable(out: Writer, symbols: BuiltSymbol[], names: Names): Buffer {
  const entry = (name: number, info: number, section: number, value: number) =>
    out.bits === 64
      ? Buffer.concat([out.u32(name), Buffer.from([info, 0]), out.u16(section), out.word(value), out.word(0)])
      : Buffer.concat([out.u32(name), out.word(value), out.word(0), Buffer.from([info, 0]), out.u16(section)])
  return Buffer.concat([
    entry(0, 0, 0, 0),
    ...symbols.map((each) =>
      entry(names.add(each.name), 0x10 | (each.type ?? 2), each.defined ? 1 : 0, each.defined ? base + 16 : 0),
    ),
  ])
}

/** Builds the file's bytes. */
export function buildElf(options: BuiltElf): Buffer {
  const bits = options.bits ?? 64
  const out = new Writer(bits, options.bigEndian ?? false)
  const [headerSize, segmentSize, sectionSize, symbolSize] = bits === 64 ? [64, 56, 64, 24] : [52, 32, 40, 16]
  const segmentCount = 2 + (options.interpreter === undefined ? 0 : 1)
  out.push(Buffer.alloc(headerSize + segmentCount * segmentSize))

  const names = new Names()
  const neededAt = (options.needed ?? []).map((name) => names.add(name))
  const sonameAt = options.soname === undefined ? 0 : names.add(options.soname)
  const runpathAt = options.runpath === undefined ? 0 : names.add(options.runpath)
  const rpathAt = options.rpath === undefined ? 0 : names.add(options.rpath)
  const dynamic = options.dynamic ?? []
  const symbols = symbolTable(out, dynamic, names)
  const made = versionTables(out, dynamic, names)
  const versions = { ...made, needed: options.neededVersions ?? made.needed }

  const interpreter = options.interpreter === undefined ? 0 : out.bytes(Buffer.from(`${options.interpreter}\0`))
  const countBy = options.countBy ?? 'section'
  const hashAt = countBy === 'hash' ? out.bytes(hashTable(out, dynamic.length + 1)) : 0
  const gnuHashAt = countBy === 'gnu-hash' ? out.bytes(gnuHashTable(out, dynamic.length)) : 0
  const symbolsAt = out.bytes(symbols)
  const namesAt = out.length
  out.push(names.text)
  const versionsAt = out.bytes(versions.indices)
  const neededVersionsAt = out.bytes(versions.needed)
  const definedVersionsAt = out.bytes(versions.defined)

  const entries: [number, number][] = [
    ...neededAt.map((at): [number, number] => [1, at]),
    ...(sonameAt === 0 ? [] : [[14, sonameAt] as [number, number]]),
    ...(rpathAt === 0 ? [] : [[15, rpathAt] as [number, number]]),
    ...(runpathAt === 0 ? [] : [[29, runpathAt] as [number, number]]),
    ...(hashAt === 0 ? [] : [[4, base + hashAt] as [number, number]]),
    ...(gnuHashAt === 0 ? [] : [[0x6ffffef5, base + gnuHashAt] as [number, number]]),
    [5, base + namesAt],
    [6, base + symbolsAt],
    [10, names.text.length],
    [11, symbolSize],
    [0x6ffffff0, base + versionsAt],
    ...(versions.needed.length === 0 ? [] : [[0x6ffffffe, base + neededVersionsAt] as [number, number]]),
    ...(versions.defined.length === 0 ? [] : [[0x6ffffffc, base + definedVersionsAt] as [number, number]]),
    [0x6ffffffb, options.flags1 ?? 0],
    [0, 0],
  ]
  const dynamicAt = out.bytes(Buffer.concat(entries.flatMap(([tag, value]) => [out.word(tag), out.word(value)])))
  const dynamicSize = out.length - dynamicAt

  const staticNames = new Names()
  const staticSymbols = symbolTable(out, options.static ?? [], staticNames)
  const staticAt = out.bytes(staticSymbols)
  const staticNamesAt = out.bytes(staticNames.text)
  const section = (type: number, address: number, at: number, size: number, link: number, entrySize: number) =>
    Buffer.concat([
      out.u32(0),
      out.u32(type),
      out.word(0),
      out.word(address),
      out.word(at),
      out.word(size),
      out.u32(link),
      out.u32(0),
      out.word(8),
      out.word(entrySize),
    ])
  const sections = [
    section(0, 0, 0, 0, 0, 0),
    ...(options.static === undefined
      ? []
      : [
          section(2, 0, staticAt, staticSymbols.length, 2, symbolSize),
          section(3, 0, staticNamesAt, staticNames.text.length, 0, 0),
        ]),
    ...(countBy === 'section' ? [section(11, base + symbolsAt, symbolsAt, symbols.length, 0, symbolSize)] : []),
  ]
  const sectionsAt = out.bytes(Buffer.concat(sections))

  const file = Buffer.concat(out.chunks)
  const segment = (type: number, at: number, size: number) =>
    Buffer.concat([
      out.u32(type),
      ...(bits === 64 ? [out.u32(4)] : []),
      out.word(at),
      out.word(base + at),
      out.word(base + at),
      out.word(size),
      out.word(size),
      ...(bits === 32 ? [out.u32(4)] : []),
      out.word(8),
    ])
  Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits / 32, options.bigEndian ? 2 : 1, 1, ...Array(9).fill(0)]),
    out.u16(options.type ?? 3),
    out.u16(options.machine ?? 62),
    out.u32(1),
    out.word(0),
    out.word(headerSize),
    out.word(sectionsAt),
    out.u32(0),
    out.u16(headerSize),
    out.u16(segmentSize),
    out.u16(segmentCount),
    out.u16(sectionSize),
    out.u16(sections.length),
    out.u16(0),
    segment(1, 0, file.length),
    segment(2, dynamicAt, dynamicSize),
    ...(interpreter === 0 ? [] : [segment(3, interpreter, Buffer.byteLength(options.interpreter ?? '') + 1)]),
  ]).copy(file)
  return file
}

/** The version index of each symbol, with one verneed record and one verdef record for each version. */
function versionTables(out: Writer, symbols: BuiltSymbol[], names: Names) {
  const ids = new Map<string, number>()
  const key = (each: BuiltSymbol) => `${each.defined}${each.version}`
  for (const each of symbols) {
    if (each.version !== undefined && !ids.has(key(each))) ids.set(key(each), ids.size + 2)
  }
  const indices = Buffer.concat([
    out.u16(0),
    ...symbols.map((each) => out.u16(each.version === undefined ? 1 : (ids.get(key(each)) ?? 1))),
  ])
  const of = (defined: boolean) => [...ids].filter(([id]) => id.startsWith(String(defined)))
  const name = (id: string, defined: boolean) => names.add(id.slice(String(defined).length))
  const needed = of(false)
  const auxiliaries = needed.map(([id, index], position) =>
    Buffer.concat([
      out.u32(0),
      out.u16(0),
      out.u16(index),
      out.u32(name(id, false)),
      out.u32(position === needed.length - 1 ? 0 : 16),
    ]),
  )
  const neededBytes =
    needed.length === 0
      ? Buffer.alloc(0)
      : Buffer.concat([out.u16(1), out.u16(needed.length), out.u32(0), out.u32(16), out.u32(0), ...auxiliaries])
  const defined = of(true)
  const definedBytes = Buffer.concat(
    defined.flatMap(([id, index], position) => [
      out.u16(1),
      out.u16(0),
      out.u16(index),
      out.u16(1),
      out.u32(0),
      out.u32(20),
      out.u32(position === defined.length - 1 ? 0 : 28),
      out.u32(name(id, true)),
      out.u32(0),
    ]),
  )
  return { indices, needed: neededBytes, defined: definedBytes }
}

function hashTable(out: Writer, symbolCount: number): Buffer {
  return Buffer.concat([out.u32(1), out.u32(symbolCount), ...Array.from({ length: symbolCount + 1 }, () => out.u32(0))])
}

/** One bucket with all symbols in one chain; the values are not real hashes, which counting does not need. */
function gnuHashTable(out: Writer, hashed: number): Buffer {
  const chain = Array.from({ length: hashed }, (_, index) => out.u32(index === hashed - 1 ? 1 : 2))
  return Buffer.concat([out.u32(1), out.u32(1), out.u32(1), out.u32(0), out.word(0), out.u32(1), ...chain])
}
