/**
 * Journals of a session folder: what every witnessed image forked, started and loaded. They are large files with little
 * in them, so only what is used is read.
 */

import { addon, type Journal } from '../binding/native.ts'
import { readUpTo, withFile } from './files.ts'

/** As native/record/journal_format.h and journal.h have it. */
const [headerBytes, usedAt, largestBytes] = [128, 40, 4 << 20]

/** Most journals are no longer than this, which is then read at once. */
const firstBytes = 4096

/**
 * Reads a journal, as far as it is used, and says how many bytes that were.
 * @throws an Error that says what is wrong with it
 */
export function readJournal(path: string): { journal: Journal; bytes: number } {
  return withFile(path, largestBytes, (fd, bytes) => {
    const start = readUpTo(fd, firstBytes)
    const used = start.length < headerBytes ? 0 : start.readUInt32LE(usedAt)
    const whole = used <= start.length ? start : readUpTo(fd, Math.min(used, bytes))
    return { journal: addon().parseJournal(whole), bytes: whole.length }
  })
}
