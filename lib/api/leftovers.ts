/**
 * Processes that a setup left running. Usually its teardown ends them; what it forgets would be left on the machine and
 * take its time from every later run, so that it is ended, and said.
 */

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Leftover } from '../types.ts'

/** A process, with when it was started: its number alone may be another's by the time that it is ended. */
export interface Survivor extends Leftover {
  started: string
}

/** How long a process may take to end by SIGTERM. */
const GRACE_MS = 2000
const EXIT_GRACE_MS = 500

/** When a process was started, in the kernel's own words; null where it is gone or is a zombie. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // After the name, which is in brackets and may hold anything: state, and nineteen fields on the time of its start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

/** The processes of a list that live. */
export function survivorsOf(leftovers: readonly Leftover[]): Survivor[] {
  return leftovers.flatMap((each) => {
    const started = startOf(each.pid)
    return started === null ? [] : { ...each, started }
  })
}

const lives = ({ pid, started }: Survivor) => startOf(pid) === started

/** Ends those that still live, by SIGTERM and where that does not help by SIGKILL. Gives them. */
export async function endLeftovers(survivors: readonly Survivor[]): Promise<Survivor[]> {
  const living = survivors.filter(lives)
  signalAll(living, 'SIGTERM')
  const deadline = performance.now() + GRACE_MS
  while (living.some(lives) && performance.now() < deadline) await sleep(20)
  signalAll(living.filter(lives), 'SIGKILL')
  return living
}

/** The same for a process that is about to exit, whose event loop runs no more: waits half a second at most. */
export function endLeftoversAtExit(survivors: readonly Survivor[]): void {
  const living = survivors.filter(lives)
  signalAll(living, 'SIGTERM')
  const deadline = performance.now() + EXIT_GRACE_MS
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  while (living.some(lives) && performance.now() < deadline) Atomics.wait(nothing, 0, 0, 20)
  signalAll(living.filter(lives), 'SIGKILL')
}

function signalAll(processes: readonly Survivor[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended, or it is not ours to end.
    }
  }
}
