/** What went wrong and what casts doubt: failed runs with what they printed, folded, and the warnings. */

import type { CompareResult } from '../../types.ts'
import { type FailureGroup, failureGroups, failureSentence } from '../failures.ts'
import { clean, cleanLines } from '../layout.ts'
import { heapLabels, workloadsOf } from '../view.ts'
import { html, type Markup } from './markup.ts'

function runMarkup({ block, message, output }: FailureGroup['failures'][number]): Markup {
  const shown = cleanLines(output).trimEnd()
  const title = html`block ${block + 1}: ${clean(message)}`
  if (shown === '') return html`<li>${title}</li>`
  return html`<li><details><summary>${title}</summary><pre tabindex="0" aria-label="What the run in block ${block + 1} printed">${shown}</pre></details></li>`
}

/** The failures by workload and heap; null where there were none. */
export function failureSection(result: CompareResult): Markup | null {
  const groups = failureGroups(result)
  if (groups.length === 0) return null
  const labels = heapLabels(result)
  const workloads = workloadsOf(result)
  const several = workloads.length > 1
  const items = groups.map((group) => {
    const name = `${several ? `${clean(group.workload)}, ` : ''}${labels[group.heap] ?? ''}`
    return html`<article class="failure" data-row data-heap="${group.heap}" data-workload="${workloads.indexOf(group.workload)}"><h3>${name}</h3><p>${failureSentence(group)}</p><ul>${group.failures.map(runMarkup)}</ul></article>`
  })
  return html`<section id="failures" data-section aria-labelledby="failures-title"><h2 id="failures-title">Failed runs</h2>${items}</section>`
}

/** The warnings; failures have a section of their own. */
export function warningSection(result: CompareResult): Markup | null {
  const told = result.warnings.filter(({ code }) => code !== 'runs-failed')
  if (told.length === 0) return null
  return html`<section id="warnings" aria-labelledby="warnings-title"><h2 id="warnings-title">Warnings</h2><ul class="warnings">${told.map(({ message }) => html`<li>${clean(message)}</li>`)}</ul></section>`
}
