/** What has changed since a stored result, as a section of the terminal's report. */

import type { CompareResult, Since } from '../types.ts'
import { clean, row } from './layout.ts'
import { signsOf, type TextStyle } from './style.ts'
import { heapLabels } from './view.ts'
import { metricNoun, ratioTexts } from './words.ts'

/** What is compared with what it was. */
export function sinceWords(result: CompareResult, since: Since): string {
  return since.cells.some(({ of }) => of === 'ratio') ? `ratios to ${heapLabels(result)[0]}` : 'numbers'
}

/** The section's lines, in a list of one; none where the result was not held against another. */
export function sinceLines(result: CompareResult, style: TextStyle): string[][] {
  const { since } = result
  if (since === undefined) return []
  const { bold, dim, green, red } = style.palette
  const signs = signsOf(style)
  const labels = heapLabels(result)
  const rows = since.cells.map(({ workload, heapIndex, metric, ratio, low, high, verdict }) => {
    const known = ratio !== null && low !== null && high !== null ? { ratio, low, high } : null
    const texts = known === null ? { ratio: signs.none, interval: '' } : ratioTexts(known, signs)
    const paint = verdict === 'worse' ? red : verdict === 'better' ? green : undefined
    const where = result.workloads.length > 1 ? `${workload}, ` : ''
    const label = `  ${where}${labels[heapIndex] ?? ''}, ${metricNoun(metric)}`
    return [
      { text: clean(label) },
      { text: texts.ratio, paint },
      { text: texts.interval, paint },
      { text: verdict, paint },
    ]
  })
  const width = (column: number) => Math.max(...rows.map((fields) => fields[column]?.text.length ?? 0))
  const columns = [0, 1, 2, 3].map((column) => ({
    width: width(column),
    align: column === 1 ? ('right' as const) : ('left' as const),
  }))
  const of = `(${sinceWords(result, since)}; not side by side, so less certain)`
  const title = `${bold('since')} ${clean(since.file)} ${dim(of)}`
  return [[title, ...rows.map((fields) => row(fields, columns))]]
}
