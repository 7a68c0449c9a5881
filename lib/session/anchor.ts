/**
 * Folders held by a descriptor instead of a name. What lies in a session folder was put there by targets, and the name
 * of the folder itself is theirs to change: a link in its place would lead a reader, or worse a removal, elsewhere.
 * Through /proc/self/fd every step begins at the folder that was opened, and no step follows a link.
 */

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'

/** Linux's O_PATH, which Node does not name: a handle to a folder that needs no right to read it. */
const pathOnly = 0o10000000
const folderOnly = constants.O_DIRECTORY | constants.O_NOFOLLOW

/** A removal that a living process undoes as fast as it goes is given up. */
const longestRemovalMs = 5000

/** Opens a folder, but not what a link leads to. Throws what the system says. */
export function openFolder(directory: string): number {
  return openSync(directory, constants.O_RDONLY | folderOnly)
}

/** The path that leads to an open folder whatever became of its name; `directory` itself where /proc is not there. */
export function anchorOf(fd: number, directory: string): string {
  const anchor = `/proc/self/fd/${fd}`
  return existsSync(anchor) ? anchor : directory
}

/** The text of a small regular file; throws for links, for anything that could make us wait, and for more than 4 KiB. */
export function readSmallFile(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const buffer = Buffer.alloc(4096)
    if (!fstatSync(fd).isFile()) throw new TypeError(`${path}: not a regular file`)
    const length = readSync(fd, buffer, 0, buffer.length, 0)
    if (length === buffer.length) throw new RangeError(`${path}: longer than expected`)
    return buffer.toString('utf8', 0, length)
  } finally {
    closeSync(fd)
  }
}

/**
 * Removes the open folder `fd` that was made as `directory`, with all that is in it and nothing else: no link and no
 * mount is entered, and folders that the target made unreadable are opened up. A link that took the folder's name goes
 * too; anything else in its place stays. Returns whether all is gone; never throws.
 */
export function removeFolder(directory: string, fd: number): boolean {
  try {
    const anchor = anchorOf(fd, directory)
    if (anchor === directory) {
      rmSync(directory, { recursive: true, force: true })
      return true
    }
    chmodSync(anchor, 0o700)
    if (!emptyFolder(anchor, fd)) return false
    const named = lstatSync(directory, { throwIfNoEntry: false })
    const { dev, ino } = fstatSync(fd)
    if (named?.isSymbolicLink()) unlinkSync(directory)
    else if (named?.ino === ino && named.dev === dev) rmdirSync(directory)
    return true
  } catch {
    return false
  }
}

/**
 * Folders in it are not descended into: what they hold is moved up and they are removed, so that no depth is too deep
 * and every name is looked up in one and the same folder.
 */
function emptyFolder(anchor: string, fd: number): boolean {
  const end = performance.now() + longestRemovalMs
  const mount = mountOf(fd)
  for (let count = 0; performance.now() < end; ) {
    const names = readdirSync(anchor, { encoding: 'buffer' })
    if (names.length === 0) return true
    let progress = false
    for (const name of names) {
      const path = inside(anchor, name)
      const gone = tryTo(() => unlinkSync(path)) || tryTo(() => rmdirSync(path))
      const lift = () => liftOut(path, mount, () => join(anchor, `.lifted-${process.pid}-${count++}`))
      if (gone || tryTo(lift)) progress = true
    }
    if (!progress) return false
  }
  return false
}

/** Moves what is in a folder to new names and removes the folder. Throws what the system says. */
function liftOut(path: Buffer, mount: string | null, newName: () => string): void {
  openUp(path)
  const fd = openSync(path, constants.O_RDONLY | folderOnly)
  try {
    // Whatever is mounted there is not ours, though it may be the same disk.
    if (mountOf(fd) !== mount) throw new Error('a mount')
    const anchor = `/proc/self/fd/${fd}`
    for (const name of readdirSync(anchor, { encoding: 'buffer' })) {
      const child = inside(anchor, name)
      if (tryTo(() => unlinkSync(child))) continue
      tryTo(() => openUp(child)) // a folder can be moved by those who may write to it
      renameSync(child, newName())
    }
    rmdirSync(path)
  } finally {
    closeSync(fd)
  }
}

/** Gives the owner all rights to a folder; a link is refused. */
function openUp(path: Buffer): void {
  const fd = openSync(path, pathOnly | folderOnly)
  try {
    chmodSync(`/proc/self/fd/${fd}`, 0o700)
  } finally {
    closeSync(fd)
  }
}

/** Which mount an open file lies in, null where that cannot be told. */
function mountOf(fd: number): string | null {
  return /^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? null
}

/** A path with a name of any bytes. */
function inside(anchor: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${anchor}/`), name])
}

function tryTo(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}
