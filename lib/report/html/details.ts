/** All numbers of all cells in one table, for those who want the tests, the pairs and the medians too. */

import type { CompareResult } from '../../types.ts'
import { clean } from '../layout.ts'
import { signsOf } from '../style.ts'
import { formatPercent, formatValue } from '../units.ts'
import { cellsOf, cellWord, heapLabels, isDecided, medianOf, metricsOf, placedCells, workloadsOf } from '../view.ts'
import { metricNoun, ratioTexts } from '../words.ts'
import { html, type Markup } from './markup.ts'

const signs = signsOf({ unicode: true })

/** A probability with as many digits as say something. */
function pText(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4)
}

/** The section, folded. */
export function detailsSection(result: CompareResult): Markup {
  const labels = heapLabels(result)
  const workloads = workloadsOf(result)
  const metrics = metricsOf(result)
  const rows = placedCells(result).map(({ cell, heap }) => {
    const texts = isDecided(cell) && heap > 0 ? ratioTexts(cell, signs) : null
    const value = (number: number | null) => (number === null ? signs.none : formatValue(number, cell.unit, signs))
    const pairs = cellsOf(result, cell.metric, cell.workload)[0]?.runs ?? []
    const beside = heap === 0 ? null : medianOf(cell.partners ?? pairs)
    return html`<tr data-row data-heap="${heap}" data-metric="${metrics.indexOf(cell.metric)}" data-workload="${workloads.indexOf(cell.workload)}" data-verdict="${cellWord(result, cell, heap)}"><td>${clean(cell.workload)}</td><th scope="row">${labels[heap]}</th><td>${clean(metricNoun(cell.metric))}</td><td class="number">${cell.tests?.pairs ?? signs.none}</td><td class="number">${value(medianOf(cell.runs))}</td><td class="number">${value(beside)}</td><td class="number">${texts?.ratio ?? signs.none}</td><td>${texts?.interval ?? signs.none}</td><td class="number">${formatPercent(cell.threshold)}</td><td>${cell.pairing}</td><td class="number">${cell.tests === null ? signs.none : pText(cell.tests.wilcoxonP)}</td><td class="number">${cell.tests === null ? signs.none : pText(cell.tests.holmP)}</td><td>${cellWord(result, cell, heap)}</td></tr>`
  })
  const titles = [
    'workload',
    'heap',
    'metric',
    'pairs',
    'median',
    'baseline’s median',
    'ratio',
    '95 % interval',
    'threshold',
    'pairing',
    'Wilcoxon p',
    'Holm p',
    'verdict',
  ]
  return html`<section id="details" data-section aria-labelledby="details-title"><h2 id="details-title">All numbers</h2><details class="more"><summary>Show the table</summary><div class="scroll" tabindex="0" role="region" aria-label="All numbers, scrolls sideways"><table class="numbers"><caption>The verdict is by the interval alone. Wilcoxon’s signed-rank test and Holm’s correction over all cells are for those who want them.</caption><thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details></section>`
}
