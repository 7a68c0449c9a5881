/**
 * Signals around a run: their numbers, the status that a shell gives to them, and what the command line has to do with
 * its own signals while a target runs in the foreground.
 */

import { constants } from 'node:os'
import type { LauncherHandle } from './options.ts'

/** The number of a signal as results name it (`SIGSEGV`, `SIG34`), or null for a name that this system lacks. */
export function signalNumber(name: string): number | null {
  const known = (constants.signals as Record<string, number>)[name]
  if (known !== undefined) return known
  const digits = /^SIG([1-9]\d?)$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** The status that a shell shows for a result: the target's own, or 128 and the signal's number. */
export function shellStatus(result: { exitCode: number | null; signal: string | null }): number {
  if (result.exitCode !== null) return result.exitCode
  return 128 + (result.signal === null ? 0 : (signalNumber(result.signal) ?? 0))
}

/** Sent to us by a supervisor, a shell's kill and so on, and meant for the target. */
const passedOn = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Made by the terminal for its whole foreground group: the target has them already and decides what they mean. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const

/**
 * Makes this process behave, for a target in the foreground, as if it were not there: Ctrl-C and Ctrl-\ are the
 * target's business, and what somebody sends to us is passed on. To be called before the launch: a launcher that runs
 * unannounced would leave its target behind. Until there is one, every signal calls `stop`. Only the command line calls
 * this.
 * @returns a function that puts everything back
 */
export function yieldSignals(launcher: () => LauncherHandle | null, stop: () => void): () => void {
  const wait = (): void => {
    if (launcher() === null) stop()
  }
  const pass = (signal: NodeJS.Signals): void => {
    const target = launcher()
    if (target === null) stop()
    else target.kill(signal)
  }
  for (const name of fromTerminal) process.on(name, wait)
  for (const name of passedOn) process.on(name, pass)
  return () => {
    for (const name of fromTerminal) process.off(name, wait)
    for (const name of passedOn) process.off(name, pass)
  }
}
