/** The table that people see: whole screens as snapshots, and the promises that no screen may break. */

import { describe, expect, test } from 'vitest'
import { compareText } from '../../../lib/report/index.ts'
import type { CompareResult } from '../../../lib/types.ts'
import { ascii50, colour80, failing, plain80, stopped, undecided, winner } from './fixtures.ts'
import { hostile, suite } from './suites.ts'

const results: Record<string, CompareResult> = {
  winner,
  undecided,
  failing,
  stopped: await stopped(),
  suite: await suite(),
}

describe.each(Object.entries(results))('%s', (name, result) => {
  test.each([
    ['80', plain80],
    ['80-colour', colour80],
    ['50-ascii', ascii50],
    ['100-ascii', { ...ascii50, width: 100 }],
    ['64', { ...plain80, width: 64 }],
  ])('as a screen: %s', async (kind, style) => {
    await expect(compareText(result, style)).toMatchFileSnapshot(`screens/compare-${name}-${kind}.txt`)
  })

  test('no line is longer than the width', () => {
    for (let width = 50; width <= 140; width++) {
      const long = compareText(result, { ...plain80, width })
        .split('\n')
        .filter((line) => line.length > width)
      expect([width, long]).toEqual([width, []])
    }
  })

  test('colours do not move anything, and no line ends in spaces', () => {
    const text = compareText(result, colour80)
    expect(text.replace(/<\/?(b|dim|red|green|yellow|cyan)>/g, '')).toBe(compareText(result, plain80))
    expect(compareText(result, plain80)).not.toMatch(/ $/m)
  })

  test('is pure ASCII where that is asked for', () => {
    expect(compareText(result, ascii50)).toMatch(/^[\n -~]*$/)
    expect(compareText(result, { ...ascii50, width: 100 })).toMatch(/^[\n -~]*$/)
  })
})

describe('a suite', () => {
  test('fits 60, 80 and 120 columns', async () => {
    for (const width of [60, 120]) {
      await expect(compareText(await suite(), { ...plain80, width })).toMatchFileSnapshot(
        `screens/compare-suite-${width}.txt`,
      )
    }
  })

  test('names every workload under each of its metrics, and how it was paired', async () => {
    const text = compareText(await suite(), { ...plain80, width: 200 })
    expect(text.match(/^ {2}larson$/gm)).toHaveLength(3)
    expect(text.match(/^ {2}image server$/gm)).toHaveLength(2)
    expect(text).toContain(
      'threadtest: CPU time: duets on 2 cores, the command 2 times in a row on each side, both ran',
    )
    expect(text).toContain('2 looks of 4 planned (after 5, 10, 20, 40 blocks), ended after 10 blocks')
  })

  test('whose texts are hostile steers no terminal', async () => {
    const text = compareText(await hostile(), plain80)
    for (const character of ['\u001b', '\u009b', '\u2028']) expect(text).not.toContain(character)
  })
})

describe('what must not be lost', () => {
  test('every heap and its full spec, at any width', () => {
    for (const width of [50, 80, 120]) {
      const text = compareText(undecided, { ...plain80, width })
      for (const { spec } of undecided.heaps) expect(text).toContain(spec)
    }
  })

  test('every warning', () => {
    const text = compareText(failing, { ...plain80, width: 2000 })
    const shown = failing.warnings.filter(({ code }) => code !== 'runs-failed')
    expect(shown.length).toBeGreaterThan(2)
    for (const { message } of shown) expect(text).toContain(message)
  })

  test('a heap that was not in effect is never shown with a verdict of its own', () => {
    const lines = compareText(undecided, plain80).split('\n')
    const mine = lines.filter((line) => /mine\.so .*(\[|–)/.test(line))
    expect(mine).toHaveLength(4)
    for (const line of mine) expect(line).toMatch(/not active$/)
  })

  test('what a target printed cannot steer the terminal', () => {
    expect(compareText(failing, plain80)).not.toContain('\u001b')
  })
})
