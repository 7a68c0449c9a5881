/**
 * What a target writes while a view has the screen: kept in the session, printed in the same order afterwards. Nothing of
 * it makes the target wait or fail: what a disk has no room for is counted and dropped.
 */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { cleanLines } from '../report/layout.ts'

/** More than this is not kept. */
const largestBytes = 256 << 20

/** What the view can show of it. */
const tailBytes = 32 << 10

/** Which of the two streams, and how much in a row. */
interface Piece {
  fd: 1 | 2
  bytes: number
}

/** Output that is kept until `release()` and passed straight on from then. */
export class KeptOutput {
  #fd: number | null = null
  #waiting: { fd: 1 | 2; chunk: Buffer }[] = []
  #pieces: Piece[] = []
  #bytes = 0
  #dropped = 0
  #tail = Buffer.alloc(0)
  #lines: string[] | null = null
  #released = false

  /** Keeps it in a file of this session from now on. */
  open(directory: string): void {
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
      this.#fd = openSync(join(directory, 'output.log'), flags, 0o600)
    } catch {
      // The folder is gone or full: all of it is dropped and counted.
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const { fd, chunk } of waiting) this.#keep(fd, chunk)
  }

  /** Takes what came on one of the streams. */
  take(fd: 1 | 2, chunk: Buffer): void {
    if (this.#released) {
      writeAll(fd, chunk)
      return
    }
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-tailBytes)
    this.#lines = null
    if (this.#fd === null && this.#pieces.length === 0) this.#waiting.push({ fd, chunk })
    else this.#keep(fd, chunk)
  }

  /** The last lines. */
  recent(): readonly string[] {
    this.#lines ??= cleanLines(this.#tail.toString()).replace(/\n$/, '').split('\n').slice(-500)
    return this.#tail.length === 0 ? [] : this.#lines
  }

  /** Prints all that was kept, to where it was meant to go, and what is still to come as it comes. */
  release(): void {
    if (this.#released) return
    this.#released = true
    const buffer = Buffer.alloc(64 << 10)
    let place = 0
    for (const { fd, bytes } of this.#pieces) {
      for (let left = bytes; left > 0; ) {
        const count = this.#fd === null ? 0 : readSync(this.#fd, buffer, 0, Math.min(left, buffer.length), place)
        if (count === 0) break
        writeAll(fd, buffer.subarray(0, count))
        place += count
        left -= count
      }
    }
    for (const { fd, chunk } of this.#waiting) writeAll(fd, chunk)
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
    if (this.#dropped === 0) return
    writeAll(
      2,
      Buffer.from(`alloc8: ${this.#dropped} bytes of the program's output were not kept: there was no room\n`),
    )
  }

  #keep(fd: 1 | 2, chunk: Buffer): void {
    let written = 0
    try {
      const room = Math.max(0, Math.min(chunk.length, largestBytes - this.#bytes))
      while (this.#fd !== null && written < room) {
        written += writeSync(this.#fd, chunk, written, room - written, this.#bytes + written)
      }
    } catch {
      // What has been written counts, the rest is dropped.
    }
    this.#bytes += written
    this.#dropped += chunk.length - written
    const last = this.#pieces.at(-1)
    if (last?.fd === fd) last.bytes += written
    else if (written > 0) this.#pieces.push({ fd, bytes: written })
  }
}

/** Synchronous and in order; a reader that went away is no error of ours. */
function writeAll(fd: 1 | 2, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
