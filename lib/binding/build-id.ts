/**
 * The build id of a program or library: what tells whether the file on disk is still the one that ran, and under which
 * debug files are filed.
 */

import { readHeader, readSegments } from './elf-layout.ts'
import { type FileRanges, withFile } from './file-ranges.ts'

const segmentNote = 4
const noteBuildId = 3
/** Notes are small; Node's program has some kilobytes of them. */
const longestNotes = 1 << 20
const longestId = 64

/**
 * In hex; null where the file has none or is no ELF file.
 * @throws what node:fs throws for a missing or unreadable file
 */
export function readBuildId(path: string): string | null {
  return withFile(path, (file) => {
    const header = readHeader(file)
    if (header === null) return null
    const { bigEndian } = header.layout
    for (const segment of readSegments(file, header)) {
      if (segment.type !== segmentNote) continue
      const id = findId(file, segment.offset, segment.fileSize, bigEndian)
      if (id !== null) return id
    }
    return null
  })
}

function findId(file: FileRanges, offset: number, size: number, bigEndian: boolean): string | null {
  const notes = file.readUpTo(offset, Math.min(size, longestNotes))
  const word = (at: number) => (bigEndian ? notes.readUInt32BE(at) : notes.readUInt32LE(at))
  const padded = (length: number) => Math.ceil(length / 4) * 4
  let at = 0
  while (at + 12 <= notes.length) {
    const [nameLength, length, type] = [word(at), word(at + 4), word(at + 8)]
    const name = at + 12
    const content = name + padded(nameLength)
    const isId = type === noteBuildId && notes.toString('latin1', name, name + nameLength) === 'GNU\0'
    if (isId && length <= longestId && content + length <= notes.length) {
      return notes.toString('hex', content, content + length)
    }
    at = content + padded(length)
  }
  return null
}
