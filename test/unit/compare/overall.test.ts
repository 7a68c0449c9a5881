/** Heaps over all workloads: the geometric mean, its interval, and when there is none. */

import { describe, expect, test } from 'vitest'
import { overallResults } from '../../../lib/compare/index.ts'
import type { Cell } from '../../../lib/types.ts'
import { around, cell } from './cells.ts'

/** A workload of a baseline `a` and a heap `b`, whose runs cost `factor` times as much. */
function workload(name: string, factor: number, more: Partial<Cell> = {}, blocks = 8): Cell[] {
  return [
    cell(name, 'a', 'wall', around(100, blocks), more),
    cell(name, 'b', 'wall', around(100 * factor, blocks, 1), more),
  ]
}

const overall = (cells: Cell[], level?: number) => overallResults({ cells, seed: 1, level })

describe('overallResults', () => {
  test('the geometric mean of the ratios, each workload alike whatever its number of blocks', () => {
    const [a, b, ...rest] = overall([...workload('w', 0.5), ...workload('v', 1, {}, 30), ...workload('u', 0.25)])
    expect(rest).toEqual([])
    expect(a).toMatchObject({ heap: 'a', metric: 'wall', ratio: 1, low: 1, high: 1, verdict: 'same', workloads: 3 })
    expect(b).toMatchObject({ heap: 'b', verdict: 'better', threshold: 0.01, workloads: 3 })
    expect(b?.ratio).toBeCloseTo(0.5, 2)
    expect(b?.low).toBeLessThan(b?.ratio ?? 0)
    expect(b?.high).toBeGreaterThan(b?.ratio ?? 1)
    expect(b?.high).toBeLessThan(0.51)
  })

  test('heaps of one name are told apart by position, metrics kept in their order', () => {
    const twice = (name: string) => [
      ...['wall', 'cpu'].flatMap((metric) => [
        cell(name, 'a', metric, around(100)),
        cell(name, 'a', metric, around(200, 8, 1)),
        cell(name, 'b', metric, around(50, 8, 2)),
      ]),
    ]
    const result = overall([...twice('w'), ...twice('v')])
    expect(result.map(({ heap, metric }) => `${heap} ${metric}`)).toEqual([
      ...['a wall', 'a wall', 'b wall', 'a cpu', 'a cpu', 'b cpu'],
    ])
    expect(result.map(({ ratio }) => Math.round((ratio ?? 0) * 2))).toEqual([2, 4, 1, 2, 4, 1])
  })

  test('in a duet each run is against its own partner', () => {
    const runs = around(100)
    const duet = (name: string) => [
      cell(name, 'a', 'cpu', runs, { pairing: 'duet' }),
      cell(name, 'b', 'cpu', runs, { pairing: 'duet', partners: runs.map((value) => value / 3) }),
    ]
    expect(overall([...duet('w'), ...duet('v')])[1]?.ratio).toBeCloseTo(3, 9)
  })

  test('a workload without a ratio leaves none over all', () => {
    for (const runs of [around(100, 4), [null, null, null, null, ...around(100, 4)], [0, ...around(100, 7)]]) {
      const base = around(100, runs.length)
      const cells = [...workload('w', 0.5), cell('v', 'a', 'wall', base), cell('v', 'b', 'wall', runs)]
      expect(overall(cells)[1]).toMatchObject({ ratio: null, low: null, high: null, verdict: 'inconclusive' })
    }
  })

  test('a metric of one workload among several has no ratio over all; one workload alone has no such rows', () => {
    const extra = [cell('v', 'a', 'rps', around(5)), cell('v', 'b', 'rps', around(6))]
    const result = overall([...workload('w', 0.5), ...workload('v', 0.5), ...extra])
    expect(result.map(({ metric, workloads, ratio }) => [metric, workloads, ratio === null])).toEqual([
      ...[
        ['wall', 2, false],
        ['wall', 2, false],
        ['rps', 1, true],
        ['rps', 1, true],
      ],
    ])
    expect(overall(workload('w', 0.5))).toEqual([])
    expect(overall([])).toEqual([])
  })

  test('a rate is better where it is higher; a name that means both ways is not averaged', () => {
    const rate = { higherIsBetter: true }
    expect(overall([...workload('w', 2, rate), ...workload('v', 2, rate)])[1]).toMatchObject({ verdict: 'better' })
    expect(overall([...workload('w', 2, rate), ...workload('v', 2)])[1]).toMatchObject({ ratio: null })
  })

  test('thresholds that differ are averaged as the ratios are', () => {
    const result = overall([...workload('w', 1.05, { threshold: 0.02 }), ...workload('v', 1.05, { threshold: 0.21 })])
    expect(result[1]?.threshold).toBeCloseTo(Math.sqrt(1.02 * 1.21) - 1, 12)
    expect(result[1]?.verdict).toBe('same')
  })

  test('a smaller level makes wider intervals', () => {
    const cells = [...workload('w', 0.5), ...workload('v', 0.5)]
    const width = (level?: number) => (overall(cells, level)[1]?.high ?? 0) - (overall(cells, level)[1]?.low ?? 0)
    expect(width(0.0182)).toBeGreaterThan(1.05 * width())
  })
})
