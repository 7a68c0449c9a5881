/**
 * What to do where nobody is left who knows a target's descendants as a parent does: the launcher itself was killed, by
 * the system for want of memory or by its own target, or there was none. They are told by what they inherited: the session
 * (setsid) that the launcher began, and a name in their environment that nobody can guess.
 */

import { readdirSync, readFileSync } from 'node:fs'

/** A tree that forks as fast as it is killed is given up after this. */
const mostRounds = 100

/**
 * Kills the processes of the launcher's session, which must have had one of its own, and those with `session` as
 * ALLOC8_SESSION in the environment that they were executed with. To be called at once after the launcher's end: its
 * number means another process later.
 */
export function endOrphans(launcherPid: number, session: string | undefined): void {
  endAll(
    (pid, sessionId) =>
      sessionId === launcherPid || (session !== undefined && carries(pid, `ALLOC8_SESSION=${session}`)),
  )
}

/**
 * Kills the processes that were executed with this in their environment, `NAME=value`, whatever they have become since,
 * and those that they still start; how many there were.
 */
export function endCarriers(variable: string): number {
  return endAll((pid) => carries(pid, variable))
}

function endAll(isMeant: (pid: number, sessionId: number) => boolean): number {
  const ended = new Set<number>()
  for (let round = 0; round < mostRounds; ++round) {
    const found = processIds().filter((pid) => pid !== process.pid && isAlive(pid, isMeant))
    if (found.length === 0) break
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL')
        ended.add(pid)
      } catch {
        // It has ended, or it is not ours to end.
      }
    }
  }
  return ended.size
}

function isAlive(pid: number, isMeant: (pid: number, sessionId: number) => boolean): boolean {
  const stat = readQuietly(`/proc/${pid}/stat`)
  // State, parent, group and session come after the name, which is in brackets and may hold anything.
  const [state, , , sessionId] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (state === undefined || state === '' || state === 'Z' || state === 'X') return false
  return isMeant(pid, Number(sessionId))
}

function carries(pid: number, variable: string): boolean {
  const wanted = Buffer.from(variable).toString('latin1')
  return readQuietly(`/proc/${pid}/environ`).split('\0').includes(wanted)
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []))
  } catch {
    return []
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
