/**
 * Session folders: where the processes of one run leave their files. A folder of ours has mode 0700 and a name that
 * nobody can guess beforehand, because /tmp is shared with people who may plant links; a folder that the user names is
 * the user's and is never removed. What controllers leave behind that were killed is swept up by the next one.
 */

import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import { anchorOf, openFolder, readSmallFile, removeFolder } from './anchor.ts'
import { sessionPlace } from './place.ts'

/** A session's folder. */
export interface Session {
  /** Absolute path. */
  readonly directory: string
  /** Leads to the folder itself, whatever a target put in the place of its name. Holds until `remove()`. */
  readonly anchor: string
  /** The user named it: `remove()` leaves it. */
  readonly kept: boolean
  /** Whether its name still leads to it: a target can remove it, or put something else in its place. */
  isInPlace(): boolean
  /**
   * Removes the folder and what is in it, once; a kept one stays. Never throws: what cannot be removed now (a process
   * that outlived its target still writes there) is left to a later sweep.
   */
  remove(): void
}

/** Where a session folder is made, and for whom. */
export interface SessionOptions {
  parent?: string | undefined
  path?: string | undefined
  group?: number | undefined
}

/** The process and its pid namespace: enough to tell a folder whose maker was killed before it could say more. */
const namePattern = /^alloc8-([1-9]\d*)(?:\.(\d+))?-[A-Za-z0-9]{6}$/

/** In every folder of ours: which process made it. Folders without it are too young or from a crash. */
const ownerFile = '.owner.json'

/** A folder whose owner is not known is swept at this age; a process id alone may be one of another container. */
const strangerAgeMs = 24 * 60 * 60 * 1000

/** A process, told from others that have, had or will have its number: in this boot, in this pid namespace. */
interface Owner {
  pid: number
  /** Ticks from boot to its start. */
  started: string | null
  /** Link text of /proc/self/ns/pid. */
  namespace: string | null
  boot: string | null
}

/** Where this process has swept. */
const swept = new Set<string>()

/**
 * Folders of this process that are to be removed, with their descriptors; whatever ends it in order (a second Ctrl-C)
 * takes them along.
 */
const live = new Map<string, number>()

/**
 * Makes a session folder: in `parent` (see place.ts), or exactly `path`, which must be absent or an empty folder and is
 * kept. The first call in a process for a `parent` sweeps it up first. A folder that is not kept can be opened to one
 * more group (mode 0770), for a target that goes on as another user.
 * @throws Alloc8Error OUTPUT_PATH: `path` is something else or cannot be written, or `parent` cannot be written
 */
export function createSession(options: SessionOptions = {}): Session {
  if (options.path !== undefined) {
    const directory = resolve(options.path)
    const fd = claimFolder(directory)
    let open = true
    const remove = () => {
      if (open) closeSync(fd)
      open = false
    }
    return { directory, anchor: anchorOf(fd, directory), kept: true, isInPlace: () => leadsTo(directory, fd), remove }
  }
  // The target may have another working folder.
  const parent = resolve(options.parent ?? sessionPlace())
  if (!swept.has(parent)) {
    swept.add(parent)
    sweep(parent)
  }
  const { directory, fd } = makeFolder(parent, options.group)
  if (live.size === 0) process.on('exit', removeLive)
  live.set(directory, fd)
  const isInPlace = () => leadsTo(directory, fd)
  return { directory, anchor: anchorOf(fd, directory), kept: false, isInPlace, remove: () => release(directory) }
}

function leadsTo(directory: string, fd: number): boolean {
  const named = orNull(() => lstatSync(directory))
  const { dev, ino } = fstatSync(fd)
  return named?.ino === ino && named.dev === dev
}

function release(directory: string): void {
  const fd = live.get(directory)
  if (fd === undefined) return
  removeFolder(directory, fd)
  closeSync(fd)
  live.delete(directory)
  if (live.size === 0) process.off('exit', removeLive)
}

function removeLive(): void {
  for (const [directory, fd] of live) removeFolder(directory, fd)
}

/**
 * Removes the session folders in `parent` whose controller is dead. Only real folders of this user are touched, no
 * link is followed, and a controller in another pid namespace counts as alive. Returns the paths removed.
 */
export function sweep(parent: string = sessionPlace()): string[] {
  let names: string[]
  try {
    names = readdirSync(parent)
  } catch {
    return []
  }
  const self = currentOwner()
  return names
    .filter((name) => namePattern.test(name))
    .map((name) => join(resolve(parent), name))
    .filter((directory) => sweepOne(directory, self))
}

function sweepOne(directory: string, self: Owner): boolean {
  let fd: number
  try {
    fd = openFolder(directory)
  } catch {
    return false
  }
  try {
    return isAbandoned(directory, fd, self) && removeFolder(directory, fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a folder of ours and opens it. What cannot be finished (a full disk) leaves nothing behind. */
function makeFolder(parent: string, group: number | undefined): { directory: string; fd: number } {
  let directory: string | undefined
  let fd: number | undefined
  try {
    refuseOpenToAll(parent)
    directory = mkdtempSync(join(parent, folderPrefix()))
    fd = openFolder(directory)
    const owner = join(anchorOf(fd, directory), ownerFile)
    writeFileSync(owner, JSON.stringify(currentOwner()), { mode: 0o600, flag: 'wx' })
    if (group !== undefined) {
      fchownSync(fd, -1, group)
      fchmodSync(fd, 0o770)
    }
    return { directory, fd }
  } catch (cause) {
    if (directory !== undefined && fd !== undefined) {
      removeFolder(directory, fd)
      closeSync(fd)
    }
    if (cause instanceof Alloc8Error) throw cause
    const hint = isCode(cause, 'ENOSPC') ? 'free some space there, or set TMPDIR to another folder' : undefined
    throw new Alloc8Error('OUTPUT_PATH', `cannot make a session folder in ${parent}: ${reason(cause)}`, {
      hint: hint ?? 'set TMPDIR to a folder that can be written',
      cause,
    })
  }
}

/** In a folder where anybody may rename anything, another user could put libraries of his own in our folder's place. */
function refuseOpenToAll(parent: string): void {
  const entry = statSync(parent)
  const { mode } = entry
  const sticky = 0o1000
  if (!entry.isDirectory() || (mode & 0o002) === 0 || (mode & sticky) !== 0) return
  throw new Alloc8Error('OUTPUT_PATH', `${parent}: everybody may rename what is made there (mode ${octal(mode)})`, {
    hint: `make it safe with \`chmod +t ${parent}\`, or set TMPDIR to a folder of your own`,
  })
}

/** Makes sure that `directory` is an empty folder that can be written, creates it if it is absent, and opens it. */
function claimFolder(directory: string): number {
  try {
    mkdirSync(directory, { mode: 0o700 })
    return openFolder(directory)
  } catch (cause) {
    if (!isCode(cause, 'EEXIST')) {
      throw new Alloc8Error('OUTPUT_PATH', `cannot make the session folder ${directory}: ${reason(cause)}`, {
        hint: 'name a folder whose parent exists and can be written',
        cause,
      })
    }
  }
  const hint = 'name a folder that does not exist, or an empty one'
  if (!lstatSync(directory).isDirectory()) {
    const message = `the session folder ${directory}: expected a folder, found something else`
    throw new Alloc8Error('OUTPUT_PATH', message, { hint })
  }
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
    if (readdirSync(directory).length === 0) return openFolder(directory)
  } catch (cause) {
    throw new Alloc8Error('OUTPUT_PATH', `the session folder ${directory}: ${reason(cause)}`, { hint, cause })
  }
  throw new Alloc8Error('OUTPUT_PATH', `the session folder ${directory}: expected it to be empty, it is not`, { hint })
}

/** Whether the folder is one of ours whose controller cannot come back. False for whatever cannot be told. */
function isAbandoned(directory: string, fd: number, self: Owner): boolean {
  const entry = fstatSync(fd)
  if (entry.uid !== process.getuid?.()) return false
  const owner = readOwner(directory, anchorOf(fd, directory))
  if (owner === null) {
    const { pid, namespace } = nameOf(directory)
    const isOurs = namespace !== null && namespace === numberOf(self.namespace)
    return !isAlive(pid) && (isOurs || Date.now() - entry.mtimeMs > strangerAgeMs)
  }
  if (owner.boot !== self.boot) return true
  if (owner.namespace !== self.namespace) return false
  return !isAlive(owner.pid) || (owner.started !== null && startTime(owner.pid) !== owner.started)
}

function readOwner(directory: string, anchor: string): Owner | null {
  try {
    const value: Partial<Owner> = JSON.parse(readSmallFile(join(anchor, ownerFile)))
    const { pid, started = null, namespace = null, boot = null } = value
    return pid === nameOf(directory).pid ? { pid, started, namespace, boot } : null
  } catch {
    return null
  }
}

function nameOf(directory: string): { pid: number; namespace: string | null } {
  const [, pid = '0', namespace = null] = namePattern.exec(basename(directory)) ?? []
  return { pid: Number(pid), namespace }
}

function folderPrefix(): string {
  const { pid, namespace } = currentOwner()
  const number = numberOf(namespace)
  return number === null ? `alloc8-${pid}-` : `alloc8-${pid}.${number}-`
}

/** The number in the link text of a namespace. */
function numberOf(namespace: string | null): string | null {
  return /\d+/.exec(namespace ?? '')?.[0] ?? null
}

function currentOwner(): Owner {
  return {
    pid: process.pid,
    started: startTime(process.pid),
    namespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
    boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  }
}

/** Field 22 of /proc/PID/stat, or null where it cannot be read. */
function startTime(pid: number): string | null {
  return orNull(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  })
}

/** Signal 0 only asks; EPERM means that it lives and is somebody else's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !isCode(error, 'ESRCH')
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8)
}

function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
