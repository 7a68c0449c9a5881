/**
 * The one place of this folder that reads /proc: which processes there are, what they take, which sockets are listened
 * on and by whom. Everything in it may vanish between two reads and then counts as not there.
 */

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'

/** What /proc/PID/stat says of a process and of the children that it waited for. */
export interface ProcessStat {
  parent: number
  own: CpuUsage
  waitedFor: CpuUsage
}

/** Times at the kernel's resolution for this file, a tick, mostly 10 ms. */
export interface CpuUsage {
  userNs: number
  sysNs: number
  faults: number
}

/** A socket that somebody listens on. */
export interface Listener {
  /** As usual: `127.0.0.1`, `::1`; `0.0.0.0` and `::` mean every address. */
  address: string
  port: number
  inode: string
}

/** Numbers that the kernel gives to each process at its start (getauxval(3)). */
const auxiliary = { pageSize: 6, clockTicks: 17 }

const buffer = Buffer.alloc(4096)

/** All process ids. */
export function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []))
  } catch {
    return []
  }
}

/** null where there is no such process. */
export function readStat(pid: number): ProcessStat | null {
  const text = readQuietly(`/proc/${pid}/stat`)
  // The name is in brackets and may hold anything; the fields are those of proc_pid_stat(5), from the third on.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 20) return null
  const field = (number: number) => Number(fields[number - 3])
  const tickNs = 1e9 / machine().clockTicks
  return {
    parent: field(4),
    own: { userNs: field(14) * tickNs, sysNs: field(15) * tickNs, faults: field(10) + field(12) },
    waitedFor: { userNs: field(16) * tickNs, sysNs: field(17) * tickNs, faults: field(11) + field(13) },
  }
}

/** Resident memory of one process. Its file stays open, so that a reading is one system call. */
export class ResidentMemory {
  readonly #fd: number

  /** Throws what the system says where there is no such process. */
  constructor(pid: number) {
    this.#fd = openSync(`/proc/${pid}/statm`, 'r')
  }

  /** Bytes: those that are its own, and those of files and shared memory. null where it has ended. */
  read(): { anonymous: number; shared: number } | null {
    let length: number
    try {
      length = readSync(this.#fd, buffer, 0, buffer.length, 0)
    } catch {
      return null
    }
    const [, resident = 0, shared = 0] = buffer.toString('latin1', 0, length).split(' ').map(Number)
    const { pageSize } = machine()
    return length === 0 ? null : { anonymous: (resident - shared) * pageSize, shared: shared * pageSize }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** The sockets that are listened on, of this process's network namespace. */
export function listeners(): Listener[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
    const [, ...lines] = readQuietly(path).split('\n')
    return lines.flatMap((line) => {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; 0A is LISTEN (net/tcp_states.h).
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      return state === '0A' ? [{ address: addressOf(address), port: Number.parseInt(port, 16), inode }] : []
    })
  })
}

/** Whether a process holds one of the sockets; null where we may not look. */
export function holds(pid: number, sockets: readonly Listener[]): boolean | null {
  const links = new Set(sockets.map(({ inode }) => `socket:[${inode}]`))
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some((fd) => links.has(linkQuietly(`${folder}/${fd}`)))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? false : null
  }
}

/** A process's command as one line, shortened. */
export function commandOf(pid: number): string {
  const words = readQuietly(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  const name = readQuietly(`/proc/${pid}/comm`).trim()
  const line = words === '' ? name : words
  return line.length > 80 ? `${line.slice(0, 77)}...` : line
}

/** The kernel writes an address as words of four bytes, each in the machine's own order, which is little-endian here. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const mapped = bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'))
  if (mapped) return bytes.subarray(12).join('.')
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1)
}

let known: { pageSize: number; clockTicks: number } | undefined

/** What the kernel counts in: from our own auxiliary vector, else what nearly every machine has. */
function machine(): { pageSize: number; clockTicks: number } {
  if (known !== undefined) return known
  known = { pageSize: 4096, clockTicks: 100 }
  try {
    const bytes = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= bytes.length; at += 16) {
      const [key, value] = [Number(bytes.readBigUInt64LE(at)), Number(bytes.readBigUInt64LE(at + 8))]
      if (key === auxiliary.pageSize) known.pageSize = value
      if (key === auxiliary.clockTicks) known.clockTicks = value
    }
  } catch {
    // Sandboxes forbid it.
  }
  return known
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function linkQuietly(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
