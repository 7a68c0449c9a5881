/** What the kernel says of a puppet's processes and threads: how one ended, what one is at, which frames are a signal's. */

import { readFileSync } from 'node:fs'
import { processStat } from '../session/processes.ts'
import { type PuppetDied, signalName } from './died.ts'

/** How a process ended. */
export interface ProcessEnd {
  exitCode: number | null
  signal: string | null
}

/** It is no more, but for its status, which its parent has not asked for. */
export function hasEnded(pid: number): boolean {
  const stat = processStat(pid)
  return stat === null || stat.state === 'Z' || stat.state === 'X'
}

/** What waitpid says. */
export function statusOf(status: number): ProcessEnd {
  const signal = status & 0x7f
  return signal === 0
    ? { exitCode: (status >> 8) & 0xff, signal: null }
    : { exitCode: null, signal: signalName(signal) }
}

/** The stack from where the signal came to: what stands before it is our own reporting. */
export function withoutHandler(frames: PuppetDied['backtrace']): PuppetDied['backtrace'] {
  const trampoline = frames.findIndex((frame) => frame.function?.startsWith('__restore_rt') === true)
  if (trampoline >= 0) return frames.slice(trampoline + 1)
  const handler = frames.findLastIndex((frame) => /onSignal|reportDeath|collectFrames/.test(frame.function ?? ''))
  return frames.slice(handler < 0 ? 0 : handler + 2)
}

/** What a thread is at, as far as the kernel tells: `waits in futex`. */
export function stateOf(pid: number, tid: number): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8'))
  if (stat === null) return 'it has ended'
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  if (state === 'R') return 'it computes'
  const where = attempt(() => readFileSync(`/proc/${pid}/task/${tid}/wchan`, 'utf8')) ?? ''
  const call = attempt(() => readFileSync(`/proc/${pid}/task/${tid}/syscall`, 'utf8').split(' ')[0]) ?? ''
  if (call === '202' || where.startsWith('futex')) return 'it waits for a lock (futex)'
  return where === '' || where === '0' ? `state ${state}` : `it waits in ${where}`
}

export function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
