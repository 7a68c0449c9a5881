/** Which heaps of a comparison are worth a choice, and by which metrics that is judged. */

import { describe, expect, test } from 'vitest'
import { overallResults, paretoSets } from '../../../lib/compare/index.ts'
import type { Cell, VerdictState } from '../../../lib/types.ts'
import { around, cell } from './cells.ts'

const active = (count: number) => Array.from({ length: count }, () => ({ state: 'active' as VerdictState }))

/** One workload's cells of a metric by ratio, the baseline's 1 included. */
const row = (workload: string, metric: string, ratios: (number | null)[], more: Partial<Cell> = {}) =>
  ratios.map((ratio, heap) => cell(workload, `h${heap}`, metric, [], { ratio, ...more }))

const sets = (cells: Cell[], heaps = active(4)) => paretoSets({ heaps, cells, overall: [] })

describe('paretoSets', () => {
  test('names the heaps that no other beats in speed and memory', () => {
    const cells = [...row('w', 'wall', [1, 0.8, 0.9, 1.1]), ...row('w', 'peak-rss', [1, 1.4, 1.1, 1.05])]
    expect(sets(cells)).toEqual([{ workload: 'w', speed: 'wall', memory: 'peak-rss', heaps: [0, 1, 2] }])
  })

  test('takes wall before cpu before user, whatever their order, and a rate only without them', () => {
    const memory = row('w', 'peak-rss', [1, 2])
    const rate = row('w', 'rps', [1, 2], { higherIsBetter: true })
    const of = (...names: string[]) =>
      sets([...memory, ...rate, ...names.flatMap((name) => row('w', name, [1, 1]))], active(2))[0]?.speed
    expect(of('user', 'cpu', 'wall')).toBe('wall')
    expect(of('user', 'cpu')).toBe('cpu')
    expect(of('user')).toBe('user')
    expect(of('latency')).toBe('rps')
  })

  test('a higher rate is faster', () => {
    const cells = [...row('w', 'rps', [1, 1.5, 0.5], { higherIsBetter: true }), ...row('w', 'rss-mean', [1, 2, 3])]
    expect(sets(cells, active(3))).toEqual([{ workload: 'w', speed: 'rps', memory: 'rss-mean', heaps: [0, 1] }])
  })

  test('leaves out heaps that were not in effect or have no ratio', () => {
    const cells = [...row('w', 'wall', [1, 0.5, 0.1, 0.8]), ...row('w', 'peak-rss', [1, 0.9, 0.1, null])]
    const heaps = active(4)
    heaps[2] = { state: 'inactive' }
    expect(sets(cells, heaps)[0]?.heaps).toEqual([1])
  })

  test('gives none without both a metric of speed and one of memory, or without any ratio', () => {
    expect(sets(row('w', 'wall', [1, 2]))).toEqual([])
    expect(sets([...row('w', 'peak-rss', [1, 2]), ...row('w', 'faults', [1, 2])])).toEqual([])
    expect(sets([...row('w', 'wall', [null, null]), ...row('w', 'peak-rss', [null, null])])).toEqual([])
  })

  test('over all workloads only by metrics that all of them have', () => {
    const runs = (workload: string, metric: string, factors: number[]) =>
      factors.map((factor, heap) =>
        cell(workload, `h${heap}`, metric, around(100 * factor, 8, heap), { ratio: factor }),
      )
    const both = ['w', 'v'].flatMap((name) => [
      ...runs(name, 'cpu', name === 'w' ? [1, 0.5, 2] : [1, 0.6, 2]),
      ...runs(name, 'peak-rss', [1, 2, 3]),
    ])
    const cells = [...runs('w', 'wall', [1, 2, 0.5]), ...both]
    const found = paretoSets({ heaps: active(3), cells, overall: overallResults({ cells, seed: 1 }) })
    expect(found).toEqual([
      { workload: 'w', speed: 'wall', memory: 'peak-rss', heaps: [0, 2] },
      { workload: 'v', speed: 'cpu', memory: 'peak-rss', heaps: [0, 1] },
      { workload: null, speed: 'cpu', memory: 'peak-rss', heaps: [0, 1] },
    ])
  })
})
