/** The sentence that people quote: it must name the right heap, its price, and admit when nothing is decided. */

import { describe, expect, test } from 'vitest'
import { type Runner, runComparison } from '../../../lib/compare/index.ts'
import { bestHeap, comparisonSummary } from '../../../lib/report/index.ts'
import { signsOf } from '../../../lib/report/style.ts'
import type { CompareResult, VerdictState } from '../../../lib/types.ts'
import { crash, metric, options, sample, verdict } from '../compare/machine.ts'
import { failing, stopped, undecided, winner } from './fixtures.ts'
import { joined, suite } from './suites.ts'

const say = (result: CompareResult) => comparisonSummary(result, signsOf({ unicode: false }))

/** A comparison without noise: seconds and memory by heap, crossed by `swing` from block to block. */
function compare(
  heaps: Record<string, { s: number; mem?: number; swing?: number; state?: VerdictState; fails?: boolean }>,
  more = {},
) {
  const facts = Object.values(heaps)
  const runner: Runner = async ({ subject, block }) => {
    const heap = facts[subject === 'control' ? 0 : subject]
    if (heap === undefined || heap.fails) return crash()
    const swing = 1 + (heap.swing ?? 0) * (block % 2 === 0 ? 1 : -1)
    return sample(heap.s * swing * 1e9, (heap.mem ?? 1) * 50e6, { verdict: verdict(heap.state) })
  }
  return runComparison(options(Object.keys(heaps), more), runner)
}

describe('a winner', () => {
  test('is named with its ratio, interval and price', () => {
    expect(say(winner)).toMatchInlineSnapshot(
      `"jemalloc takes 0.83x the wall time of system [0.81, 0.86], and uses 0.701x the peak memory [0.699, 0.702]. mimalloc may be as good: the intervals overlap. By wall time and peak memory as measured, jemalloc is the best; what is inconclusive may change that."`,
    )
    expect(bestHeap(winner)).toMatchObject({ index: 1, cell: { heap: 'jemalloc', verdict: 'better' } })
  })

  test.each([
    [0.8, 'and uses 0.800x the peak memory'],
    [1.2, 'but uses 1.200x the peak memory'],
    [1.001, 'with the same peak memory within 1 %.'],
  ])('with memory at %d of the baseline', async (mem, text) => {
    expect(say(await compare({ a: { s: 1 }, b: { s: 0.5, mem } }))).toContain(text)
  })

  test('by memory has its price in time', async () => {
    const metrics = options([]).metrics.toReversed()
    const result = await compare({ a: { s: 1 }, b: { s: 1.5, mem: 0.5 } }, { metrics })
    expect(say(result)).toMatch(/^b uses 0.500x the peak memory of a .*, but takes 1.500x the wall time/)
  })

  test('is the highest where higher is better', async () => {
    const metrics = [metric('rps', '(.)', true)]
    const runner: Runner = async ({ subject }) =>
      sample(1e9, 1, { values: { rps: subject === 1 ? 200 : subject === 2 ? 150 : 100 } })
    const result = await runComparison(options(['a', 'b', 'c'], { metrics }), runner)
    expect(say(result)).toBe('b has 2.000x the rps of a [2.000, 2.000].')
  })

  test('in effect only in part is called so, and one not in effect cannot win', async () => {
    const result = await compare({ a: { s: 1 }, b: { s: 0.5, state: 'partial' }, c: { s: 0.1, state: 'inactive' } })
    expect(say(result)).toContain('b, only partly in effect, takes 0.500x')
    expect(say(result)).toContain('Left out, as not in effect: c.')
    expect(bestHeap(result)?.index).toBe(1)
  })
})

describe('no winner', () => {
  test('inconclusive is the first word', () => {
    expect(say(undecided)).toMatchInlineSnapshot(
      `"Inconclusive: no heap is shown to beat system in wall time. The best ratio is that of jemalloc:narenas=2:dirty_decay_ms=0, 1.00x [0.92, 1.09]. More blocks make the intervals narrower. Left out, as not in effect: ./build/Release/libmine.so."`,
    )
    expect(bestHeap(undecided)).toBeNull()
  })

  test('the same, worse, and some of both', async () => {
    expect(say(await compare({ a: { s: 1 }, b: { s: 1 }, c: { s: 1 } }))).toBe(
      'No heap beats a in wall time: b and c are the same within 1 %.',
    )
    expect(say(await compare({ a: { s: 1 }, b: { s: 1 }, c: { s: 2 } }))).toBe(
      'No heap beats a in wall time: b is the same within 1 %. All others are worse.',
    )
    expect(say(await compare({ a: { s: 1 }, b: { s: 3 }, c: { s: 2 } }))).toBe(
      'No heap beats a in wall time: c takes 2.000x the wall time of a [2.000, 2.000]. All others are worse still.',
    )
  })

  test('one undecided heap is enough not to call the baseline best', async () => {
    const result = await compare({ a: { s: 1 }, b: { s: 2 }, c: { s: 1, swing: 0.2 } })
    expect(say(result)).toMatch(/^Inconclusive: .* The best ratio is that of c/)
  })
})

describe('a suite', () => {
  test('is judged by its geometric means; where the best is worse, and what is worth a choice, is told', async () => {
    expect(say(await suite())).toMatchInlineSnapshot(
      `"Over 3 workloads, mimalloc:purge_delay=0 takes 0.780x the wall time of system [0.771, 0.788], but uses 1.197x the peak memory [1.196, 1.198]. By workload, mimalloc:purge_delay=0 is better in all 3 workloads."`,
    )
  })

  test('without a winner says so, and counts only the workloads that have the metric', async () => {
    const flat = (workload: string) => compare({ a: { s: 1 }, b: { s: 1 } }, { workload })
    expect(say(joined([await flat('x'), await flat('y')]))).toMatch(
      /^Over 2 workloads, no heap beats a in wall time: b is the same/,
    )
  })

  test('names the heap that is best in both speed and memory', async () => {
    const heaps = { a: { s: 1 }, b: { s: 0.5, mem: 0.5 }, c: { s: 2 } }
    const parts = [await compare(heaps, { workload: 'x' }), await compare(heaps, { workload: 'y' })]
    expect(say(joined(parts))).toMatch(
      /b is better in all 2 workloads\. By wall time and peak memory as measured, b is the best: no other heap is better in either\.$/,
    )
  })
})

describe('nothing to say', () => {
  test('because the baseline fails, or there is no other heap, or too few blocks, or no heap works', async () => {
    expect(say(await compare({ a: { s: 1, fails: true }, b: { s: 1 } }))).toBe(
      'a, the baseline, gave no number in any run: nothing can be compared.',
    )
    expect(say(await compare({ a: { s: 1 } }))).toBe('Only a ran: its wall time is 1.00 s.')
    expect(say(await compare({ a: { s: 1 }, b: { s: 1 } }, { blocks: 4 }))).toContain(
      'at least 5 blocks, and there are 4',
    )
    expect(say(await compare({ a: { s: 1 }, b: { s: 1, fails: true } }))).toBe(
      'Nothing is decided: no heap other than a gave numbers of its own.',
    )
  })

  test('a stopped comparison says how far it came', async () => {
    expect(say(await stopped())).toContain('Only 3 of 15 blocks were run.')
  })

  test('a baseline that was not in effect is told', async () => {
    const result = await compare({ a: { s: 1, state: 'inactive' }, b: { s: 0.5 } })
    expect(say(result)).toContain('The baseline a itself was not in effect.')
  })

  test('the same heap twice is told apart by a number', () => {
    expect(say(failing)).toContain('system (2)')
  })
})
