/**
 * The page as text: the answer comes first, nothing in it reaches out, and no text of others becomes an element. What
 * a browser makes of it is tested in `test/browser`.
 */

import { describe, expect, test } from 'vitest'
import { compareHtml } from '../../../lib/report/index.ts'
import { failing, undecided, winner } from './fixtures.ts'
import { HOSTILE, hostile, suite } from './suites.ts'

const results = { winner, undecided, failing, suite: await suite(), hostile: await hostile() }

/** The page without what stands in every one alike, and without the time at which the fixture was made. */
function own(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '<style></style>')
    .replace(/<script>.*?<\/script>/s, '<script></script>')
    .replace(/<script type="application\/json" id="result">.*?<\/script>/s, '<script id="result"></script>')
    .replace(/sha256-[\w+/=]+/g, 'sha256-')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
}

describe.each(Object.entries(results))('%s', (name, result) => {
  const page = compareHtml(result)

  test('holds the whole result as JSON', () => {
    const [, json = ''] = /<script type="application\/json" id="result">(.*?)<\/script>/s.exec(page) ?? []
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(result)))
  })

  test('has no element that fetches anything, and no script but its own', () => {
    const markup = own(page)
    const elements = [...markup.replace(/"[^"]*"/g, '""').matchAll(/<(\w[^<>]*)>/g)].map(([, inside]) => inside ?? '')
    expect(elements.length).toBeGreaterThan(100)
    const reaching =
      /^(?:link|img|iframe|object|embed|base|audio|video|source|use|image)\b|\s(?:src|on\w+|style|srcset|action)=/
    expect(elements.filter((element) => reaching.test(element))).toEqual([])
    expect([...markup.matchAll(/href="([^"]*)"/g)].every(([, target]) => target?.startsWith('#'))).toBe(true)
    expect(page.match(/<script/g)).toHaveLength(2)
    expect(page.match(/<\/script/g)).toHaveLength(2)
  })

  test('numbers are finite wherever they are drawn', () => {
    expect(/NaN|Infinity|undefined|\[object/.exec(own(page))?.[0]).toBeUndefined()
  })

  test('is one page with one main heading, and every heading is one level below another', () => {
    const levels = [...own(page).matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThan(2)
    const ids = [...own(page).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  if (name !== 'hostile')
    test('as a snapshot', async () => {
      await expect(own(page)).toMatchFileSnapshot(`screens/page-${name}.txt`)
    })
})

test('the answer stands before anything else', () => {
  const text = own(compareHtml(winner)).replace(/<[^>]*>/g, ' ')
  expect(text.indexOf('jemalloc takes 0.83×')).toBeGreaterThan(0)
  expect(text.indexOf('jemalloc takes 0.83×')).toBeLessThan(text.indexOf('By metric'))
})

test('hostile text stands there as text', () => {
  const page = own(compareHtml(results.hostile))
  expect(HOSTILE).toContain('<script>')
  for (const text of ['<script>alert', '<img', '\u001b', '\u2028']) expect(page.includes(text), text).toBe(false)
  expect(page.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')).toBe(true)
})

test('the same result gives the same page', () => {
  expect(compareHtml(results.suite)).toBe(compareHtml(structuredClone(results.suite)))
})
