/** Under what a comparison was made, in words: how many blocks there were, and what counted as a difference. */

import type { Cell, ComparedWorkload, CompareResult } from '../types.ts'
import { countOf, formatPercent } from './units.ts'

type Counted = Pick<ComparedWorkload, 'blocks' | 'requestedBlocks' | 'looks'>

/** The look that a workload was stopped before; null where it ended at one, or none were planned. */
function missedLook({ blocks, looks }: Counted): number | null {
  if (looks === null || looks.planned.includes(blocks)) return null
  return looks.planned.find((planned) => planned > blocks) ?? null
}

/** The blocks of a workload: `15`, `7 of 15`, or `7, stopped before the look at 10`. */
export function workloadBlocks(workload: Counted): string {
  const { blocks, requestedBlocks, looks } = workload
  if (looks === null) return blocks === requestedBlocks ? String(blocks) : `${blocks} of ${requestedBlocks}`
  const missed = missedLook(workload)
  return missed === null ? String(blocks) : `${blocks}, stopped before the look at ${missed}`
}

/** What ended a comparison whose number of blocks was left open; null where as many were run as were asked for, or fewer. */
function openEnd({ workloads, blocks }: CompareResult): string | null {
  if (workloads.every(({ looks }) => looks === null)) return null
  const [only] = workloads
  if (only === undefined || workloads.length > 1) return 'stopped early'
  const next = only.looks?.planned.find((planned) => planned > blocks)
  return next === undefined ? 'stopped early' : `stopped before the look at ${next}`
}

/** The blocks of all: `15 blocks`, `7 of 15 blocks`, or `7 blocks, stopped before the look at 10`. */
export function blocksPhrase(result: CompareResult): string {
  if (!result.partial) return countOf(result.blocks, 'block')
  const end = openEnd(result)
  if (end !== null) return `${countOf(result.blocks, 'block')}, ${end},`
  return `${result.blocks} of ${countOf(result.requestedBlocks, 'block')}`
}

/** That a comparison did not come to its end, as a sentence. */
export function stoppedSentence(result: CompareResult): string {
  const end = openEnd(result)
  if (end !== null)
    return `Only ${countOf(result.blocks, 'block')} ${result.blocks === 1 ? 'was' : 'were'} run, ${end}.`
  return `Only ${result.blocks} of ${countOf(result.requestedBlocks, 'block')} were run.`
}

/**
 * What counted as a difference: `1 %`, and what differs from `usual` by metric: `1 %, peak-rss 50 %`. Where workloads
 * have several, the least and the most.
 */
export function thresholdPhrase(cells: readonly Cell[], usual: number): string {
  const metrics = [...new Set(cells.map(({ metric }) => metric))]
  const spans = metrics.map((metric) => {
    const all = cells.filter((cell) => cell.metric === metric).map(({ threshold }) => threshold)
    const [least, most] = [Math.min(...all), Math.max(...all)]
    return least === most ? formatPercent(least) : `${formatPercent(least)} to ${formatPercent(most)}`
  })
  if (new Set(spans).size < 2) return spans[0] ?? formatPercent(usual)
  const common = formatPercent(usual)
  const own = metrics.flatMap((metric, index) => (spans[index] === common ? [] : [`${metric} ${spans[index]}`]))
  return [...(spans.includes(common) ? [common] : []), ...own].join(', ')
}
