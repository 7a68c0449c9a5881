/**
 * Where session folders are made. Each process of a target makes two files there before its main, and on a disk that
 * takes half a millisecond each, where memory takes ten microseconds; so a file system in memory is preferred, if it has
 * room for the largest builds. TMPDIR decides where it is set.
 */

import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const inMemory = '/dev/shm'

/** Linux's number for tmpfs (linux/magic.h). */
const tmpfsMagic = 0x01021994

/** Twenty thousand compilers take half of it. */
const roomBytes = 256 << 20

/** The folder to make session folders in. */
export function sessionPlace(): string {
  if ((process.env.TMPDIR ?? '') !== '') return tmpdir()
  try {
    const { type, bavail, bsize } = statfsSync(inMemory)
    accessSync(inMemory, constants.W_OK | constants.X_OK)
    if (type === tmpfsMagic && bavail * bsize >= roomBytes) return inMemory
  } catch {
    // There is none, or it is not for us.
  }
  return tmpdir()
}
