/**
 * What to do when the launcher itself was killed: by the system for want of memory, or by its own target. Nobody is
 * left then who knows the target's descendants as a parent does. They are told by what they inherited: the session
 * (setsid) that the launcher began, and the session folder in their environment, whose name nobody can guess.
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
  for (let round = 0; round < mostRounds; ++round) {
    const orphans = processIds().filter((pid) => pid !== process.pid && isOrphan(pid, launcherPid, session))
    if (orphans.length === 0) return
    for (const pid of orphans) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended, or it is not ours to end.
      }
    }
  }
}

function isOrphan(pid: number, launcherPid: number, session: string | undefined): boolean {
  const stat = readQuietly(`/proc/${pid}/stat`)
  // State, parent, group and session come after the name, which is in brackets and may hold anything.
  const [state, , , sessionId] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (state === undefined || state === '' || state === 'Z' || state === 'X') return false
  if (Number(sessionId) === launcherPid) return true
  if (session === undefined) return false
  const wanted = Buffer.from(`ALLOC8_SESSION=${session}`).toString('latin1')
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
