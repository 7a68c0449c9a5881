/**
 * How the runs were paired, in words: in duets on shared cores or alone, and why; and how often it was looked whether
 * more blocks were needed.
 */

import type { ComparedWorkload, CompareResult } from '../types.ts'
import { clean } from './layout.ts'
import { countOf, formatPercent } from './units.ts'
import { workloadsOf } from './view.ts'

/** The metrics of a workload by which its cells were paired in duets. */
function duetMetrics(result: CompareResult, workload: string): string[] {
  const found = result.cells.filter((cell) => cell.workload === workload && cell.pairing === 'duet')
  return [...new Set(found.map(({ metric }) => metric))]
}

function duetSentence(result: CompareResult, workload: ComparedWorkload): string[] {
  const { duet } = workload
  if (duet === null) return []
  if (!duet.used) return [`CPU time: alone, not in duets, ${clean(duet.reason)}`]
  const metrics = duetMetrics(result, workload.name)
  const parts = [
    `${metrics.length === 0 ? 'CPU time' : metrics.join(', ')}: duets on ${countOf(duet.cores, 'core')}`,
    ...(duet.repeats > 1 ? [`the command ${duet.repeats} times in a row on each side`] : []),
    ...(duet.overlap === null ? [] : [`both ran together ${formatPercent(duet.overlap)} of the time`]),
  ]
  const medians = "each ratio is to the heap's own partner, so that one median divided by another may differ from it"
  return [`${parts.join(', ')} (${clean(duet.reason)})${metrics.length === 0 ? '' : `; ${medians}`}`]
}

function lookSentence({ looks, blocks }: ComparedWorkload): string[] {
  if (looks === null) return []
  const level = Number(((1 - looks.level) * 100).toFixed(2))
  const places = looks.planned.join(', ')
  return [
    `${countOf(looks.done, 'look')} of ${looks.planned.length} planned (after ${places} blocks), ended after ${countOf(blocks, 'block')}; ` +
      `each interval is at ${level} %, so that all looks together err as one at 95 %`,
  ]
}

/** A sentence per fact, with the workload in front where there are several. */
export function pairingSentences(result: CompareResult): string[] {
  const several = workloadsOf(result).length > 1
  return result.workloads.flatMap((workload) =>
    [...duetSentence(result, workload), ...lookSentence(workload)].map((sentence) =>
      several ? `${clean(workload.name)}: ${sentence}` : sentence,
    ),
  )
}
