/**
 * Which sessions are under way on this machine, and to which one a process belongs. They are found by their launchers,
 * whose environment names the folder, wherever that is.
 */

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import type { RunningSession } from '../types.ts'
import { allProcesses, processStat, textOf } from './processes.ts'

const launcherName = 'alloc8-launch'

/** The sessions of launchers that run and that may be looked at, oldest first. */
export function runningSessions(): RunningSession[] {
  return allProcesses()
    .sort((a, b) => a - b)
    .flatMap((pid) => sessionOfLauncher(pid) ?? [])
}

function sessionOfLauncher(pid: number): RunningSession | null {
  const stat = processStat(pid)
  // The name that the kernel keeps is 15 letters long at most.
  if (stat?.name !== launcherName.slice(0, 15) || stat.state === 'Z') return null
  const environment = textOf(`/proc/${pid}/environ`)
  const words = textOf(`/proc/${pid}/cmdline`)?.split('\0') ?? []
  const directory = variable(environment, 'ALLOC8_SESSION')
  const place = words.indexOf('--')
  // A launcher may outlive its controller, and with it the folder.
  if (directory === null || place < 0 || !existsSync(directory)) return null
  const [path = '', , ...args] = words.slice(place + 1, -1)
  const probed = variable(environment, 'ALLOC8_PROBE') !== null
  return { directory, controllerPid: stat.ppid, launcherPid: pid, command: [path, ...args], probed }
}

function variable(environment: string | null, name: string): string | null {
  const entry = environment?.split('\0').find((each) => each.startsWith(`${name}=`))
  return entry?.slice(name.length + 1) || null
}

/**
 * The folder of the session that a process is of: it controls it, launched it, or runs in it.
 * @throws Alloc8Error PROCESS: there is no such process. SESSION_UNKNOWN: it is of none, or may not be looked at
 */
export function sessionOfProcess(pid: number): string {
  if (processStat(pid) === null) throw new Alloc8Error('PROCESS', `there is no process ${pid}`)
  const sessions = runningSessions()
  const own = sessions.filter(({ controllerPid, launcherPid }) => controllerPid === pid || launcherPid === pid)
  // Of several the one that was started last.
  const found = own.at(-1)?.directory ?? mappedSession(pid) ?? sessionOfAncestor(pid, sessions)
  if (found !== null) return found
  throw new Alloc8Error('SESSION_UNKNOWN', `process ${pid} is of no session that can be seen`, {
    hint: '`alloc8 watch` lists the sessions that are under way; start one with `alloc8 run --probe live`',
  })
}

/** By the file of the probe that it has mapped: programs that rename themselves overwrite their environment. */
function mappedSession(pid: number): string | null {
  const path = /^\S+(?: +\S+){4} +(\/.*\/\d+-\d+\.probe)(?: \(deleted\))?$/m.exec(
    textOf(`/proc/${pid}/maps`) ?? '',
  )?.[1]
  return path === undefined ? null : dirname(path)
}

function sessionOfAncestor(pid: number, sessions: readonly RunningSession[]): string | null {
  for (let at: number | undefined = pid, steps = 0; at !== undefined && at > 1 && steps < 1000; steps++) {
    const session = sessions.find(({ launcherPid }) => launcherPid === at)
    if (session !== undefined) return session.directory
    at = processStat(at)?.ppid
  }
  return null
}
