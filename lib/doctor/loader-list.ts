/**
 * The objects of a process in the order in which its loader searches them, out of the list that the loader keeps for
 * debuggers (link.h: struct r_debug, struct link_map; both glibc and musl have it). It is read out of the memory of a
 * process that runs on, so that everything is checked and a list that changes meanwhile ends the reading.
 */

import type { ProcessFiles } from './process-files.ts'

/** Numbers of the auxiliary vector and of the ELF structures (elf.h). */
const auxiliary = { programHeaders: 3, programHeaderSize: 4, programHeaderCount: 5 } as const
const segment = { dynamic: 2, programHeaders: 6 } as const
const tagDebug = 21

/** More objects, segments or entries than any program has. */
const objectLimit = 4096
const headerLimit = 64
const dynamicLimit = 1024

type Read = (address: number, length: number) => Buffer

/**
 * For each object, in search order, an address inside its mapping; the first is the executable. What was opened later
 * (dlopen) comes last. null: the memory may not be read, or it holds no such list (a static program, or one that has
 * just started).
 */
export function loaderList(files: ProcessFiles, bits: 32 | 64): number[] | null {
  const vector = files.auxiliaryVector(bits)
  if (vector === null) return null
  const list = files.withMemory((read) => new LoaderMemory(read, bits).list(vector))
  return list === null || list.length === 0 ? null : list
}

class LoaderMemory {
  readonly #read: Read
  readonly #bits: 32 | 64

  constructor(read: Read, bits: 32 | 64) {
    this.#read = read
    this.#bits = bits
  }

  /** @throws RangeError where the memory ends before a structure does */
  list(vector: ReadonlyMap<number, number>): number[] {
    const dynamic = this.#dynamicSection(vector)
    const debug = dynamic === null ? 0 : this.#debugStructure(dynamic)
    if (debug === 0) return []
    // struct r_debug: a version number, then the first of the list.
    let map = this.#word(debug, 1)
    const addresses: number[] = []
    const seen = new Set<number>()
    while (map !== 0) {
      if (seen.has(map) || seen.size >= objectLimit) return []
      seen.add(map)
      // struct link_map: the base, the name, the dynamic section, the next.
      addresses.push(this.#word(map, 2))
      map = this.#word(map, 3)
    }
    return addresses
  }

  /** Where the executable's dynamic section lies. */
  #dynamicSection(vector: ReadonlyMap<number, number>): number | null {
    const at = vector.get(auxiliary.programHeaders) ?? 0
    const size = vector.get(auxiliary.programHeaderSize) ?? 0
    const count = Math.min(vector.get(auxiliary.programHeaderCount) ?? 0, headerLimit)
    if (at === 0 || size !== (this.#bits === 64 ? 56 : 32)) return null
    const headers = Array.from({ length: count }, (_, index) => at + index * size)
    const find = (type: number) => headers.find((header) => this.#read(header, 4).readUInt32LE(0) === type)
    // p_vaddr is the third word of a header in both classes: of 64-bit ones, behind type, flags and offset.
    const linkedAt = (header: number) => this.#word(header, 2)
    const [dynamic, own] = [find(segment.dynamic), find(segment.programHeaders)]
    if (dynamic === undefined) return null
    // Without a header for the headers themselves the program is one that is not moved.
    const moved = own === undefined ? 0 : at - linkedAt(own)
    return linkedAt(dynamic) + moved
  }

  /** What the loader wrote into the executable's dynamic section for debuggers; 0 where it did not. */
  #debugStructure(dynamic: number): number {
    for (let index = 0; index < dynamicLimit; index++) {
      const tag = this.#word(dynamic, 2 * index)
      if (tag === tagDebug) return this.#word(dynamic, 2 * index + 1)
      if (tag === 0) return 0
    }
    return 0
  }

  /** The word number `index` of a structure. */
  #word(address: number, index: number): number {
    const bytes = this.#bits / 8
    const read = this.#read(address + index * bytes, bytes)
    return bytes === 8 ? Number(read.readBigUInt64LE(0)) : read.readUInt32LE(0)
  }
}
