/** Why a run of a service gave no numbers: whose fault it was, how it ended, what to look at. */

import { signalNumber } from '../launch/signals.ts'
import type { RunFailure, RunResult, Warning } from '../types.ts'
import type { PreparedService } from './types.ts'

/** A failure without the block, which the comparison knows. */
export type Failure = Omit<RunFailure, 'block'>

/** How far a run has come. */
export type Stage = 'starting' | 'loading' | 'settling' | 'stopping'

type Ending = Pick<RunResult, 'exitCode' | 'signal'>

const during: Record<Stage, string> = {
  starting: 'before it was ready',
  loading: 'under load',
  settling: 'after the load, before it was told to',
  stopping: 'while it was being stopped',
}

function howItEnded({ exitCode, signal }: Ending): string {
  return signal === null ? `ended with status ${exitCode}` : `died by ${signal}`
}

/** The server ended by itself. */
export function diedIn(stage: Stage, end: Ending & Pick<RunResult, 'verdict'>, output: string): Failure {
  const { exitCode, signal } = end
  // What goes into the background leaves its work to a child and ends well, at once.
  const forked = new Set(end.verdict.processes.map(({ pid }) => pid)).size > 1
  const background =
    exitCode === 0 && stage === 'starting' && forked
      ? '; if it went into the background, tell it to stay in the foreground'
      : ''
  const message = `the server ${howItEnded(end)} ${during[stage]}${background}`
  return { exitCode, signal, timedOut: false, message, output }
}

export function neverReady(service: PreparedService, lacks: string, output: string): Failure {
  const message = `the server was not ready within ${service.readyTimeoutMs} ms: ${lacks}`
  return { exitCode: null, signal: null, timedOut: true, message, output }
}

export function loadFailed(end: Ending, output: string): Failure {
  return { ...ending(end), timedOut: false, message: `the load ${howItEnded(end)}`, output }
}

export function loadTimedOut(end: Ending, timeoutMs: number | undefined, output: string): Failure {
  return { ...ending(end), timedOut: true, message: `the load did not end within ${timeoutMs} ms`, output }
}

/** Neither the server's fault nor the load's: the launcher of one of them was killed. */
export function launcherLost(whose: 'server' | 'load', message: string, output: string): Failure {
  return { exitCode: null, signal: null, timedOut: false, message: `the ${whose}: ${message}`, output }
}

/**
 * Whether a server that was told to stop ended as such servers do: well, by that signal, or with the status that stands
 * for it. Null where it did; a crash on the way out is the heap's failure as much as one under load.
 */
export function crashStopping(service: PreparedService, end: RunResult, obeyed: boolean, output: string) {
  if (end.signal === null || !obeyed || end.signal === service.stopSignal) return null
  return diedIn('stopping', end, output)
}

/** What is odd about how it stopped, though it stopped. */
export function stopWarnings(service: PreparedService, end: RunResult, obeyed: boolean): Warning[] {
  const { stopSignal, graceMs } = service
  if (!obeyed) {
    const message =
      `the server did not end within ${graceMs} ms of ${stopSignal} and was killed: ` +
      'give it longer (graceMs), or the signal that it ends by (stopSignal)'
    return [{ code: 'stop-ignored', message }]
  }
  const usual = [0, 128 + (signalNumber(stopSignal) ?? 0)]
  if (end.exitCode === null || usual.includes(end.exitCode)) return []
  const message = `the server ended with status ${end.exitCode} on ${stopSignal}: see what it printed`
  return [{ code: 'stop-status', message }]
}

function ending({ exitCode, signal }: Ending): Ending {
  return { exitCode, signal }
}
