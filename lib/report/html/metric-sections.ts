/** The page's main part: for each metric a table of whiskers on one axis, and before them what holds over all workloads. */

import type { Cell, CompareResult } from '../../types.ts'
import { clean } from '../layout.ts'
import { signsOf } from '../style.ts'
import { formatPercent, formatValue } from '../units.ts'
import {
  cellWord,
  controlOf,
  heapLabels,
  isDecided,
  medianOf,
  metricsOf,
  overallOf,
  overallWord,
  type PlacedCell,
  placedCells,
  workloadsOf,
} from '../view.ts'
import { metricNoun } from '../words.ts'
import { ratioAxis } from './axis.ts'
import { type CellRow, cellTable } from './cell-table.ts'
import { howToRead } from './how-to-read.ts'
import { html, type Markup } from './markup.ts'

const signs = signsOf({ unicode: true })

/** `lower is better`, or the other way. */
export const direction = (higherIsBetter: boolean) => (higherIsBetter ? 'higher is better' : 'lower is better')

function noteOf(result: CompareResult, heap: number): string | null {
  return result.heaps[heap]?.state === 'partial' ? 'only partly in effect' : null
}

function cellRow(result: CompareResult, { cell, heap, position }: PlacedCell): CellRow {
  const workloads = workloadsOf(result)
  const label = heapLabels(result)[heap] ?? ''
  const control = controlOf(result, cell.metric, cell.workload)
  const word = cellWord(result, cell, heap)
  const median = medianOf(cell.runs)
  const several = workloads.length > 1
  // What another allocator did is no interval of this heap, and the baseline against itself none at all.
  const isShown = word !== 'baseline' && word !== 'not active' && word !== 'not run' && isDecided(cell)
  return {
    group: several ? clean(cell.workload) : null,
    heap: label,
    note: noteOf(result, heap),
    position: {
      workload: workloads.indexOf(cell.workload),
      heap,
      metric: metricsOf(result).indexOf(cell.metric),
    },
    median: { text: median === null ? signs.none : formatValue(median, cell.unit, signs), value: median },
    interval: isShown ? cell : null,
    noise: isDecided(control) ? control : null,
    threshold: cell.threshold,
    word,
    cell: position,
    runsOf: `${label}, ${clean(metricNoun(cell.metric))}${several ? `, ${clean(cell.workload)}` : ''}`,
  }
}

/** How far the baseline was from itself, in words. */
function noiseSentence(result: CompareResult, metric: string): string {
  const spans = result.control.filter((each) => each.metric === metric).filter((each) => isDecided(each))
  if (spans.length === 0) return ''
  const widest = Math.max(...spans.map(({ low, high }) => Math.max(high, 1 / low) - 1))
  return ` The baseline, run a second time as a control, differed from itself by up to ${formatPercent(widest)}.`
}

/** Why medians and ratios may seem to disagree; null where none can. */
function duetSentence(cells: readonly (Cell | undefined)[]): string | null {
  if (!cells.some((cell) => cell?.pairing === 'duet')) return null
  return 'In duets the ratio is against the partner that ran beside each run, a run of the baseline of its own for each heap: one median divided by another may give another number.'
}

function metricSection(result: CompareResult, metric: string, index: number): Markup {
  const rows = placedCells(result)
    .filter(({ cell }) => cell.metric === metric)
    .map((placed) => cellRow(result, placed))
  const higher = result.cells.find((cell) => cell.metric === metric)?.higherIsBetter === true
  const intervals = rows.flatMap(({ interval, noise }) => [interval, noise].filter((each) => each !== null))
  const threshold = Math.max(...rows.map((row) => row.threshold))
  const noun = clean(metricNoun(metric))
  const caption = html`Ratio of the ${noun} to that of ${heapLabels(result)[0]}, ${direction(higher)}. Shown with 95 % intervals.`
  const table = cellTable({
    caption,
    groupTitle: workloadsOf(result).length > 1 ? 'workload' : null,
    hasMedian: true,
    axis: ratioAxis(intervals, threshold),
    rows,
  })
  return html`<section class="metric" id="metric-${index}" data-section aria-labelledby="metric-${index}-title"><h3 id="metric-${index}-title">${noun}</h3>${table}
${howToRead(
  `Each dot is a heap's ratio to the baseline in paired runs: 0.80 means a fifth less, 1.25 a quarter more. The bar is the interval that holds the true ratio with 95 % confidence. The scale is logarithmic, so that half and twice are equally far from 1.`,
  `The inner band is the threshold of ${formatPercent(threshold)}: a bar wholly outside it is better or worse, wholly inside it the same, and across its edge inconclusive. The hatched band is the noise floor, what the machine makes of two equal things.${noiseSentence(result, metric)}`,
  duetSentence(rows.map(({ cell }) => result.cells[cell ?? -1])),
  `Point at a bar, or focus it, to see every run behind it, block by block.`,
)}</section>`
}

/** The section of what holds over all workloads; null where there is only one. */
export function overallSection(result: CompareResult): Markup | null {
  if (result.overall.length === 0) return null
  const labels = heapLabels(result)
  const metrics = metricsOf(result)
  const rows = metrics.flatMap((metric, metricIndex) =>
    overallOf(result, metric).flatMap((each, heap): CellRow[] => {
      if (heap === 0) return []
      const isIdle = result.heaps[heap]?.state === 'inactive'
      const row = {
        group: clean(metricNoun(metric)),
        heap: labels[heap] ?? '',
        note: noteOf(result, heap),
        position: { workload: null, heap, metric: metricIndex },
        median: { text: '', value: null },
        interval: isDecided(each) && !isIdle ? each : null,
        noise: null,
        threshold: each.threshold,
        word: overallWord(result, each, heap),
        cell: null,
        runsOf: '',
      }
      return [row]
    }),
  )
  const most = Math.max(...rows.map(({ threshold }) => threshold))
  const axis = ratioAxis(
    rows.flatMap(({ interval }) => interval ?? []),
    most,
  )
  const caption = html`Geometric mean of the ratios to ${labels[0]} over the workloads, each counting alike.`
  const table = cellTable({ caption, groupTitle: 'metric', hasMedian: false, axis, rows })
  return html`<section id="overall" data-section aria-labelledby="overall-title"><h2 id="overall-title">Over all workloads</h2>${table}
${howToRead('A heap may be best over all workloads and still be worse in yours: look at the rows below that are closest to what you run.')}</section>`
}

/** The sections of all metrics. */
export function metricSections(result: CompareResult): Markup {
  return html`${metricsOf(result).map((metric, index) => metricSection(result, metric, index))}`
}
