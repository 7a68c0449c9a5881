/** A check as Markdown: the heaps side by side, the misuse of each, and every failed case with how to see it. */

import type { CheckedHeap, CheckResult } from '../types.ts'
import { caseCounts, groupsOf, hasMisuse, heapTitle, misuseCounts, skipReasons } from './check-view.ts'
import { mdCode, mdFold, mdTable, mdText } from './markdown.ts'

/** The report, ending with a line break. */
export function checkMarkdown(result: CheckResult): string {
  const parts = [
    countsTable(result),
    groupsTable(result),
    misuseTable(result),
    ...result.heaps.flatMap((heap) => heapPart(heap)),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function countsTable(result: CheckResult): string {
  const withMisuse = hasMisuse(result)
  const titles = ['passed', 'failed', 'skipped', ...(withMisuse ? ['misuse stopped', 'masked', 'silent'] : [])]
  const rows = result.heaps.map((heap) => {
    const { pass, fail, skip } = caseCounts(heap)
    const { stopped, masked, silent } = misuseCounts(heap)
    const counts = [pass, fail, skip, ...(withMisuse ? [stopped, masked, silent] : [])].map(String)
    return [mdText(heapTitle(heap)), ...(heap.problem === null ? counts : counts.map(() => 'not run'))]
  })
  return mdTable(
    ['heap', ...titles],
    rows,
    titles.map((_, at) => at + 1),
  )
}

/** What failed, by group; groups in which nothing failed are left out. */
function groupsTable(result: CheckResult): string {
  const heaps = result.heaps.filter(({ problem }) => problem === null)
  const rows = groupsOf(result).flatMap((group) => {
    const failed = heaps.map((heap) => caseCounts(heap, group).fail)
    return failed.some((count) => count > 0)
      ? [[mdText(group), ...failed.map((count) => (count === 0 ? '' : String(count)))]]
      : []
  })
  if (rows.length === 0) return ''
  return mdTable(
    ['failed in', ...heaps.map(({ heap }) => mdText(heap))],
    rows,
    heaps.map((_, at) => at + 1),
  )
}

function misuseTable({ heaps }: CheckResult): string {
  const run = heaps.filter(({ misuse }) => misuse.length > 0)
  const ids = [...new Set(run.flatMap(({ misuse }) => misuse.map(({ id }) => id)))]
  if (ids.length === 0) return ''
  const rows = ids.map((id) => [
    mdText(id.replace('misuse/', '')),
    ...run.map(({ misuse }) => misuse.find((each) => each.id === id)?.outcome ?? ''),
  ])
  return mdTable(['misuse', ...run.map(({ heap }) => mdText(heap))], rows, [])
}

function heapPart(heap: CheckedHeap): string[] {
  const title = mdText(heapTitle(heap))
  if (heap.problem !== null) return [`Nothing runs under ${title}: ${mdText(heap.problem.message)}`]
  const failures = heap.cases
    .filter(({ outcome }) => outcome === 'fail')
    .map(({ id, explanation, standard, message, reproduce }) =>
      [
        `- **${mdText(id)}**: ${mdText(explanation)} (${mdText(standard)})`,
        `  - happened: ${mdText(message)}`,
        `  - reproduce: ${mdCode(reproduce)}`,
      ].join('\n'),
    )
  const skips = skipReasons(heap).map(({ reason, ids }) => `- skipped ${ids.map(mdText).join(', ')}: ${mdText(reason)}`)
  const body = [...failures, ...skips].join('\n')
  return body === '' ? [] : [mdFold(title, body)]
}
