/**
 * Runs one program of the kit under a heap. Nothing of it outlives the run: a heap that deadlocks in a forked child must
 * not leave that child on the machine.
 */

import { spawn } from 'node:child_process'
import { targetEnvironment } from '../launch/environment.ts'
import type { ResolvedHeap } from '../types.ts'
import type { Case } from './cases.ts'

/** How programs are run. */
export interface ExecuteOptions {
  env: NodeJS.ProcessEnv
  /** A folder for links to libraries whose paths cannot be preloaded. */
  linkFolder: string
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** How a program ended, with what it wrote. */
export interface Ending {
  status: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  stdout: string
  stderr: string
  wallMs: number
}

const preloadVariable = 'LD_PRELOAD'

/** More than this of what a program writes is dropped. */
const mostOutput = 20_000

/** How long the last output may be on its way after all processes of the program have ended. */
const lastOutputMs = 1000

/** The environment of a program under a heap: what is preloaded stands in this order, as the loader takes it. */
export function caseEnvironment(
  one: Pick<Case, 'preloadFirst' | 'preload' | 'environment'>,
  heap: ResolvedHeap,
  { env, linkFolder }: Pick<ExecuteOptions, 'env' | 'linkFolder'>,
): Record<string, string> {
  const options = { witness: null, sessionDirectory: linkFolder, paddingBytes: 0 }
  const { ALLOC8_SESSION: _, ...target } = targetEnvironment({ ...env, LC_ALL: 'C' }, heap, options)
  const between = (target[preloadVariable] ?? '').split(/[ :]+/).filter((path) => path !== '')
  const preload = [...one.preloadFirst, ...between, ...one.preload]
  if (preload.length > 0) target[preloadVariable] = preload.join(':')
  return { ...target, ...one.environment }
}

/** Runs a program; an abort ends it as its timeout does. */
export function execute(one: Case, heap: ResolvedHeap, options: ExecuteOptions): Promise<Ending> {
  const { timeoutMs, signal } = options
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(one.program, [], {
      cwd: '/',
      detached: true, // a process group of its own, so that all of it can be ended
      env: caseEnvironment(one, heap, options),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    let timedOut = false
    let patience: NodeJS.Timeout | undefined
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < mostOutput) output[stream] += text
      })
    }
    const onAbort = () => endGroup(child.pid)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child.pid)
    }, timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    const release = () => {
      clearTimeout(timer)
      clearTimeout(patience)
      signal?.removeEventListener('abort', onAbort)
    }
    child.on('error', (error) => {
      release()
      reject(error)
    })
    child.on('exit', () => {
      endGroup(child.pid) // stragglers would keep the pipes open
      // What left the group may keep them open all the same.
      patience = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, lastOutputMs)
    })
    child.on('close', (status, ended) => {
      release()
      resolve({ status, signal: ended, timedOut, ...output, wallMs: performance.now() - started })
    })
    if (signal?.aborted) onAbort()
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}
