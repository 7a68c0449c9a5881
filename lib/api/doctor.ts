/** `doctor()`: what this machine can do for alloc8, or which allocator one running process uses. */

import { examineMachine, processAllocator } from '../doctor/index.ts'
import { usageError } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import { prepareTarget, runTarget } from '../launch/run.ts'
import { sessionPlace } from '../session/place.ts'
import type { DoctorResult, ProcessAllocator, Verdict } from '../types.ts'

/** What `doctor()` takes: with `pid`, that process is looked at and not the machine. */
export interface DoctorOptions {
  pid?: number | undefined
}

/** A program of a few milliseconds that is on every machine on which this code runs. */
const smallProgram = [process.execPath, '--version'] as const

/** It takes a hundredth of that; a heap under which it hangs must not keep the examination. */
const patienceMs = 10_000

/**
 * Without `pid`: checks of this machine, each lack with what to do, and whether each heap loads into a program. With
 * `pid`: the allocator of that process, which goes on undisturbed.
 * @throws Alloc8Error PROCESS where there is no such process, or it may not be looked at; USAGE for no number
 */
export function doctor(options?: { pid?: undefined }): Promise<DoctorResult>
export function doctor(options: { pid: number }): Promise<ProcessAllocator>
export async function doctor({ pid }: DoctorOptions = {}): Promise<DoctorResult | ProcessAllocator> {
  if (pid === undefined) {
    return examineMachine({ tryHeap, sessionFolder: sessionPlace(), environment: process.env })
  }
  if (!Number.isSafeInteger(pid) || pid < 1) throw usageError('pid', 'the number of a process, from 1', pid)
  return processAllocator(pid)
}

async function tryHeap(spec: string): Promise<Verdict> {
  const heap = await resolveHeap(spec)
  const { verdict } = await runTarget(prepareTarget(smallProgram), heap, {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    timeoutMs: patienceMs,
    killTree: true,
    lifeline: true,
    detached: true,
  })
  return verdict
}
