/** The form that narrows the page to some workloads, heaps, metrics or verdicts. Hidden until the page's script runs. */

import type { CompareResult } from '../../types.ts'
import { clean } from '../layout.ts'
import { cellWord, heapLabels, metricsOf, placedCells, workloadsOf } from '../view.ts'
import { metricNoun } from '../words.ts'
import { html, type Markup } from './markup.ts'

/** A choice: the value is what the rows carry in their `data-` attribute. */
interface Choice {
  value: string | number
  text: string
}

function choice(name: string, title: string, choices: readonly Choice[]): Markup | null {
  if (choices.length < 2) return null
  const options = choices.map(({ value, text }) => html`<option value="${value}">${text}</option>`)
  return html`<label>${title} <select data-filter="${name}"><option value="">all</option>${options}</select></label>`
}

/** The form. */
export function filterForm(result: CompareResult): Markup {
  const numbered = (texts: readonly string[]) => texts.map((text, value) => ({ value, text: clean(text) }))
  const words = new Set(placedCells(result).map(({ cell, heap }) => cellWord(result, cell, heap)))
  return html`<form class="filters" id="filters" hidden aria-label="Filter what is shown">
${choice('workload', 'workload', numbered(workloadsOf(result)))}
${choice('heap', 'heap', numbered(heapLabels(result)))}
${choice('metric', 'metric', numbered(metricsOf(result).map(metricNoun)))}
${choice(
  'verdict',
  'verdict',
  [...words].map((word) => ({ value: word, text: word })),
)}
<button type="reset">Show all</button><output id="shown" role="status"></output></form>`
}
