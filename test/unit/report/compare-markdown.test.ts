/** Markdown for CI summaries: whole reports as snapshots, and what must hold whatever stands in names and outputs. */

import { describe, expect, test } from 'vitest'
import { compareMarkdown } from '../../../lib/report/index.ts'
import { mdBlock, mdText } from '../../../lib/report/markdown.ts'
import { failing, stopped, undecided, winner } from './fixtures.ts'
import { hostile, suite } from './suites.ts'

const results = { winner, undecided, failing, stopped: await stopped(), suite: await suite(), hostile: await hostile() }
const bytes = (text: string) => Buffer.byteLength(text)

/** The text outside of blocks of code, where Markdown has a meaning. */
const outside = (text: string) => text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')

describe.each(Object.entries(results))('%s', (name, result) => {
  const text = compareMarkdown(result)

  test('every row of a table has as many fields as its head', () => {
    const rows = outside(text)
      .split('\n')
      .filter((line) => line.startsWith('|'))
    expect(rows.length).toBeGreaterThan(3)
    let width = 0
    for (const [index, row] of rows.entries()) {
      const fields = row.match(/(?<!\\)\|/g)?.length ?? 0
      if (/^\| ---/.test(rows[index + 1] ?? '')) width = fields
      expect([row.slice(0, 80), fields]).toEqual([row.slice(0, 80), width])
    }
  })

  test('has no elements but those that fold and show code', () => {
    const elements = new Set([...outside(text).matchAll(/<\/?(\w+)/g)].map(([, element]) => element))
    expect([...elements].filter((each) => !['details', 'summary', 'code', 'i', 'b'].includes(each ?? ''))).toEqual([])
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
  })

  if (name !== 'hostile')
    test('as a snapshot', async () => {
      const own = text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      await expect(own).toMatchFileSnapshot(`screens/markdown-${name}.txt`)
    })
})

describe('the length', () => {
  test('stays within what GitHub takes, whatever failed runs printed', () => {
    const { cells } = results.hostile
    expect(JSON.stringify(cells).length).toBeGreaterThan(1024 ** 2)
    expect(bytes(compareMarkdown(results.hostile))).toBeLessThan(1024 ** 2)
  })

  test('is kept by leaving out what stands last, with a word about it', () => {
    const whole = compareMarkdown(failing)
    for (const maxBytes of [300, 700, 1500, bytes(whole) - 1]) {
      const text = compareMarkdown(failing, { maxBytes })
      expect(bytes(text)).toBeLessThanOrEqual(maxBytes)
      expect(text).toContain('Left out here')
      expect(text.startsWith('## alloc8: bench')).toBe(true)
      expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
    }
    expect(compareMarkdown(failing, { maxBytes: bytes(whole) })).not.toContain('Left out here')
  })
})

test.each([
  ['# title', '\\# title'],
  ['1. one', '1\\. one'],
  ['- item', '\\- item'],
  ['a|b `c` *d* _e_', 'a\\|b \\`c\\` \\*d\\* \\_e\\_'],
  ['<b>&amp;', '&#60;b&#62;&#38;amp;'],
  ['@org/team #12', '@<!-- -->org/team #<!-- -->12'],
  ['https://x.y www.x.y', 'https:<!-- -->//x.y www<!-- -->.x.y'],
  ['[a](b) ![c](d) $x$', '\\[a\\](b) \\!\\[c\\](d) &#36;x&#36;'],
  ['two\nlines\u2028and three', 'two lines and three'],
])('text %j is written as %s', (text, written) => {
  expect(mdText(text)).toBe(written)
})

test('a block of code is fenced by more than is in it', () => {
  expect(mdBlock('a\n````\nb\n')).toBe('`````text\na\n````\nb\n`````')
})
