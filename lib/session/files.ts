/**
 * Reading files that targets wrote into a session folder, perhaps still write: nothing is followed, waited for or trusted,
 * and nothing is mapped, so that a file that shrinks meanwhile is an error and no crash.
 */

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'

/**
 * Opens a target's file for the time of `use`, which gets its descriptor and how long it is.
 * @throws an Error that says what is wrong with it, and what `use` throws
 */
export function withFile<T>(path: string, mostBytes: number, use: (fd: number, bytes: number) => T): T {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const entry = fstatSync(fd)
    if (!entry.isFile()) throw new Error('not a regular file')
    if (entry.nlink > 1) throw new Error('the file has another name elsewhere')
    if (entry.size > mostBytes) throw new Error(`more than ${mostBytes} bytes`)
    return use(fd, entry.size)
  } finally {
    closeSync(fd)
  }
}

/** The first `bytes` bytes, or as many as there are. */
export function readUpTo(fd: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  let length = 0
  while (length < bytes) {
    const count = readSync(fd, buffer, length, bytes - length, length)
    if (count === 0) break
    length += count
  }
  return buffer.subarray(0, length)
}

/** The names in a folder; none in one that is gone. */
export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
