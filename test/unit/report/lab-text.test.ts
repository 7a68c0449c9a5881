/** Experiments as Markdown and as text: facts side by side, whatever names there are and however wide the terminal is. */

import { describe, expect, test } from 'vitest'
import { labMarkdown, labText } from '../../../lib/report/index.ts'
import { factRows, factText } from '../../../lib/report/lab-view.ts'
import { plainPalette } from '../../../lib/report/style.ts'
import { result } from './lab-results.ts'

const style = { width: 80, unicode: true, palette: plainPalette }

test('facts are in units that are easy to read', () => {
  const text = (value: Parameters<typeof factText>[0]['value'], unit: string | null = null) => factText({ value, unit })
  expect([text(3 << 20, 'B'), text(-1536, 'B'), text(0, 'B')]).toEqual(['3 MiB', '-1.5 KiB', '0 B'])
  expect([text(41.5, 'ns'), text(1.5e6, 'ns'), text(12, 'pages')]).toEqual(['41.5 ns', '1.5 ms', '12 pages'])
  // A number of a process is a name and has no commas.
  expect([text(1234567), text(12345678), text(0.3333333)]).toEqual(['1234567', '12,345,678', '0.3333'])
  expect([text(true), text(false), text(null), text('0x10')]).toEqual(['yes', 'no', 'none', '0x10'])
})

test('a fact that one heap has alone stands where that heap has it', () => {
  expect(factRows(result).map(({ name }) => name)).toEqual([
    'process',
    'first block',
    'what it said of itself',
    'steps from block to block',
    'least distance between two threads',
    'time of a call',
    'addresses are used again',
  ])
})

describe('Markdown', () => {
  test('as a snapshot', async () => {
    const text = labMarkdown(result, (heap, at) => `${result.name} ${heap}<${at}>.svg`)
    await expect(text).toMatchFileSnapshot('screens/lab-markdown.md.txt')
  })

  test('every row of the table has as many fields as there are heaps', () => {
    const rows = labMarkdown(result, () => 'a.svg')
      .split('\n')
      .filter((line) => line.startsWith('|'))
    expect(rows).toHaveLength(9)
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5)
  })

  test('pictures that are not written are named', () => {
    const text = labMarkdown(result, () => null)
    expect(text).not.toContain('![')
    expect(text).toContain('- Blocks of two threads, and of a fork')
  })

  test('an experiment without facts or heaps is a page as well', () => {
    expect(labMarkdown({ ...result, heaps: [] }, () => 'a.svg')).toMatch(
      /^# layout-map\n\n\*\*Where .*\n\nWhat was done: .*\n$/,
    )
  })
})

describe('text', () => {
  test.each([60, 80, 120])('%i columns, as a snapshot', async (width) => {
    await expect(labText(result, { ...style, width })).toMatchFileSnapshot(`screens/lab-${width}.txt`)
  })

  test.each([50, 64, 80, 100, 200])('keeps to %i columns', (width) => {
    for (const line of labText(result, { ...style, width, unicode: false }).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(width)
      expect(line).toMatch(/^[\x20-\x7e]*$/)
    }
  })

  test('what an experiment under a heap could not do is red, and only that', () => {
    const red = (text: string) => `<${text}>`
    const text = labText(result, { ...style, palette: { ...plainPalette, red } })
    expect(text.match(/<[^>]*>/g)?.join(' ')).toContain('could not be carried through')
    expect(text.split('broken\n')[0]).not.toMatch(/^\s*<(?!img|\/script)/m)
  })

  test('of an experiment without heaps the question is left', () => {
    expect(labText({ ...result, heaps: [] }, style)).toContain('Where do blocks of several threads lie?')
  })
})
