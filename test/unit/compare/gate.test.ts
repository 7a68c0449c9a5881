/** The gate's judgement of single cells, and how often it fails a build that is no other: all cells together. */

import { describe, expect, test } from 'vitest'
import { gateResult } from '../../../lib/compare/gate.ts'
import { decide, pairedRatio, Rng } from '../../../lib/stats/index.ts'
import type { Cell, CompareResult } from '../../../lib/types.ts'

interface Made {
  metric?: string
  workload?: string
  higherIsBetter?: boolean
  threshold?: number
}

/** A baseline and a heap with these runs, as a comparison would give them. */
function pair(baseline: (number | null)[], heap: (number | null)[], made: Made = {}): Cell[] {
  const { metric = 'cpu', workload = 'w', higherIsBetter = false, threshold = 0.01 } = made
  return [baseline, heap].map((runs, at): Cell => {
    const { ratio, low, high } = pairedRatio(runs, baseline, { seed: 1, resamples: 1000 })
    return {
      ...{
        workload,
        heap: ['a', 'b'][at] ?? '',
        metric,
        unit: 'ns',
        higherIsBetter,
        ratio,
        low,
        high,
        threshold,
        runs,
      },
      ...{ verdict: decide({ low, high }, threshold, higherIsBetter), pairing: 'alone', partners: null, tests: null },
      failures: runs.flatMap((run, block) =>
        run === null
          ? [{ block, exitCode: 1, signal: null, timedOut: false, message: 'exit status 1', output: '' }]
          : [],
      ),
    }
  })
}

const resultOf = (cells: Cell[], more: object = {}) =>
  ({ cells, seed: 1, workloads: [], ...more }) as unknown as CompareResult
const gate = (cells: Cell[], metrics?: string[]) => gateResult(resultOf(cells), metrics)

const flat = [100, 101, 99, 100, 102, 98, 100, 101]
const times = (factor: number) => flat.map((value, at) => value * factor * (1 + (at % 3) / 1000))

describe('a cell', () => {
  test.each<[string, Cell[], string]>([
    ['clearly worse', pair(flat, times(1.1)), 'fail'],
    ['clearly better', pair(flat, times(0.9)), 'pass'],
    ['the same', pair(flat, times(1)), 'pass'],
    ['worse by less than the threshold', pair(flat, times(1.02), { threshold: 0.05 }), 'pass'],
    ['a rate that fell', pair(flat, times(0.9), { higherIsBetter: true }), 'fail'],
    ['a rate that rose', pair(flat, times(1.1), { higherIsBetter: true }), 'pass'],
    ['neither', pair(flat, [80, 130, 90, 120, 100, 85, 125, 110]), 'inconclusive'],
    ['better, but not surely by the threshold', pair(flat, times(0.995)), 'pass'],
    ['too few blocks', pair([1, 1, 1], [2, 2, 2]), 'inconclusive'],
    [
      'one that failed in every run',
      pair(
        flat,
        flat.map(() => null),
      ),
      'fail',
    ],
    [
      'one whose baseline failed too',
      pair(
        flat.map(() => null),
        flat.map(() => null),
      ),
      'inconclusive',
    ],
  ])('%s', (_, cells, outcome) => {
    expect(gate(cells)).toMatchObject({ outcome, cells: [{ heap: 'b', heapIndex: 1, outcome }] })
  })
})

describe('the gate', () => {
  const bad = pair(flat, times(1.1), { metric: 'peak-rss' })
  const good = pair(flat, times(1), { workload: 'x' })
  const open = pair(flat, [80, 130, 90, 120, 100, 85, 125, 110], { workload: 'y' })

  test('fails where a cell does, else is inconclusive where one is', () => {
    expect(gate([...good, ...bad, ...open]).outcome).toBe('fail')
    expect(gate([...good, ...open]).outcome).toBe('inconclusive')
    expect(gate(good).outcome).toBe('pass')
  })

  test('looks at the metrics that are named', () => {
    expect(gate([...good, ...bad], ['cpu'])).toMatchObject({ outcome: 'pass', cells: [{ metric: 'cpu' }] })
  })

  test('with nothing to judge is no pass', () => {
    expect(gate([]).outcome).toBe('inconclusive')
    expect(gate(good.slice(0, 1)).outcome).toBe('inconclusive')
  })

  test('shares its error among its cells', () => {
    expect([gate(good).level, gate([...good, ...open, ...bad]).level]).toEqual([0.05, 0.05 / 3])
  })

  test('judges what has changed since a stored result, too', () => {
    const cell = { workload: 'w', heap: 'b', heapIndex: 1, metric: 'cpu', higherIsBetter: false, threshold: 0.01 }
    const since = (verdict: string, low: number, high: number) =>
      gateResult(resultOf(good, { since: { cells: [{ ...cell, ratio: (low + high) / 2, low, high, verdict }] } }))
        .outcome
    expect([since('worse', 1.1, 1.2), since('inconclusive', 0.9, 1.1), since('same', 0.995, 1.005)]).toEqual([
      'fail',
      'inconclusive',
      'pass',
    ])
  })
})

test('fails in at most 5 % of 80 suites of 15 cells in which nothing differs, where single intervals do far more often', () => {
  const rng = new Rng(3)
  const normal = () => Math.sqrt(-2 * Math.log(1 - rng.float())) * Math.cos(2 * Math.PI * rng.float())
  const draw = () => Array.from({ length: 15 }, () => Math.exp(0.05 * normal()))
  let failed = 0
  let naive = 0
  for (let suite = 0; suite < 80; suite++) {
    const cells = Array.from({ length: 15 }, (_, at) =>
      pair(draw(), draw(), { workload: String(at), threshold: 0 }),
    ).flat()
    if (gate(cells).outcome === 'fail') failed++
    if (cells.some(({ verdict }, at) => at % 2 === 1 && verdict === 'worse')) naive++
  }
  expect(failed).toBeLessThanOrEqual(4)
  expect(naive).toBeGreaterThan(10)
})
