/**
 * Runs one built test program under a heap and says how it ended. Whatever it started is ended with it: a heap that
 * deadlocks in a forked child must not leave that child on the machine.
 */

import { spawn } from 'node:child_process'
import { heapEnvironment, type TestHeap } from './heaps.ts'
import { Limit } from './limit.ts'
import type { Program } from './programs.ts'

/** How a program ended. `skipped`: the machine cannot test it; `lacking`: neither libc nor the heap offers it. */
export interface ProgramEnd {
  outcome: 'passed' | 'skipped' | 'lacking' | 'failed'
  /** One line: the status, signal or timeout. */
  ending: string
  /** What it wrote, both streams; empty for a program that passed. */
  output: string
  wallMs: number
}

/** The statuses of a program that cannot test what it wants to; see native/conformance/check.h. */
const skipStatus = 77
const lacksStatus = 78

const twoAtATime = new Limit(2)

/** Runs the program; at most two run at a time. The default timeout is 300 s. */
export function runProgram(program: Program, heap: TestHeap, timeoutMs = 300_000): Promise<ProgramEnd> {
  return twoAtATime.run(() => start(program, heap, timeoutMs))
}

function start(program: Program, heap: TestHeap, timeoutMs: number): Promise<ProgramEnd> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program.program, [], {
      cwd: '/',
      detached: true, // a process group of its own, so that all of it can be ended
      env: { ...heapEnvironment(heap, program.preloadFirst, program.preload), ...program.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let timedOut = false
    const collect = (data: Buffer) => {
      if (output.length < 20_000) output += data.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child.pid)
    }, timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('exit', () => endGroup(child.pid)) // stragglers would keep the pipes open
    child.on('close', (status, signal) => {
      clearTimeout(timer)
      const wallMs = performance.now() - started
      resolve({ ...judge(status, signal, timedOut, timeoutMs, output), output, wallMs })
    })
  })
}

function judge(status: number | null, signal: string | null, timedOut: boolean, timeoutMs: number, output: string) {
  if (timedOut) return { outcome: 'failed', ending: `no end within ${timeoutMs} ms` } as const
  if (signal) return { outcome: 'failed', ending: `signal ${signal}` } as const
  if (status === skipStatus) return { outcome: 'skipped', ending: output.trim() } as const
  if (status === lacksStatus) return { outcome: 'lacking', ending: output.trim() } as const
  if (status !== 0) return { outcome: 'failed', ending: `status ${status}` } as const
  if (output !== '') return { outcome: 'failed', ending: 'status 0, but output where none was expected' } as const
  return { outcome: 'passed', ending: 'status 0' } as const
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // nobody is left in the group
  }
}
