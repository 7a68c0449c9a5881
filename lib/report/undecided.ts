/**
 * What a summary says where nothing has a ratio: of one workload why, of a suite which verdicts there are by workload,
 * and why the other workloads have none.
 */

import type { Cell, CompareResult } from '../types.ts'
import { clean } from './layout.ts'
import type { Signs } from './style.ts'
import { formatValue } from './units.ts'
import {
  cellsOf,
  cellWord,
  heapLabels,
  isDecided,
  isUnknown,
  medianOf,
  metricsOf,
  problemOf,
  workloadsOf,
} from './view.ts'
import { listed, metricNoun } from './words.ts'

/** Pairs that an interval takes. */
const MINIMUM_PAIRS = 5

const hasNumbers = (cell: Cell | undefined) => cell?.runs.some((value) => value !== null) === true

/** In how many blocks both a heap and what it is held against gave a number. */
function pairsOf(cell: Cell, baseline: Cell | undefined): number {
  const beside = cell.partners ?? baseline?.runs ?? []
  return cell.runs.filter((value, block) => value !== null && (beside[block] ?? null) !== null).length
}

/** Why no heap has a ratio in a workload, as the end of a sentence; null where one has. */
function whyNone(result: CompareResult, metric: string, workload: string): string | null {
  const problem = problemOf(result, workload)
  if (problem !== null) return `${problem.phase} failed: ${clean(problem.message)}`
  const [baseline, ...others] = cellsOf(result, metric, workload)
  const label = heapLabels(result)[0] ?? ''
  if (baseline === undefined) return `${clean(metricNoun(metric))} was not measured`
  const known = others.filter((cell) => isDecided(cell))
  if (known.some((cell) => result.heaps[others.indexOf(cell) + 1]?.state !== 'inactive')) return null
  if (known.length > 0) return 'no other heap was in effect'
  if (baseline.runs.length === 0) return 'no block was completed'
  if (!hasNumbers(baseline)) return `${label}, the baseline, gave no number in any run`
  if (baseline.runs.length < MINIMUM_PAIRS)
    return `an interval needs at least ${MINIMUM_PAIRS} blocks, and there are ${baseline.runs.length}`
  if (!others.some(hasNumbers)) return `no heap other than ${label} gave numbers of its own`
  const most = Math.max(...others.map((cell) => pairsOf(cell, baseline)))
  if (most < MINIMUM_PAIRS)
    return `an interval needs at least ${MINIMUM_PAIRS} blocks in which both gave a number, and there are ${most}`
  return `there are numbers of ${clean(metricNoun(metric))} that have no ratio`
}

/** The first metric by which anything is known of a heap other than the baseline; else the first. */
function knownMetric(result: CompareResult): string {
  const metrics = metricsOf(result)
  const found = metrics.find((metric) =>
    workloadsOf(result).some((workload) => whyNone(result, metric, workload) === null),
  )
  return found ?? metrics[0] ?? ''
}

/** `better in 2 and worse in 1`; empty where nothing is known of a heap. */
function countsOf(result: CompareResult, metric: string, heap: number): string {
  const words = workloadsOf(result).flatMap((workload) => {
    const cell = cellsOf(result, metric, workload)[heap]
    if (cell === undefined || result.heaps[heap]?.state === 'inactive') return []
    const word = cellWord(result, cell, heap)
    return word === 'failed' || isDecided(cell) ? [word] : []
  })
  const order = ['better', 'worse', 'same', 'inconclusive', 'failed'] as const
  const counts = order.map((word) => ({
    word: word === 'same' ? 'the same' : word,
    n: words.filter((w) => w === word).length,
  }))
  return listed(counts.filter(({ n }) => n > 0).map(({ word, n }) => `${word} in ${n}`))
}

/** The verdicts by workload, heaps of which the same is known together. */
function verdictSentence(result: CompareResult, metric: string): string {
  const labels = heapLabels(result)
  const heaps = new Map<string, string[]>()
  for (const [heap, label] of labels.entries()) {
    const counts = heap === 0 ? '' : countsOf(result, metric, heap)
    if (counts !== '') heaps.set(counts, [...(heaps.get(counts) ?? []), label])
  }
  const parts = [...heaps].map(([counts, names]) => `${listed(names)} ${names.length === 1 ? 'is' : 'are'} ${counts}`)
  return `By workload, in ${clean(metricNoun(metric))}, ${parts.join('; ')}.`
}

function suiteSentence(result: CompareResult): string {
  const workloads = workloadsOf(result)
  if (result.heaps.length === 1) return `Only ${heapLabels(result)[0]} ran: there is nothing to compare it with.`
  const metric = knownMetric(result)
  const reasons = workloads.map((workload) => whyNone(result, metric, workload))
  const without = workloads.flatMap((workload, index) =>
    reasons[index] === null ? [] : [`${clean(workload)} (${reasons[index]})`],
  )
  if (without.length < workloads.length) {
    const none = without.length === 0 ? '' : ` No verdict in ${without.join(', ')}.`
    return `Nothing is decided over all ${workloads.length} workloads. ${verdictSentence(result, metric)}${none}`
  }
  if (new Set(reasons).size === 1) return `Nothing is decided in any of ${workloads.length} workloads: ${reasons[0]}.`
  return `Nothing is decided in any workload: ${without.join(', ')}.`
}

/** What can be said where no heap has a ratio. */
export function noRatioSentence(result: CompareResult, signs: Signs): string {
  const workloads = workloadsOf(result)
  if (workloads.length > 1) return suiteSentence(result)
  const [metric = ''] = metricsOf(result)
  const baseline = heapLabels(result)[0] ?? ''
  const [own] = cellsOf(result, metric)
  const middle = medianOf(own?.runs ?? [])
  if (problemOf(result, workloads[0] ?? '') === null && result.blocks > 0 && middle === null)
    return `${baseline}, the baseline, gave no number in any run: nothing can be compared.`
  if (result.heaps.length === 1 && middle !== null)
    return `Only ${baseline} ran: its ${metricNoun(metric)} is ${formatValue(middle, own?.unit ?? '', signs)}.`
  // Of all heaps that ran none is to be taken for another: what was not in effect is named by itself.
  const isNothing = result.blocks === 0 && result.heaps.every((heap) => isUnknown(heap))
  const why = whyNone(result, metric, workloads[0] ?? '')
  return isNothing ? `Nothing was run: ${why}.` : `Nothing is decided: ${why}.`
}
