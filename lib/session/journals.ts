/**
 * Journals of a session folder: what every witnessed image forked, started and loaded. They are large files with little
 * in them, so only what is used is read. Targets wrote them: nothing is followed, waited for or trusted.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { addon, type Journal } from '../binding/native.ts'

/** As native/record/journal_format.h and journal.h have it. */
const [headerBytes, usedAt, largestBytes] = [128, 40, 4 << 20]

/** Most journals are no longer than this, which is then read at once. */
const firstBytes = 4096

/**
 * Reads a journal, as far as it is used, and says how many bytes that were.
 * @throws an Error that says what is wrong with it
 */
export function readJournal(path: string): { journal: Journal; bytes: number } {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const entry = fstatSync(fd)
    if (!entry.isFile()) throw new Error('not a regular file')
    if (entry.nlink > 1) throw new Error('the file has another name elsewhere')
    if (entry.size > largestBytes) throw new Error(`more than ${largestBytes} bytes`)
    const start = readUpTo(fd, firstBytes)
    const used = start.length < headerBytes ? 0 : start.readUInt32LE(usedAt)
    const whole = used <= start.length ? start : readUpTo(fd, Math.min(used, entry.size))
    return { journal: addon().parseJournal(whole), bytes: whole.length }
  } finally {
    closeSync(fd)
  }
}

function readUpTo(fd: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  let length = 0
  while (length < bytes) {
    const count = readSync(fd, buffer, length, bytes - length, length)
    if (count === 0) break
    length += count
  }
  return buffer.subarray(0, length)
}
