/**
 * Whether anything starts under a heap, and in what way not. It is asked before all cases, so that a library that does
 * not load is one finding and not two hundred; alloc8 itself never runs under the heap.
 */

import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { CheckProblem, ResolvedHeap } from '../types.ts'
import type { Ending } from './execute.ts'
import { doneStatus, refusedPreload } from './judge.ts'

/** What the first program told of a heap. */
export interface Start {
  problem: CheckProblem | null
  notes: string[]
  /** Whether the heap writes something in every process. */
  chatty: boolean
}

/**
 * Reads how start/runs ended. It writes one line: the file that malloc is in, and how many threads there are.
 */
export function readStart(heap: ResolvedHeap, ending: Ending, timeoutMs: number): Start {
  // The last one: a heap may write what it likes before the program does.
  const own = [...ending.stdout.matchAll(/^start malloc=(.*) threads=(\d+)$/gm)].at(-1)
  const problem = problemOf(heap, ending, timeoutMs, own?.[1] ?? null)
  if (problem !== null) return { problem, notes: [], chatty: false }
  const others = Number(own?.[2] ?? 1) - 1
  const printed = `${ending.stdout.replace(own?.[0] ?? '', '').trim()}\n${ending.stderr.trim()}`.trim()
  const notes = [
    ...(others > 0 ? [`it starts ${others === 1 ? 'a thread' : `${others} threads`} in every process`] : []),
    ...(printed === '' ? [] : [`it prints in every process: ${printed.split('\n')[0]}`]),
  ]
  return { problem: null, notes, chatty: printed !== '' }
}

function problemOf(heap: ResolvedHeap, ending: Ending, timeoutMs: number, home: string | null): CheckProblem | null {
  const words = ending.stderr.trim().split('\n').slice(0, 2).join(' | ')
  const said = words === '' ? '' : `: ${words}`
  const refused = refusedPreload(ending) ?? missingPart(ending)
  if (refused !== null) return { code: 'not-loaded', message: `the loader cannot preload it: ${refused}` }
  if (ending.timedOut)
    return {
      code: 'hangs',
      message: `a program that only starts a thread and allocates a little had not ended after ${timeoutMs / 1000} s${said}`,
    }
  if (ending.signal !== null)
    return {
      code: 'crashes',
      message: `a program that only starts a thread and allocates a little ended by ${ending.signal}${said}`,
    }
  if (ending.status === 0)
    return {
      code: 'ends',
      message: `a program that only starts a thread and allocates a little ended with status 0 before it was done${said}`,
    }
  if (ending.status !== doneStatus || home === null)
    return {
      code: 'ends',
      message: `a program that only starts a thread and allocates a little ended with status ${ending.status}${said}`,
    }
  if (heap.kind === 'default' || heap.kind === 'system' || !/^libc(\.so\.6|-[\d.]+\.so)$/.test(basename(home)))
    return null
  const isLibc = heap.path !== null && realpathSync(heap.path) === realpathSync(home)
  return isLibc ? null : { code: 'not-in-effect', message: `malloc is still that of ${home}` }
}

/** What the loader said where a library that the heap needs, or a symbol, is not there; it ends the program with 127. */
function missingPart({ status, stderr }: Ending): string | null {
  if (status !== 127) return null
  return /: (?:error while loading shared libraries|symbol lookup error): ([^\n]*)/.exec(stderr)?.[1] ?? null
}
