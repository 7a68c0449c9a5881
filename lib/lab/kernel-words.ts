/** What the kernel says of a puppet's processes and threads: how one ended, what one is at, which frames are a signal's. */

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStat } from '../session/processes.ts'
import { type PuppetDied, signalName } from './died.ts'
import type { LastWords, RawResults } from './protocol.ts'

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

export const unknownEnd: ProcessEnd = { exitCode: null, signal: null }

/** How a child of a puppet ended; unknown where it goes on, or nobody is left to ask. `reap` has its parent ask. */
export async function endWithin(ms: number, pid: number, reap: () => Promise<RawResults>): Promise<ProcessEnd> {
  for (let waited = 0; waited < ms; waited += 10) {
    const stat = processStat(pid)
    if (stat === null) break
    if (stat.state === 'Z') {
      // The thread that is to ask may be busy.
      reap().catch(() => {})
      return statusOf(stat.exitStatus)
    }
    await sleep(10)
  }
  const raw = await reap().catch(() => null)
  return raw?.errors[0] === 0 ? statusOf(Number(raw.values[0] ?? 0n)) : unknownEnd
}

/**
 * Whether a fork's end was that of all: those that the first process leaves behind are ended by its launcher. Whether
 * the signal that did so is seen or not depends on who looks first.
 */
export function wentWith(firstPid: number, { exitCode, signal }: ProcessEnd): boolean {
  return exitCode === null && [null, 'SIGTERM', 'SIGKILL'].includes(signal) && hasEnded(firstPid)
}

/** Where a fault was, if the kernel tells: not of a signal that was sent, nor of an address that is none (SI_KERNEL). */
export function faultAddress({ signal, code, address }: LastWords): bigint | null {
  const isFault = ['SIGSEGV', 'SIGBUS'].includes(signalName(signal)) && code > 0 && code !== SI_KERNEL
  return isFault ? address : null
}

const SI_KERNEL = 0x80

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
