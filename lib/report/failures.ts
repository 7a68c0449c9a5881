/**
 * The failures of a comparison for people: per heap what went wrong, how often, and the last thing that was printed.
 * The same crash stands in the cells of every metric; here it is told once.
 */

import type { CompareResult, RunFailure } from '../types.ts'
import { clean, wrapHanging } from './layout.ts'
import { signsOf, type TextStyle } from './style.ts'
import { countOf } from './units.ts'
import { heapLabels, placedCells, workloadsOf } from './view.ts'

/** What a failure is, in a few words: the signal, the exit status, or what its message says. */
export function failurePhrase(failure: RunFailure): string {
  if (failure.timedOut) return 'timed out'
  if (failure.signal !== null) return `killed by ${failure.signal}`
  if (failure.exitCode !== null && failure.exitCode !== 0) return `exit status ${failure.exitCode}`
  return failure.message
}

/** The failures of a heap in a workload. */
export interface FailureGroup {
  workload: string
  /** The heap's position in `heaps`. */
  heap: number
  /** One per block and phrase, in block order: the same crash stands in the cells of every metric. */
  failures: RunFailure[]
  /** How many runs there were. */
  runs: number
}

/** All failures: workload by workload, in each heap by heap; those without are left out. */
export function failureGroups(result: CompareResult): FailureGroup[] {
  const placed = placedCells(result)
  return workloadsOf(result).flatMap((workload) =>
    result.heaps.flatMap((_, heap) => {
      const cells = placed.filter((each) => each.heap === heap && each.cell.workload === workload)
      const found = new Map<string, RunFailure>()
      for (const failure of cells.flatMap(({ cell }) => cell.failures)) {
        const key = `${failure.block} ${failurePhrase(failure)}`
        if (!found.has(key)) found.set(key, failure)
      }
      const failures = [...found.values()].sort((a, b) => a.block - b.block)
      const runs = Math.max(0, ...cells.map(({ cell }) => cell.runs.length))
      return failures.length === 0 ? [] : [{ workload, heap, failures, runs }]
    }),
  )
}

/** What went wrong in a group and how often: `6 of 8 runs, killed by SIGSEGV`. */
export function failureSentence({ failures, runs }: FailureGroup): string {
  const counts = new Map<string, number>()
  for (const failure of failures) counts.set(failurePhrase(failure), (counts.get(failurePhrase(failure)) ?? 0) + 1)
  const phrases = [...counts].sort((a, b) => b[1] - a[1])
  const blocks = new Set(failures.map(({ block }) => block)).size
  const what = phrases.map(([phrase, count]) => (phrases.length === 1 ? phrase : `${phrase} (${count})`)).join(', ')
  return clean(`${blocks} of ${countOf(runs, 'run')}, ${what}`)
}

/** The last line of an output that says anything. */
function lastLine(output: string): string {
  return clean(output.split(/[\r\n]/).findLast((line) => line.trim() !== '') ?? '').trim()
}

function linesOf(label: string, group: FailureGroup, style: TextStyle): string[] {
  const text = `${label}: ${failureSentence(group)}`
  const told = group.failures.find(({ output }) => lastLine(output) !== '')
  if (told === undefined) return wrapHanging('  ', text, style.width)
  const line = lastLine(told.output)
  const { ellipsis } = signsOf(style)
  const short = line.length > 160 ? line.slice(0, 160) + ellipsis : line
  const printed = wrapHanging('    ', `it printed last: ${short}`, style.width)
  return [...wrapHanging('  ', text, style.width), ...printed.map(style.palette.dim)]
}

/** The failures of all heaps; no lines when there were none. */
export function failureLines(result: CompareResult, style: TextStyle): string[] {
  const labels = heapLabels(result)
  const several = workloadsOf(result).length > 1
  return failureGroups(result).flatMap((group) => {
    const label = labels[group.heap] ?? ''
    return linesOf(several ? `${clean(group.workload)}, ${label}` : label, group, style)
  })
}
