/** `start()`, `openSession()` and `runningSessions()`: runs that are looked at while they go on, one's own and others'. */

import { usageError } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import type { LauncherHandle } from '../launch/launch.ts'
import { prepareTarget } from '../launch/run.ts'
import { FolderSession, openSession as openFolderSession } from '../session/live.ts'
import { sessionOfProcess, runningSessions as sessionsUnderWay } from '../session/running.ts'
import type { LiveSession, RunningSession, RunResult } from '../types.ts'
import { checkCommand, type RunOptions, runAndKeep } from './run.ts'

/** A run under way. */
export interface StartedRun {
  /** What its processes ask of their heap; goes on giving the last numbers after the end. */
  session: LiveSession
  /** As `run()` gives it. */
  result: Promise<RunResult>
  /** The launcher, to pass signals on to the target, or to end its whole tree where `lifeline` was set. */
  launcher: LauncherHandle
}

/**
 * Starts a program under a heap as `run()` does, and returns as soon as its launcher runs. The probe is at `live` unless
 * `probe` says otherwise.
 */
export async function start(options: RunOptions): Promise<StartedRun> {
  const { command, heap = 'default', probe = 'live', onStart, ...rest } = options
  checkCommand(command)
  const target = prepareTarget(command, rest)
  const resolved = await resolveHeap(heap)
  return new Promise((started, failed) => {
    let session: FolderSession | undefined
    let ended = () => {}
    const ending = new Promise<void>((resolve) => {
      ended = resolve
    })
    const watcher = {
      begin: ({ directory, anchor }: { directory: string; anchor: string }) => {
        session = new FolderSession(directory, anchor, { over: () => false, ending, close: () => {} })
      },
      end: () => {
        session?.finish()
        ended()
      },
    }
    const launched = runAndKeep(target, resolved, {
      ...rest,
      probe,
      watcher,
      onStart: (launcher) => {
        onStart?.(launcher)
        if (session !== undefined) started({ session, result, launcher })
      },
    })
    const result = launched.then(({ result }) => result)
    // Whoever awaits the result sees why it failed; whoever does not is not to be ended by it.
    result.catch(failed)
  })
}

/**
 * Opens a session to look at it: its folder, or the number of a process that controls it, launched it or runs in it.
 * @throws Alloc8Error SESSION_UNKNOWN: it is none, or the process is of none. PROCESS: there is no such process
 */
export function openSession(session: string | number): LiveSession {
  if (typeof session === 'string' && session !== '') return openFolderSession(session)
  if (typeof session === 'number' && Number.isSafeInteger(session) && session > 0) {
    return openFolderSession(sessionOfProcess(session))
  }
  throw usageError('session', "a session's folder or the number of a process", session)
}

/** The sessions that are under way on this machine and that this user may look at, oldest first. */
export function runningSessions(): RunningSession[] {
  return sessionsUnderWay()
}
