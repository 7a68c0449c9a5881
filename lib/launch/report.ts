/**
 * The launcher's lines, checked. They come from our own program, but through a descriptor and from whatever
 * alloc8-launch lies in the folder: anything else than what is expected is an error that says so.
 */

import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { Alloc8Error } from '../errors.ts'
import type { Leftover } from '../types.ts'

/** What the kernel accounted. Times are nanoseconds, at the kernel's resolution of microseconds. */
export interface Usage {
  userNs: number
  sysNs: number
  /** Of the largest single process. */
  peakRssBytes: number
  minorFaults: number
  majorFaults: number
  voluntarySwitches: number
  involuntarySwitches: number
}

/** The target and the orphans that it left to the launcher. */
export interface TreeUsage extends Usage {
  /** Processes that the launcher collected: the target and the orphans. Those collected by a parent are not in it. */
  reaped: number
}

/** What one run gave. The usage at the top is the target's own, with the children that it waited for. */
export interface LaunchResult extends Usage {
  pid: number
  /** null when the target died by a signal. */
  exitCode: number | null
  /** `SIGSEGV`, or `SIG34` for one without a name. */
  signal: string | null
  coreDumped: boolean
  timedOut: boolean
  /** The tree was ended because the controller's end of the lifeline was closed. */
  lifelineLost: boolean
  /** From just before the target's birth to the moment when its end was collected. */
  wallNs: number
  /** How long the machine slept meanwhile, which is not in wallNs. */
  suspendedNs: number
  /** Instructions of the whole tree in user space; null where they were not counted, or not for all of the time. */
  instructions: number | null
  tree: TreeUsage
  /** Descendants still alive at the end; at most 256, `leftoversOmitted` counts the rest. */
  leftovers: Leftover[]
  leftoversOmitted: number
  /** Processes that were sent a signal to end them, the target included. */
  killed: number
}

/** Where the launcher keeps the pipes for the target's output. */
export interface Capture {
  /** The launcher's process id as /proc has it. */
  procPid: number
  stdoutFd: number | null
  stderrFd: number | null
}

const version = 1

const notExecutable = new Set(['EACCES', 'EPERM', 'ENOEXEC', 'EISDIR', 'ENOTDIR', 'ETXTBSY', 'ELOOP'])

/**
 * Reads the report on `path`.
 * @throws Alloc8Error for a target that was not started (by errno: TARGET_NOT_FOUND, TARGET_NOT_EXECUTABLE, USAGE or
 *   LAUNCH), for one that could not be ended, and LAUNCH for a line that is not a report.
 */
export function parseReport(line: string, path: string): LaunchResult {
  const fields = Fields.parse(line)
  const spawnErrno = fields.nullable('spawnErrno', (name) => fields.count(name))
  if (spawnErrno !== null) throw spawnError(path, spawnErrno, fields.text('spawnStep'))
  const result: LaunchResult = {
    pid: fields.count('pid'),
    exitCode: fields.nullable('exitCode', (name) => fields.count(name)),
    signal: fields.nullable('signal', (name) => fields.text(name)),
    coreDumped: fields.flag('coreDumped'),
    timedOut: fields.flag('timedOut'),
    lifelineLost: fields.flag('lifelineLost'),
    wallNs: fields.count('wallNs'),
    suspendedNs: fields.count('suspendedNs'),
    ...usage(fields),
    instructions: fields.nullable('instructions', (name) => fields.count(name)),
    tree: { reaped: fields.child('tree').count('reaped'), ...usage(fields.child('tree')) },
    leftovers: fields.list('leftovers').map((each) => ({ pid: each.count('pid'), command: each.text('command') })),
    leftoversOmitted: fields.count('leftoversOmitted'),
    killed: fields.count('killed'),
  }
  if (result.exitCode === null && result.signal === null) {
    throw new Alloc8Error('LAUNCH', `${path} (process ${result.pid}) did not end after SIGKILL`, {
      hint: 'look at its state in /proc: it waits for a device, or it belongs to another user',
    })
  }
  return result
}

/** Reads the line that announces the pipes. Throws LAUNCH for anything else. */
export function parseCapture(line: string): Capture {
  const fields = Fields.parse(line)
  return {
    procPid: fields.count('procPid'),
    stdoutFd: fields.nullable('stdoutFd', (name) => fields.count(name)),
    stderrFd: fields.nullable('stderrFd', (name) => fields.count(name)),
  }
}

function usage(fields: Fields): Usage {
  return {
    userNs: fields.count('userNs'),
    sysNs: fields.count('sysNs'),
    peakRssBytes: fields.count('peakRssBytes'),
    minorFaults: fields.count('minorFaults'),
    majorFaults: fields.count('majorFaults'),
    voluntarySwitches: fields.count('voluntarySwitches'),
    involuntarySwitches: fields.count('involuntarySwitches'),
  }
}

/** Why a target was not started. `step` is the launcher's name for what failed. */
function spawnError(path: string, errno: number, step: string): Alloc8Error {
  const { name, words } = describeErrno(errno)
  if (step === 'affinity') {
    return new Alloc8Error(
      'USAGE',
      `cpus: expected CPUs that exist and that this process may use: ${words} (${name})`,
      {
        hint: 'taskset -pc $$ lists them',
      },
    )
  }
  if (step === 'aslr') {
    return new Alloc8Error('LAUNCH', `address space randomisation cannot be turned off: ${words} (${name})`, {
      hint: 'containers often forbid it (personality in the seccomp profile): allow it, or leave randomisation on',
    })
  }
  if (step !== 'exec') return new Alloc8Error('LAUNCH', `${path} was not started (${step}): ${words} (${name})`)
  if (name === 'ENOENT' && !existsSync(path)) {
    return new Alloc8Error('TARGET_NOT_FOUND', `${path} does not exist`)
  }
  if (name === 'ENOENT') {
    return new Alloc8Error('TARGET_NOT_EXECUTABLE', `${path} needs an interpreter that does not exist`, {
      hint: 'look at its first line if it is a script, else at what `file` says of its interpreter',
    })
  }
  const code = notExecutable.has(name) ? 'TARGET_NOT_EXECUTABLE' : 'LAUNCH'
  return new Alloc8Error(code, `${path} cannot be executed: ${words} (${name})`)
}

/** An errno's name and meaning. Node's table of meanings lacks some errors of exec, its table of numbers has them. */
function describeErrno(errno: number): { name: string; words: string } {
  const known = getSystemErrorMap().get(-errno)
  if (known !== undefined) return { name: known[0], words: known[1] }
  const name = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`
  return { name, words: name === 'ENOEXEC' ? 'not a program for this machine' : 'the system refused' }
}

/** A JSON object whose members are taken out one by one, each checked. */
class Fields {
  readonly #values: Record<string, unknown>

  private constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw garbage('an object', value)
    this.#values = value as Record<string, unknown>
  }

  static parse(line: string): Fields {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw garbage('a line of JSON', line.slice(0, 200))
    }
    const fields = new Fields(value)
    if (fields.#values.version !== version) throw garbage(`version ${version}`, fields.#values.version)
    return fields
  }

  count(name: string): number {
    const value = this.#values[name]
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw garbage(`a whole number as ${name}`, value)
    }
    return value
  }

  text(name: string): string {
    const value = this.#values[name]
    if (typeof value !== 'string') throw garbage(`a string as ${name}`, value)
    return value
  }

  flag(name: string): boolean {
    const value = this.#values[name]
    if (typeof value !== 'boolean') throw garbage(`true or false as ${name}`, value)
    return value
  }

  nullable<T>(name: string, read: (name: string) => T): T | null {
    return this.#values[name] === null ? null : read(name)
  }

  child(name: string): Fields {
    return new Fields(this.#values[name])
  }

  list(name: string): Fields[] {
    const value = this.#values[name]
    if (!Array.isArray(value)) throw garbage(`a list as ${name}`, value)
    return value.map((each) => new Fields(each))
  }
}

function garbage(expected: string, actual: unknown): Alloc8Error {
  return new Alloc8Error('LAUNCH', `alloc8-launch's report: expected ${expected}, got ${JSON.stringify(actual)}`, {
    hint: 'it belongs to another version, or it was cut short: build the native part again',
  })
}
