/** What has changed since a stored result, as a table of whiskers of its own: it is held against another hour. */

import type { CompareResult } from '../../types.ts'
import { clean } from '../layout.ts'
import { sinceWords } from '../since-text.ts'
import { heapLabels, isDecided, metricsOf, workloadsOf } from '../view.ts'
import { metricNoun } from '../words.ts'
import { ratioAxis } from './axis.ts'
import { type CellRow, cellTable } from './cell-table.ts'
import { howToRead } from './how-to-read.ts'
import { html, type Markup } from './markup.ts'

/** The section; null where the result was not held against another. */
export function sinceSection(result: CompareResult): Markup | null {
  const { since } = result
  if (since === undefined) return null
  const labels = heapLabels(result)
  const [workloads, metrics] = [workloadsOf(result), metricsOf(result)]
  const rows = since.cells.map((cell): CellRow => {
    const where = workloads.length > 1 ? `${cell.workload}, ` : ''
    return {
      group: clean(`${where}${metricNoun(cell.metric)}`),
      heap: labels[cell.heapIndex] ?? '',
      note: null,
      position: {
        workload: workloads.indexOf(cell.workload),
        heap: cell.heapIndex,
        metric: metrics.indexOf(cell.metric),
      },
      median: { text: '', value: null },
      interval: isDecided(cell) ? cell : null,
      noise: null,
      threshold: cell.threshold,
      word: cell.verdict,
      cell: null,
      runsOf: '',
    }
  })
  const intervals = rows.flatMap(({ interval }) => interval ?? [])
  const axis = ratioAxis(intervals, Math.max(...rows.map(({ threshold }) => threshold)))
  const caption = html`Now over then, by ${sinceWords(result, since)}, since ${clean(since.file)} of <time datetime="${clean(since.started)}">${clean(since.started)}</time>.`
  const table = cellTable({ caption, groupTitle: 'metric', hasMedian: false, axis, rows })
  return html`<section id="since" data-section aria-labelledby="since-title"><h2 id="since-title">Since the stored result</h2>${table}
${howToRead('The two were not made side by side. The interval tells how far the runs leave the change open, and nothing of what the machine did in the one hour and not in the other: take a small change for a reason to compare both builds in one session.')}</section>`
}
