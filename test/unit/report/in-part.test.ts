/** What reports say of results of which a part is missing: only what is so, and why the rest is not there. */

import { describe, expect, test } from 'vitest'
import { gateResult, parseMetrics } from '../../../lib/compare/index.ts'
import {
  compareHtml,
  compareJunit,
  compareMarkdown,
  comparisonSummary,
  compareText as textOf,
} from '../../../lib/report/index.ts'
import { signsOf } from '../../../lib/report/style.ts'
import type { CompareResult } from '../../../lib/types.ts'
import { options } from '../compare/machine.ts'
import { plain80 } from './fixtures.ts'
import { inSuite, openEnded, part, unrun } from './suites-in-part.ts'

const say = (result: CompareResult) => comparisonSummary(result, signsOf({ unicode: false }))
const compareText = (result: CompareResult) => textOf(result, { ...plain80, width: 400 })

describe('a suite without a ratio over all', () => {
  test('counts the blocks of each workload, not of all', async () => {
    const three = inSuite(await part('x', {}, { blocks: 3 }), await part('y', {}, { blocks: 3 }))
    expect(say(three)).toBe(
      'Nothing is decided in any of 2 workloads: an interval needs at least 5 blocks, and there are 3.',
    )
    const names = ['w', 'x', 'y', 'z']
    const single = inSuite(...(await Promise.all(names.map((name) => part(name, {}, { blocks: 1 })))))
    expect(say(single)).toBe(
      'Nothing is decided in any of 4 workloads: an interval needs at least 5 blocks, and there are 1.',
    )
  })

  test('gives the verdicts that there are, and names the workload whose setup failed', async () => {
    const result = inSuite(await unrun('x'), await part('y', { s: 0.5 }), await part('z', { s: 2 }))
    expect(say(result)).toBe(
      'Nothing is decided over all 3 workloads. By workload, in wall time, b is better in 1 and worse in 1. ' +
        'No verdict in x (setup failed: the setup command ended with exit status 7).',
    )
    expect(say(inSuite(await unrun('x'), await part('y', { s: 2 })))).toMatch(
      /^Nothing is decided over all 2 workloads\. By workload, in wall time, b is worse in 1\. No verdict in x \(setup/,
    )
  })

  test('names the workload in which the baseline gave nothing, the one too short, and one without the metric', async () => {
    const result = inSuite(
      await part('x', { fails: ['a'] }),
      await part('y', { s: 0.5 }),
      await part('z', {}, { blocks: 2 }),
      await part('m', {}, { metrics: parseMetrics(['peak-rss']) }),
    )
    expect(say(result)).toContain(
      'b is better in 1. No verdict in x (a, the baseline, gave no number in any run), ' +
        'z (an interval needs at least 5 blocks, and there are 2), m (wall time was not measured).',
    )
  })

  test('a heap that fails in a workload is counted so', async () => {
    expect(say(inSuite(await part('x', { fails: ['b'] }), await part('y', { s: 2 })))).toContain(
      'b is worse in 1 and failed in 1. No verdict in x (no heap other than a gave numbers of its own).',
    )
  })
})

test('the price is over the same workloads as the gain, or says over how many', async () => {
  const fast = { s: 0.5, mem: 0.8 }
  const timed = { metrics: parseMetrics(['wall']) }
  const both = [await part('x', fast), await part('y', fast)]
  expect(say(inSuite(...both))).not.toContain('that have it')
  expect(say(inSuite(...both, await part('z', fast, timed)))).toContain(
    'Over 3 workloads, b takes 0.500x the wall time of a [0.500, 0.500], and uses 0.800x the peak memory [0.800, 0.800] over the 2 workloads that have it.',
  )
})

describe('a comparison of an open number of blocks', () => {
  test('that was stopped names the look that it did not come to', async () => {
    const result = await openEnded(7)
    expect([result.blocks, result.requestedBlocks]).toEqual([7, 5])
    expect(say(result)).toContain('Only 7 blocks were run, stopped before the look at 10.')
    expect(compareText(result)).toContain('7 blocks, stopped before the look at 10, after 1 warm-up block')
    expect(compareMarkdown(result)).toContain('7 blocks, stopped before the look at 10, after 1 warm-up block')
    const page = compareHtml(result)
    expect(page).toContain('<td class="number">7, stopped before the look at 10</td>')
    expect(page).toContain('7 blocks, stopped before the look at 10, after 1 warm-up block')
    expect(result.warnings.find(({ code }) => code === 'interrupted')?.message).toMatch(
      /^interrupted after 7 blocks, before the look at 10:/,
    )
    for (const text of [compareText(result), compareMarkdown(result), page.replace(/<script.*?<\/script>/gs, '')])
      expect(text).not.toContain('7 of 5')
  })

  test('that came to its end has no other number beside its own, and a suite names no single look', async () => {
    const whole = await openEnded(99)
    expect(whole.blocks).toBe(15)
    expect(compareHtml(whole)).toContain('<td class="number">15</td>')
    const stopped = inSuite(whole, await openEnded(7, { workload: 'y' }))
    expect(say(stopped)).toContain('Only 22 blocks were run, stopped early.')
  })
})

describe('JUnit of a workload whose setup failed', () => {
  test('has an error with the phase and the message in each of its cases', async () => {
    const result = inSuite(await unrun('x'), await part('y'))
    const xml = compareJunit(result)
    const error = '<error message="setup failed: the setup command ended with exit status 7"/>'
    expect(xml.split(error).length - 1).toBe(result.cells.length / 4)
    expect(xml).not.toContain('too few pairs')
    expect(compareJunit(result, gateResult(result, ['wall'])).split(error).length - 1).toBe(1)
  })

  test('has one error where the workload has no cells', async () => {
    const { result, problem } = await unrun('x')
    const xml = compareJunit(inSuite({ result: { ...result, cells: [], control: [] }, problem }, await part('y')))
    expect(xml).toContain('tests="1" failures="0" errors="1"')
    expect(xml).toContain('<testcase name="setup" classname="x">')
  })
})

test('thresholds are told by metric where cells have others', async () => {
  const result = await part('x', {}, { thresholds: { 'peak-rss': 0.5 } })
  for (const text of [compareText(result), compareMarkdown(result)])
    expect(text).toContain('threshold 1 %, peak-rss 50 %')
  expect(compareHtml(result)).toContain('<td class="number">1 %, peak-rss 50 %</td>')
  const several = inSuite(result, await part('y', {}, { threshold: 0.05 }))
  expect(compareText(several)).toContain('threshold wall 1 % to 5 %, cpu 1 % to 5 %, peak-rss 5 % to 50 %')
  expect(compareText(await part('x'))).toContain('threshold 1 %;')
})

test('heaps that never ran are called so, and not inactive', async () => {
  const result = await part('x', {}, { signal: AbortSignal.abort() })
  expect(result.heaps.map(({ state }) => state)).toEqual(['inactive', 'inactive'])
  const page = compareHtml(result).replace(/<script.*?<\/script>|<style.*?<\/style>/gs, '')
  for (const text of [compareText(result), compareMarkdown(result), page, compareJunit(result)]) {
    expect(text).toContain('not run')
    expect(text).not.toMatch(/inactive|not active|not in effect/)
  }
  expect(say(result)).toBe('Nothing was run: no block was completed. Only 0 of 6 blocks were run.')
})

test('in duets it is said why one median divided by another may give another number', async () => {
  const alone = await part('x')
  const duet = { used: true, reason: 'busy on 1 core', cores: 1, repeats: 1, overlap: 0.97 }
  const result: CompareResult = {
    ...alone,
    workloads: alone.workloads.map((each) => ({ ...each, duet })),
    cells: alone.cells.map((cell) =>
      cell.metric === 'cpu' ? { ...cell, pairing: 'duet', partners: cell.runs } : cell,
    ),
  }
  expect(compareText(result)).toContain(
    "each ratio is to the heap's own partner, so that one median divided by another",
  )
  expect(compareHtml(result)).toContain('In duets the ratio is against the partner that ran beside each run')
  expect(compareHtml(alone)).not.toContain('In duets')
})

test('the fixtures are of the metrics that these tests speak of', () => {
  expect(options([]).metrics.map(({ name }) => name)).toEqual(['wall', 'cpu', 'peak-rss'])
})
