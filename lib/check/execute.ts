/**
 * Runs one program of the kit under a heap. Nothing of it outlives the run: a heap that deadlocks in a forked child must
 * not leave that child on the machine.
 */

import { spawn } from 'node:child_process'
import { preloadable, targetEnvironment } from '../launch/environment.ts'
import type { ResolvedHeap } from '../types.ts'
import type { Case } from './cases.ts'
import { doneStatus } from './judge.ts'

/** How programs are run. */
export interface ExecuteOptions {
  env: NodeJS.ProcessEnv
  /** A folder for links to libraries whose paths cannot be preloaded. */
  linkFolder: string
  /** What all that is started carries in its environment, so that what it leaves running is found. */
  mark: string
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

/** Of what a program writes so many characters are kept from the beginning, and as many from the end. */
const keptOutput = 10_000

/** What tells a program to end with another status than 0 where it comes to its end; native/conformance/finish.c. */
const doneVariable = 'CONFORMANCE_DONE'

/** The name of the mark; it says to whoever finds it where it comes from. */
export const markVariable = 'CONFORMANCE_RUN'

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
  const link = (path: string) => preloadable(path, linkFolder)
  const preload = [...one.preloadFirst.map(link), ...between, ...one.preload.map(link)]
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
      env: { ...caseEnvironment(one, heap, options), [doneVariable]: String(doneStatus), [markVariable]: options.mark },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    let timedOut = false
    let patience: NodeJS.Timeout | undefined
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] = shortened(output[stream] + text)
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

function shortened(text: string): string {
  return text.length <= 2 * keptOutput ? text : text.slice(0, keptOutput) + text.slice(-keptOutput)
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}
