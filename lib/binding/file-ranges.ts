/**
 * Reads ranges of a file that may be huge, hostile or not a file at all. The ELF reader looks at a few kilobytes of
 * programs of hundreds of megabytes, before every run, so nothing is read that was not asked for, and no range
 * that the file does not have is ever allocated.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** No table that we read is larger in a sane file; a larger one is taken as garbage. */
const maximumRange = 512 * 1024 * 1024

/** The start of the file is read once: headers, program headers and the interpreter's name usually lie within. */
const headLength = 4096

/** An open regular file. `withFile` opens and closes it. */
export class FileRanges {
  readonly path: string
  readonly size: number
  readonly #descriptor: number
  readonly #head: Buffer

  private constructor(path: string, descriptor: number, size: number) {
    this.path = path
    this.size = size
    this.#descriptor = descriptor
    const head = Buffer.alloc(Math.min(headLength, size))
    this.#head = head.subarray(0, readSync(descriptor, head, 0, head.length, 0))
  }

  /**
   * Opens a file. null: it is not a regular file (a folder, a device, a pipe; opening never waits for a writer).
   * @throws what node:fs throws for a missing or unreadable file
   */
  static open(path: string): FileRanges | null {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      const status = fstatSync(descriptor)
      if (status.isFile()) return new FileRanges(path, descriptor, status.size)
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    closeSync(descriptor)
    return null
  }

  /** Exactly `length` bytes at `offset`, or null when the file does not have them. */
  read(offset: number, length: number): Buffer | null {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) return null
    if (length > maximumRange || offset > this.size - length) return null
    if (offset + length <= this.#head.length) return this.#head.subarray(offset, offset + length)
    const buffer = Buffer.alloc(length)
    return readSync(this.#descriptor, buffer, 0, length, offset) === length ? buffer : null
  }

  /** At most `length` bytes at `offset`: fewer at the end of the file, none beyond it. */
  readUpTo(offset: number, length: number): Buffer {
    const available = Math.max(0, this.size - offset)
    return this.read(offset, Math.min(length, available)) ?? Buffer.alloc(0)
  }

  /** Reads a zero-terminated string of at most `limit` bytes at `offset`. null: it does not end, or is not there. */
  readString(offset: number, limit: number): string | null {
    const buffer = this.readUpTo(offset, limit)
    const end = buffer.indexOf(0)
    return end < 0 ? null : buffer.toString('utf8', 0, end)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/**
 * Calls `use` with the file open and closes it. null: it is not a regular file.
 * @throws what node:fs throws for a missing or unreadable file
 */
export function withFile<T>(path: string, use: (file: FileRanges) => T): T | null {
  const file = FileRanges.open(path)
  if (file === null) return null
  try {
    return use(file)
  } finally {
    file.close()
  }
}
