/**
 * The answer in a sentence, before any table: which heap is best, by how much, and what it costs elsewhere; or,
 * as plainly, that nothing is decided.
 */

import type { Cell, CompareResult, Overall } from '../types.ts'
import { stoppedSentence } from './conditions.ts'
import { furtherSentences } from './further-sentences.ts'
import type { Signs } from './style.ts'
import { noRatioSentence } from './undecided.ts'
import { countOf, formatPercent } from './units.ts'
import {
  cellsOf,
  heapLabels,
  type Interval,
  isDecided,
  isUnknown,
  metricsOf,
  overallOf,
  workloadsWith,
} from './view.ts'
import { listed, metricNoun, metricVerb, ratioTexts } from './words.ts'

/** A cell that has numbers, or what holds over all workloads. */
export type DecidedCell = (Cell | Overall) & Interval

/** A heap by its place in `CompareResult.heaps`, with its cell by the first metric: over all workloads, where there are several. */
export interface Candidate {
  index: number
  cell: DecidedCell
}

/** What decides by a metric, one per heap in their order: the only workload's cells, or what holds over all workloads. */
function decisive(result: CompareResult, metric: string): (Cell | Overall)[] {
  if (result.overall.length === 0) return cellsOf(result, metric)
  return overallOf(result, metric)
}

/** How much better than the baseline, as a number that grows with it. */
const merit = ({ cell }: Candidate) => (cell.higherIsBetter ? cell.ratio : 1 / cell.ratio)

/** The metric that the answer is about: the first; of a suite, the first that all workloads have. */
export function leadingMetric(result: CompareResult): string {
  const metrics = metricsOf(result)
  const common = metrics.find((metric) =>
    decisive(result, metric)
      .slice(1)
      .some((each) => isDecided(each)),
  )
  return (result.overall.length > 0 ? common : null) ?? metrics[0] ?? ''
}

/** The heaps other than the baseline that ran, were in effect at least in part, and have a ratio; best ratio first. */
function candidates(result: CompareResult): Candidate[] {
  return decisive(result, leadingMetric(result))
    .flatMap((cell, index) => (index > 0 && isDecided(cell) ? [{ index, cell }] : []))
    .filter(({ index }) => result.heaps[index]?.state !== 'inactive')
    .sort((a, b) => merit(b) - merit(a))
}

/**
 * The best heap by the first metric: the best ratio among those whose verdict is `better`. Null when no heap is shown
 * to beat the baseline; then there is nothing to adopt.
 */
export function bestHeap(result: CompareResult): Candidate | null {
  return candidates(result).find(({ cell }) => cell.verdict === 'better') ?? null
}

/** By which memory is judged, the first that there is. */
const memoryMetrics = ['peak-rss', 'rss-after', 'rss-mean', 'rss-peak']

/** What the winner costs: memory when the comparison is by time, time when it is by memory. */
function costClause(result: CompareResult, { index, cell }: Candidate, signs: Signs): string {
  const others = memoryMetrics.includes(cell.metric) ? ['wall', 'cpu'] : memoryMetrics
  const known = others.filter((name) => isDecided(decisive(result, name)[index]))
  const own = workloadsWith(result, cell.metric)
  // A price over other workloads is another price: it comes second, and says over which.
  const hasSame = (name: string) => String(workloadsWith(result, name)) === String(own)
  const metric = known.find(hasSame) ?? known[0] ?? ''
  const cost = decisive(result, metric)[index]
  if (!isDecided(cost)) return ''
  const over = hasSame(metric) ? '' : ` over the ${workloadsWith(result, metric).length} workloads that have it`
  const { ratio, interval } = ratioTexts(cost, signs)
  const noun = metricNoun(cost.metric)
  const verb = metricVerb(cost.metric)
  if (cost.verdict === 'better') return `, and ${verb} ${ratio} the ${noun} ${interval}${over}`
  if (cost.verdict === 'worse') return `, but ${verb} ${ratio} the ${noun} ${interval}${over}`
  if (cost.verdict === 'same') return `, with the same ${noun} within ${formatPercent(cost.threshold)}${over}`
  return `; the ${noun} is not decided${over}, ${ratio} ${interval}`
}

function against(cell: DecidedCell, label: string, baseline: string, signs: Signs): string {
  const { ratio, interval } = ratioTexts(cell, signs)
  return `${label} ${metricVerb(cell.metric)} ${ratio} the ${metricNoun(cell.metric)} of ${baseline} ${interval}`
}

function winnerSentences(result: CompareResult, best: Candidate, labels: readonly string[], signs: Signs): string[] {
  const baseline = labels[0] ?? ''
  const partly = result.heaps[best.index]?.state === 'partial' ? ', only partly in effect,' : ''
  const first = against(best.cell, `${labels[best.index]}${partly}`, baseline, signs)
  const close = candidates(result)
    .filter(({ index, cell }) => index !== best.index && cell.verdict === 'better')
    .filter(({ cell }) => cell.low <= best.cell.high && cell.high >= best.cell.low)
    .map(({ index }) => labels[index] ?? '')
  const ties = close.length === 0 ? [] : [`${listed(close)} may be as good: the intervals overlap.`]
  return [`${first}${costClause(result, best, signs)}.`, ...ties]
}

function noWinnerSentences(found: readonly Candidate[], labels: readonly string[], signs: Signs) {
  const baseline = labels[0] ?? ''
  const nearest = found[0] as Candidate
  const noun = metricNoun(nearest.cell.metric)
  const threshold = formatPercent(nearest.cell.threshold)
  const verdicts = new Set(found.map(({ cell }) => cell.verdict))
  const { ratio, interval } = ratioTexts(nearest.cell, signs)
  const name = labels[nearest.index] ?? ''
  if (verdicts.has('inconclusive')) {
    return [
      `Inconclusive: no heap is shown to beat ${baseline} in ${noun}. ` +
        `The best ratio is that of ${name}, ${ratio} ${interval}. More blocks make the intervals narrower.`,
    ]
  }
  if (verdicts.has('same')) {
    const same = found.filter(({ cell }) => cell.verdict === 'same').map(({ index }) => labels[index] ?? '')
    const others = found.length > same.length ? ` All others are worse.` : ''
    return [
      `No heap beats ${baseline} in ${noun}: ${listed(same)} ${same.length === 1 ? 'is' : 'are'} the same within ${threshold}.${others}`,
    ]
  }
  const rest = found.length === 1 ? '' : ' All others are worse still.'
  return [`No heap beats ${baseline} in ${noun}: ${against(nearest.cell, name, baseline, signs)}.${rest}`]
}

/** Whether a heap won, or nothing is decided, or the baseline is as good as any. */
export function outcomeOf(result: CompareResult): 'winner' | 'undecided' | 'baseline' {
  if (bestHeap(result) !== null) return 'winner'
  const found = candidates(result)
  return found.length === 0 || found.some(({ cell }) => cell.verdict === 'inconclusive') ? 'undecided' : 'baseline'
}

/** The opening sentences of a comparison, as one text. */
export function comparisonSummary(result: CompareResult, signs: Signs): string {
  const labels = heapLabels(result)
  const found = candidates(result)
  const best = bestHeap(result)
  const sentences =
    best !== null
      ? winnerSentences(result, best, labels, signs)
      : found.length > 0
        ? noWinnerSentences(found, labels, signs)
        : [noRatioSentence(result, signs)]
  if (found.length > 0) sentences.push(...furtherSentences(result, leadingMetric(result), best?.index ?? null))
  if (result.overall.length > 0 && found.length > 0) {
    const answer = (sentences[0] ?? '').replace(/^(?:Inconclusive:|No heap) /, (words) => words.toLowerCase())
    sentences[0] = `Over ${countOf(workloadsWith(result, leadingMetric(result)).length, 'workload')}, ${answer}`
  }
  // Of a heap that no run came to nothing is known.
  const isIdle = (heap: CompareResult['heaps'][number] | undefined) => heap?.state === 'inactive' && !isUnknown(heap)
  const idle = labels.filter((_, index) => index > 0 && isIdle(result.heaps[index]))
  if (idle.length > 0) sentences.push(`Left out, as not in effect: ${listed(idle)}.`)
  if (isIdle(result.heaps[0])) sentences.push(`The baseline ${labels[0]} itself was not in effect.`)
  if (result.partial) sentences.push(stoppedSentence(result))
  return sentences.join(' ')
}
