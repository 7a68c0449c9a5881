/**
 * The failures of a comparison for people: per heap what went wrong, how often, and the last thing that was printed.
 * The same crash stands in the cells of every metric; here it is told once.
 */

import type { CompareResult, RunFailure } from '../types.ts'
import { clean, wrapHanging } from './layout.ts'
import { signsOf, type TextStyle } from './style.ts'
import { cellsOf, heapLabels, metricsOf } from './summary.ts'
import { countOf } from './units.ts'

/** What a failure is, in a few words: the signal, the exit status, or what its message says. */
export function failurePhrase(failure: RunFailure): string {
  if (failure.timedOut) return 'timed out'
  if (failure.signal !== null) return `killed by ${failure.signal}`
  if (failure.exitCode !== null && failure.exitCode !== 0) return `exit status ${failure.exitCode}`
  return failure.message
}

/** The failures of a heap over all metrics, one per block and phrase. */
function heapFailures(result: CompareResult, index: number): RunFailure[] {
  const found = new Map<string, RunFailure>()
  for (const metric of metricsOf(result)) {
    for (const failure of cellsOf(result, metric)[index]?.failures ?? []) {
      const key = `${failure.block} ${failurePhrase(failure)}`
      if (!found.has(key)) found.set(key, failure)
    }
  }
  return [...found.values()].sort((a, b) => a.block - b.block)
}

/** The last line of an output that says anything. */
function lastLine(output: string): string {
  return clean(output.split(/[\r\n]/).findLast((line) => line.trim() !== '') ?? '').trim()
}

function linesOf(label: string, failures: readonly RunFailure[], runs: number, style: TextStyle): string[] {
  const counts = new Map<string, number>()
  for (const failure of failures) counts.set(failurePhrase(failure), (counts.get(failurePhrase(failure)) ?? 0) + 1)
  const phrases = [...counts].sort((a, b) => b[1] - a[1])
  const blocks = new Set(failures.map(({ block }) => block)).size
  const what = phrases.map(([phrase, count]) => (phrases.length === 1 ? phrase : `${phrase} (${count})`)).join(', ')
  const text = clean(`${label}: ${blocks} of ${countOf(runs, 'run')}, ${what}`)
  const told = failures.find(({ output }) => lastLine(output) !== '')
  if (told === undefined) return wrapHanging('  ', text, style.width)
  const line = lastLine(told.output)
  const { ellipsis } = signsOf(style)
  const short = line.length > 160 ? line.slice(0, 160) + ellipsis : line
  const printed = wrapHanging('    ', `it printed last: ${short}`, style.width)
  return [...wrapHanging('  ', text, style.width), ...printed.map(style.palette.dim)]
}

/** The failures of all heaps; no lines when there were none. */
export function failureLines(result: CompareResult, style: TextStyle): string[] {
  return heapLabels(result).flatMap((label, index) => {
    const failures = heapFailures(result, index)
    return failures.length === 0 ? [] : linesOf(label, failures, result.blocks, style)
  })
}
