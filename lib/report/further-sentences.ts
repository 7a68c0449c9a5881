/** What a summary says beyond its answer: which heaps are worth a choice, and where in a suite the best is not best. */

import type { CompareResult } from '../types.ts'
import { clean } from './layout.ts'
import { cellsOf, cellWord, heapLabels, workloadsWith } from './view.ts'
import { listed, metricNoun } from './words.ts'

/** In how many workloads a heap is better by a metric, and in which it is worse. */
function byWorkload(result: CompareResult, metric: string, heap: number): string {
  const workloads = workloadsWith(result, metric)
  const word = (workload: string) => {
    const cell = cellsOf(result, metric, workload)[heap]
    return cell === undefined ? null : cellWord(result, cell, heap)
  }
  const of = (wanted: string) => workloads.filter((workload) => word(workload) === wanted).map(clean)
  const [better, worse, failed] = [of('better'), of('worse'), of('failed')]
  const label = heapLabels(result)[heap] ?? ''
  const parts = [
    `better in ${better.length === workloads.length ? `all ${workloads.length}` : `${better.length} of ${workloads.length}`} workloads`,
    ...(worse.length === 0 ? [] : [`worse in ${few(worse)}`]),
    ...(failed.length === 0 ? [] : [`failed in ${few(failed)}`]),
  ]
  return `By workload, ${label} is ${parts.join(', ')}.`
}

/** Names, or their number where there are many. */
const few = (names: readonly string[]) => (names.length > 4 ? String(names.length) : listed(names))

/** The heaps that no other beats in both speed and memory. */
function paretoSentence(result: CompareResult): string | null {
  const several = result.overall.length > 0
  const set = result.pareto.find(({ workload }) => !several || workload === null)
  if (set === undefined || set.heaps.length === 0) return null
  const labels = heapLabels(result)
  const names = listed(set.heaps.map((heap) => labels[heap] ?? ''))
  const both = `${metricNoun(set.speed)} and ${metricNoun(set.memory)}`
  // The set is made of the ratios as they are, and noise alone may put a heap into it or keep one out.
  const ratios = several ? result.overall : result.cells
  const isOpen = ratios.some(
    ({ metric, verdict }) => (metric === set.speed || metric === set.memory) && verdict === 'inconclusive',
  )
  if (isOpen)
    return `By ${both} as measured, ${names} ${set.heaps.length === 1 ? 'is the best' : 'are worth a choice'}; what is inconclusive may change that.`
  if (set.heaps.length === 1) return `By ${both} as measured, ${names} is the best: no other heap is better in either.`
  if (set.heaps.length === result.heaps.length) return `By ${both} as measured, no heap is beaten by another.`
  return `By ${both} as measured, the choice is between ${names}: any other heap is beaten by one of them.`
}

/** The sentences. `best` is the position of the best heap by `metric`, null where none is. */
export function furtherSentences(result: CompareResult, metric: string, best: number | null): string[] {
  const several = result.overall.length > 0
  // Of two heaps in one workload the answer itself says what is bought with what; of none that wins there is no choice.
  const pareto = several || (best !== null && result.heaps.length > 2) ? paretoSentence(result) : null
  return [
    ...(best === null || !several ? [] : [byWorkload(result, metric, best)]),
    ...(pareto === null ? [] : [pareto]),
  ]
}
