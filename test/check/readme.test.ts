/**
 * The README's list of what others' heaps do otherwise is that of deviations.ts, which heaps.test.ts holds against the
 * heaps. `UPDATE=1` writes it.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Deviations, deviations } from './deviations.ts'

const readme = join(import.meta.dirname, '../../README.md')
const [begin, end] = ['<!-- deviations -->\n', '<!-- /deviations -->\n']

/** `align/tiny-*` for names of a group that begin alike, where there are many; else all of them. */
function named(ids: readonly string[]): string {
  return ids.map((id) => `\`${id}\``).join(', ')
}

function lineOf(heap: string, { version, cases }: Deviations): string {
  const byReason = new Map<string, string[]>()
  for (const [id, { reason, kind }] of Object.entries(cases)) {
    const told = kind === 'sometimes' ? `${reason} (not in every run)` : reason
    byReason.set(told, [...(byReason.get(told) ?? []), id])
  }
  const reasons = [...byReason].map(([reason, ids]) => `  - ${reason}: ${named(ids)}\n`)
  return `- **${heap} ${version}**, ${Object.keys(cases).length} cases\n${reasons.join('')}`
}

test('the README lists every deviation with its reason', () => {
  const text = readFileSync(readme, 'utf8')
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  expect(from).toBeGreaterThan(begin.length)
  const list = `\n${Object.entries(deviations)
    .map(([heap, known]) => lineOf(heap, known))
    .join('')}\n`
  if (process.env['UPDATE'] === '1') writeFileSync(readme, text.slice(0, from) + list + text.slice(to))
  expect(readFileSync(readme, 'utf8').slice(from, readFileSync(readme, 'utf8').indexOf(end))).toBe(list)
})
