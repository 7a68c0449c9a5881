/** What has changed since a stored result stands in every report for people, and nowhere where nothing was stored. */

import { expect, test } from 'vitest'
import { sinceResult } from '../../../lib/compare/since.ts'
import { compareHtml, compareMarkdown, compareText } from '../../../lib/report/index.ts'
import type { CompareResult } from '../../../lib/types.ts'
import { winner as now, plain80 as style } from './fixtures.ts'

/** The same, but that the second heap took half as much of all. */
const then: CompareResult = {
  ...now,
  cells: now.cells.map((cell) => {
    const runs = cell.heap === now.heaps[1]?.spec ? cell.runs.map((run) => (run === null ? null : run / 2)) : cell.runs
    return { ...cell, runs }
  }),
}
const result = { ...now, since: sinceResult(now, then, 'base.json') }

test('in the terminal, Markdown and the page', () => {
  const label = now.heaps[1]?.spec ?? ''
  expect(result.since.cells.some(({ verdict }) => verdict === 'worse')).toBe(true)
  expect(compareText(result, style)).toMatch(new RegExp(`since base\\.json .*\\n +${label}, .* 2\\.00× .* worse`))
  const markdown = compareMarkdown(result)
  expect(markdown).toContain('since base.json')
  expect(markdown).toMatch(new RegExp(`${label}.*2\\.00×.*🔴 worse`))
  const page = compareHtml(result)
  expect(page).toContain('<a href="#since">Since the stored result</a>')
  const section = /<section id="since"[\s\S]*?<\/section>/.exec(page)?.[0] ?? ''
  expect(section).toContain('since base.json')
  expect(section.match(/<tr data-row/g)).toHaveLength(result.since.cells.length)
  expect(section).toMatch(/<strong>2\.00×<\/strong>[\s\S]*is-worse/)
})

test('nowhere where nothing was stored', () => {
  for (const text of [compareText(now, style), compareMarkdown(now)]) expect(text).not.toMatch(/since/)
  expect(compareHtml(now)).not.toContain('id="since"')
})
