/**
 * What a run can be asked for, and how alloc8-launch is told: its arguments and its descriptors. The launcher refuses
 * what is malformed as well, but only here can an error name the option that the caller wrote.
 */

import type { StdioOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { usageError } from '../errors.ts'

/**
 * Where output goes. `stderr` sends the target's stdout to our stderr. A function gets every byte, in order; the
 * target then writes to a pipe, and waits when the function is slow.
 */
export type OutputTarget = 'inherit' | 'ignore' | 'stderr' | ((chunk: Buffer) => void)

/** A running launcher, for passing signals on (see signals.ts). */
export interface LauncherHandle {
  pid: number
  /** Sends a signal to the launcher, which passes INT, TERM, HUP, QUIT, USR1 and USR2 on to the target. */
  kill(signal: NodeJS.Signals): boolean
  /**
   * Ends the whole tree: SIGTERM, then SIGKILL after `graceMs`. The run still gives its result. Does nothing without a
   * lifeline.
   */
  endTree(): void
}

/** One run. */
export interface LaunchOptions {
  /** Absolute path of the executable; nothing is looked up. */
  path: string
  /** The target's argv[0]; `path` where it is left out. */
  argv0?: string | undefined
  args: readonly string[]
  /** The complete environment (see environment.ts). */
  env: NodeJS.ProcessEnv
  cwd?: string | undefined
  stdin: 'inherit' | 'ignore' | number
  stdout: OutputTarget
  stderr: OutputTarget
  /** After this the whole tree gets SIGTERM, and SIGKILL `graceMs` (2000) later. */
  timeoutMs?: number | undefined
  graceMs?: number | undefined
  /** CPUs that the target is bound to; all must exist. */
  cpus?: readonly number[] | undefined
  /** false turns address space randomisation off for the target. */
  aslr?: boolean | undefined
  /** Counts the instructions of the whole tree by the processor's counters, where it has them and we may use them. */
  countInstructions?: boolean | undefined
  /** Ends descendants that outlive the target; otherwise they are listed. */
  killTree: boolean
  /** Ties the tree's life to ours: when this process dies or aborts, however, the launcher ends the tree. */
  lifeline: boolean
  /** In a session of its own: the terminal's Ctrl-C does not reach it, nor can it open the terminal. */
  detached: boolean
  /**
   * The target is started when this resolves; called once all is ready for that. With two runs that wait for the same
   * promise both targets start at the same moment. Needs stdout or stderr to be a function; a rejection ends the run
   * before it began and is rethrown.
   */
  gate?: (() => Promise<void>) | undefined
  signal?: AbortSignal | undefined
  /** Called once the launcher runs, before it is known whether the target could be executed. */
  onStart?: ((launcher: LauncherHandle) => void) | undefined
}

/** The launcher's own descriptors. Node makes 0 to 15 private to itself at its start, so no target misses these. */
const reportFd = 3
const lifelineFd = 4

const highestCpu = 1023
const longestMs = 1e12

/** Throws a USAGE error for the first option of the wrong shape. */
export function checkOptions(options: LaunchOptions): void {
  if (!isAbsolute(options.path)) throw usageError('path', 'an absolute path', options.path)
  const words = { path: options.path, argv0: options.argv0 ?? '', cwd: options.cwd ?? '' }
  for (const [name, word] of Object.entries(words)) checkWord(name, word)
  for (const word of options.args) checkWord('args', word)
  for (const [name, value] of Object.entries(options.env)) checkWord(`env.${name}`, `${name}${value ?? ''}`)
  checkMilliseconds('timeoutMs', options.timeoutMs, 1)
  checkMilliseconds('graceMs', options.graceMs, 0)
  if (options.cpus?.length === 0) throw usageError('cpus', 'at least one CPU number', '[]')
  for (const cpu of options.cpus ?? []) {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu > highestCpu) {
      throw usageError('cpus', `CPU numbers from 0 to ${highestCpu}`, cpu)
    }
  }
  if (options.gate && typeof options.stdout !== 'function' && typeof options.stderr !== 'function') {
    throw usageError('gate', 'stdout or stderr given as a function', 'neither')
  }
  if (typeof options.stdin === 'number' && !(Number.isInteger(options.stdin) && options.stdin >= 0)) {
    throw usageError('stdin', "'inherit', 'ignore' or a file descriptor", options.stdin)
  }
}

/** The system ends every word at a zero byte. */
function checkWord(name: string, word: string): void {
  if (word.includes('\0')) throw usageError(name, 'text without a zero byte', word)
}

function checkMilliseconds(name: string, value: number | undefined, least: number): void {
  if (value === undefined) return
  if (!Number.isInteger(value) || value < least || value > longestMs) {
    throw usageError(name, `a whole number of milliseconds from ${least} to ${longestMs}`, value)
  }
}

let openFiles: number | null | undefined

/**
 * The soft limit of open files that a target would have without us, or null where it cannot be told. Node raises its
 * own to the hard limit at its start, and programs size tables by it; our parent still has what we were started with.
 */
function callersOpenFiles(): number | null {
  if (openFiles !== undefined) return openFiles
  const [own, parents] = ['self', String(process.ppid)].map(softOpenFiles)
  openFiles = own != null && parents != null && parents < own ? parents : null
  return openFiles
}

/** From /proc/PID/limits; null for `unlimited` and for what cannot be read. */
function softOpenFiles(pid: string): number | null {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
    return soft === undefined ? null : Number(soft)
  } catch {
    return null
  }
}

/** The launcher's arguments for checked options. */
export function launcherArguments(options: LaunchOptions): string[] {
  const words = ['--report-fd', String(reportFd)]
  if (options.lifeline) words.push('--lifeline-fd', String(lifelineFd))
  if (options.timeoutMs !== undefined) words.push('--timeout-ms', String(options.timeoutMs))
  if (options.graceMs !== undefined) words.push('--grace-ms', String(options.graceMs))
  if (options.cpus !== undefined) words.push('--cpus', options.cpus.join(','))
  if (options.aslr === false) words.push('--no-aslr')
  if (options.countInstructions) words.push('--count-instructions')
  const openFiles = callersOpenFiles()
  if (openFiles !== null) words.push('--open-files', String(openFiles))
  if (options.killTree) words.push('--kill-tree')
  if (typeof options.stdout === 'function') words.push('--capture-stdout')
  if (typeof options.stderr === 'function') words.push('--capture-stderr')
  return [...words, '--', options.path, options.argv0 ?? options.path, ...options.args]
}

/** The launcher's descriptors for checked options. The target gets the first three. */
export function launcherStdio(options: LaunchOptions): StdioOptions {
  const lifeline: StdioOptions = options.lifeline ? ['pipe'] : []
  return [options.stdin, ownEnd(options.stdout, 1), ownEnd(options.stderr, 2), 'pipe', ...lifeline]
}

/** Captured output goes through a pipe that the launcher makes; its own messages go where ours do. */
function ownEnd(output: OutputTarget, fd: 1 | 2): 'ignore' | number {
  if (typeof output === 'function') return fd === 1 ? 'ignore' : 2
  if (output === 'ignore') return 'ignore'
  return output === 'stderr' ? 2 : fd
}
