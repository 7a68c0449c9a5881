/**
 * Tables with a row per workload and heap: the ratio with its interval as text and as a whisker, the median, and the
 * verdict. They stand for one metric, or for all in the table of what holds over all workloads.
 */

import { type Signs, signsOf } from '../style.ts'
import type { CellWord, Interval } from '../view.ts'
import { ratioTexts } from '../words.ts'
import type { LogAxis } from './axis.ts'
import { html, type Markup, type Part } from './markup.ts'
import { whisker, whiskerScale, wordClass } from './whisker.ts'

/** A row. The numbers are positions in the result, by which the page filters. */
export interface CellRow {
  /** What the row is about in front of the heap, as the workload; null where there is only one. */
  group: string | null
  heap: string
  /** Text for the heap's field under its name, as that it is only partly in effect. */
  note: string | null
  position: { workload: number | null; heap: number; metric: number }
  median: { text: string; value: number | null }
  interval: Interval | null
  noise: Interval | null
  threshold: number
  word: CellWord
  /** The position in `cells`, whose runs the page shows; null where there are none. */
  cell: number | null
  /** For the name of the button: what its runs are of. */
  runsOf: string
}

/** What a table is called and what its columns are. */
export interface CellTable {
  caption: Markup
  /** The title of the first column; null leaves the column out. */
  groupTitle: string | null
  hasMedian: boolean
  axis: LogAxis
  rows: readonly CellRow[]
}

const signs: Signs = signsOf({ unicode: true })

/** The title of a column by which the table can be sorted; a button once the page's script runs. */
function sortable(title: string, kind: 'text' | 'number', name: string, more: Part = null): Markup {
  return html`<th scope="col" class="${name}" data-sort="${kind}"><span class="title">${title}</span>${more}</th>`
}

function chip(word: CellWord): Markup {
  return html`<span class="chip ${wordClass(word)}">${word}</span>`
}

/** Verdicts sort from good to bad; last is that of which nothing is known. */
const ORDER: readonly CellWord[] = [
  'better',
  'same',
  'baseline',
  'inconclusive',
  'worse',
  'not active',
  'failed',
  'not run',
]

function ratioField({ interval, word }: CellRow): Markup {
  if (word === 'baseline') return html`<td class="ratio" data-value="1">1${signs.times}</td>`
  if (interval === null) return html`<td class="ratio" data-value="">${signs.none}</td>`
  const texts = ratioTexts(interval, signs)
  return html`<td class="ratio" data-value="${interval.ratio}"><strong>${texts.ratio}</strong> <span class="bounds">${texts.interval}</span></td>`
}

function rowOf(row: CellRow, { axis, groupTitle, hasMedian }: CellTable): Markup {
  const { position, word } = row
  const picture = whisker({ ...row, axis })
  const chart =
    row.cell === null
      ? picture
      : html`<button type="button" class="runs" data-cell="${row.cell}" aria-expanded="false"><span class="hidden">Runs of ${row.runsOf}</span>${picture}</button>`
  const group = groupTitle !== null && html`<td class="group">${row.group}</td>`
  const small = groupTitle !== null && html`<span class="small-group">${row.group}</span>`
  const median = hasMedian && html`<td class="median" data-value="${row.median.value ?? ''}">${row.median.text}</td>`
  return html`<tr data-row data-heap="${position.heap}" data-metric="${position.metric}"${position.workload !== null && html` data-workload="${position.workload}"`} data-verdict="${word}">
${group}<th scope="row" class="heap">${small}<span class="name">${row.heap}</span>${row.note !== null && html`<span class="note">${row.note}</span>`}</th>${median}${ratioField(row)}<td class="chart">${chart}</td><td class="verdict" data-value="${ORDER.indexOf(word)}">${chip(word)}</td></tr>`
}

/** The table. */
export function cellTable(table: CellTable): Markup {
  return html`<table class="cells"><caption>${table.caption}</caption>
<thead><tr>${table.groupTitle !== null && sortable(table.groupTitle, 'text', 'group')}${sortable('heap', 'text', 'heap')}${table.hasMedian && sortable('median', 'number', 'median')}${sortable('ratio', 'number', 'ratio')}<th scope="col" class="chart"><span class="hidden">interval as a picture</span>${whiskerScale(table.axis)}</th>${sortable('verdict', 'number', 'verdict')}</tr></thead>
<tbody>${table.rows.map((row) => rowOf(row, table))}</tbody></table>`
}
