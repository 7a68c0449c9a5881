/** The gate's judgement of single cells, and how often it fails a build that is no other: all cells together. */

import { describe, expect, test } from 'vitest'
import { gateResult } from '../../../lib/compare/gate.ts'
import { sinceResult } from '../../../lib/compare/since.ts'
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

describe('failures that the baseline does not have', () => {
  /** These runs with so many of them failed. */
  const failing = (failed: number, values = [...flat, 100, 99, 101, 100]) =>
    values.map((value, at) => (at < failed ? null : value))
  const judged = (baseline: number, heap: number) => gate(pair(failing(baseline), failing(heap))).cells[0]

  test.each([
    [0, 7, 'fail', 'failed in 7 of 12 runs, and the baseline in 0: exit status 1'],
    [0, 8, 'fail', 'failed in 8 of 12 runs, and the baseline in 0: exit status 1'],
    [0, 12, 'fail', 'failed in every run: exit status 1'],
    [0, 6, 'inconclusive', 'failed in 6 of 12 runs, and the baseline in 0: exit status 1'],
    [0, 1, 'inconclusive', 'failed in 1 of 12 runs, and the baseline in 0: exit status 1'],
    [2, 3, 'inconclusive', 'failed in 3 of 12 runs, and the baseline in 2: exit status 1'],
    [2, 8, 'fail', 'failed in 8 of 12 runs, and the baseline in 2: exit status 1'],
  ])('%i and %i of 12: %s', (baseline, heap, outcome, reason) => {
    expect(judged(baseline, heap)).toMatchObject({ outcome, reason })
  })

  test('as many as the baseline has, or fewer, are none of it', () => {
    expect([judged(3, 3)?.outcome, judged(3, 1)?.outcome, judged(7, 2)?.outcome]).toEqual(['pass', 'pass', 'pass'])
  })

  test('beside numbers that are worse it fails for the numbers', () => {
    const worse = failing(1).map((value) => (value === null ? null : value * 1.2))
    expect(gate(pair(failing(0), worse)).cells[0]).toMatchObject({
      outcome: 'fail',
      reason: expect.stringContaining('is worse by more'),
    })
  })

  test('in duets the baseline is the partner', () => {
    const cells = pair(failing(0), failing(5))
    const [, heap] = cells as [Cell, Cell]
    const of = (partners: (number | null)[]) =>
      gate([cells[0] as Cell, { ...heap, pairing: 'duet', partners }]).cells[0]?.outcome
    expect([of(failing(0)), of(failing(5))]).toEqual(['inconclusive', 'pass'])
  })
})

test('without a ratio the reason says so in words', () => {
  const cells = [...pair([1, 1, 1], [2, 2, 2]), ...pair([0, 0, 0, 0, 0], [1, 2, 3, 4, 5], { workload: 'x' })]
  const none = { workload: 'w', heap: 'b', heapIndex: 1, metric: 'cpu', ratio: null, low: null, high: null }
  const values = { level: 0.05, valuesNow: [1], valuesThen: [1] }
  const since = { cells: [{ ...none, ...values, higherIsBetter: false, threshold: 0.01, verdict: 'inconclusive' }] }
  const reasons = gateResult(resultOf(cells, { since })).cells.map(({ reason }) => reason)
  expect(reasons).toHaveLength(3)
  for (const reason of reasons) expect(reason).toMatch(/there is no ratio: too few runs/)
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

  /** What sinceResult makes of these, with so many runs then as now. */
  function changed(cells: Cell[], now: (number | null)[], then: (number | null)[]): CompareResult {
    const [result, stored] = [pair(flat, now), pair(flat, then)].map((each) => resultOf(each, { started: '' }))
    return resultOf(cells, { since: sinceResult(result as CompareResult, stored as CompareResult, 'base.json') })
  }

  test('judges what has changed since a stored result, too, in the same error', () => {
    const wide = [80, 130, 90, 120, 100, 85, 125, 110]
    const outcomes = [times(1.1), wide, times(1)].map((now) => gateResult(changed(good, now, times(1))))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['fail', 'inconclusive', 'pass'])
    expect(outcomes.map(({ level }) => level)).toEqual([0.025, 0.025, 0.025])
    expect(outcomes[0]?.cells[1]?.reason).toMatch(/^since the stored result: 1\.100 \[.* is worse by more than 1 %$/)
  })

  test('a change that 95 % calls worse, and the shared error does not, is no failure', () => {
    const now = times(1).map((value, at) => value * (1.035 + (at % 4) / 40))
    const result = changed([...good, ...open, ...bad.map((cell) => ({ ...cell, workload: 'z' }))], now, times(1))
    expect(result.since?.cells[0]?.verdict).toBe('worse')
    expect(gateResult(changed(good, now, times(1))).outcome).toBe('fail')
    const many = Array.from({ length: 400 }, (_, at) => pair(flat, times(1), { workload: String(at) })).flat()
    expect(gateResult({ ...result, cells: many }).outcome).toBe('inconclusive')
  })

  test('a result that was looked at several times has less error to share', () => {
    const looks = { planned: [15], done: 1, level: 0.02 }
    const result = resultOf(pair(flat, times(1)), { workloads: [{ name: 'w', looks }] })
    const since = sinceResult(resultOf(pair(flat, times(1))), result, 'base.json')
    expect(since.cells[0]?.level).toBe(0.02)
    expect(gateResult(resultOf(good, { since })).level).toBe(0.01)
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

test('with what has changed since a stored result it fails in at most 5 % of 80 suites of 8 such cells', () => {
  const rng = new Rng(4)
  const normal = () => Math.sqrt(-2 * Math.log(1 - rng.float())) * Math.cos(2 * Math.PI * rng.float())
  const draw = () => Array.from({ length: 15 }, () => Math.exp(0.05 * normal()))
  const suite = () =>
    resultOf(
      Array.from({ length: 8 }, (_, at) => pair(draw(), draw(), { workload: String(at), threshold: 0 })).flat(),
      { started: '' },
    )
  let failed = 0
  let naive = 0
  for (let each = 0; each < 80; each++) {
    const now = suite()
    const since = sinceResult(now, suite(), 'base.json')
    if (gateResult({ ...now, since }).outcome === 'fail') failed++
    if (since.cells.some(({ verdict }) => verdict === 'worse')) naive++
  }
  expect(failed).toBeLessThanOrEqual(4)
  expect(naive).toBeGreaterThan(6)
})
