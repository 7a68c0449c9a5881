/**
 * What the system says of a session's processes: whether one still is the image that wrote a file, its name, its memory.
 * Numbers of processes are used again, and an image ends by exec while its process goes on, so a process is believed to
 * be a file's only while it has that file mapped; that is looked at when something has changed.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What is known of a running process. */
export interface ProcessFacts {
  name: string
  command: string | null
  executable: string | null
  rssBytes: number | null
}

/** What was seen of a process the last time, to see whether it is the same. */
export interface Sighting {
  startTicks: string
  executable: string | null
}

const longestCommand = 1000

/** One line of /proc/PID/stat. */
export interface ProcessStat {
  name: string
  state: string
  ppid: number
  startTicks: string
  rssPages: number
  /** As waitpid will say, of one that has ended and whose parent has not asked yet (state Z). */
  exitStatus: number
}

/** Null where there is no such process. */
export function processStat(pid: number): ProcessStat | null {
  const text = textOf(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name may hold spaces and parentheses.
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
  const fields = text.slice(close + 2).split(' ')
  const [state = 'X', ppid = '0'] = fields
  const [startTicks = '', , rssPages = '0'] = fields.slice(19)
  // proc_pid_stat(5): exit_code is the 52nd, and the first two were cut off.
  const [ppidNumber, pages, exitStatus] = [ppid, rssPages, fields[49] ?? '0'].map(Number) as [number, number, number]
  return { name: text.slice(open + 1, close), state, ppid: ppidNumber, startTicks, rssPages: pages, exitStatus }
}

/**
 * Looks whether the process `pid` is the image that writes the file `fileName`. `doubted`: something says that it may be
 * another by now.
 * @returns null when it is not, any more or yet
 */
export function lookAt(
  pid: number,
  fileName: string,
  before: Sighting | null,
  doubted: boolean,
): { facts: ProcessFacts; sighting: Sighting } | null {
  const stat = processStat(pid)
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null
  if (before !== null && before.startTicks !== stat.startTicks) return null
  const executable = linkOf(`/proc/${pid}/exe`)
  const known = before !== null && before.executable === executable && !doubted
  if (!known && maps(pid, fileName) === false) return null
  const facts = {
    name: stat.name,
    command: commandOf(pid),
    executable: executable?.replace(/ \(deleted\)$/, '') ?? null,
    rssBytes: stat.rssPages * pageBytes(),
  }
  return { facts, sighting: { startTicks: stat.startTicks, executable } }
}

/** Whether a process has a file of that name mapped; null where that may not be seen. */
function maps(pid: number, fileName: string): boolean | null {
  const text = textOf(`/proc/${pid}/maps`)
  return text === null || text === '' ? null : text.includes(`/${fileName}`)
}

/** The words that a process was started with, as one text; null where there are none. */
function commandOf(pid: number): string | null {
  const text = textOf(`/proc/${pid}/cmdline`)?.slice(0, longestCommand).replace(/\0+$/, '').replaceAll('\0', ' ')
  return text === undefined || text === '' ? null : text
}

/** Names of threads by number, of those that are there. */
export function threadNames(pid: number, threads: readonly number[]): Map<number, string> {
  const names = new Map<number, string>()
  for (const thread of threads) {
    const name = textOf(`/proc/${pid}/task/${thread}/comm`)
    if (name !== null) names.set(thread, name.trimEnd())
  }
  return names
}

/** The numbers of all processes. */
export function allProcesses(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
  } catch {
    return []
  }
}

let knownPageBytes: number | undefined

/** What the system counts memory in. */
function pageBytes(): number {
  knownPageBytes ??= Number(/^KernelPageSize:\s+(\d+) kB/m.exec(textOf('/proc/self/smaps') ?? '')?.[1] ?? 4) * 1024
  return knownPageBytes
}

/** The text of a file of /proc; null where it cannot be read. */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}
