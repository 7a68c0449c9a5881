/** Each warning: that it comes when it should, stays away when it should not, and says what to do. */

import { describe, expect, test } from 'vitest'
import {
  type ComparisonOptions,
  parseMetrics,
  type Runner,
  runComparison,
  warningCodes,
} from '../../../lib/compare/index.ts'
import { crash, machine, metric, noisyRunner, options, sample, verdict } from './machine.ts'

const steady: Runner = async () => sample(1e9)

/** A file is found replaced at the n-th look, counted from 1. */
function replacedAtLook(n: number) {
  let looks = 0
  return async () => (++looks === n ? '/lib/a.so' : null)
}

async function warnings(runner: Runner, more: Partial<ComparisonOptions> = {}, specs = ['system', 'jemalloc']) {
  const result = await runComparison(options(specs, more), runner)
  return new Map(result.warnings.map(({ code, message }) => [code, message]))
}

test('a quiet machine and a sound target give none', async () => {
  expect([...(await warnings(steady)).keys()]).toEqual([])
})

describe('each warning comes with its cause', () => {
  const failAt = (subjects: unknown[], blocks: number): Runner => {
    return async ({ subject, block }) => (subjects.includes(subject) && block < blocks ? crash() : sample(1e9))
  }

  test.each<[string, Runner, Partial<ComparisonOptions>, string]>([
    ['heap-failed', failAt([1], 99), {}, 'jemalloc failed in every run (killed by SIGSEGV)'],
    ['runs-failed', failAt([1], 3), {}, 'jemalloc failed in 3 of 15 runs (killed by SIGSEGV)'],
    ['control-failed', failAt(['control'], 1), {}, 'failed in 1 of 15 runs'],
    ['warmup-failed', failAt([1], 0), {}, 'jemalloc failed in 1 warm-up run (killed by SIGSEGV)'],
    ['few-blocks', steady, { blocks: 14 }, '14 blocks: the intervals are wide'],
    ['few-blocks', steady, { blocks: 4 }, '4 blocks: no interval can be given from fewer than 5'],
    ['noise-floor', noisyRunner([1, 1], 0.1), {}, 'above the threshold of 1 % (wall '],
    ['short-target', async () => sample(2.34e6), {}, 'takes 2.3 ms'],
    [
      'library-replaced',
      steady,
      { replaced: replacedAtLook(2 * 7), warmupBlocks: 1 },
      '/lib/a.so was replaced or rewritten, seen at block 6: only the 5 blocks of 15 before it count',
    ],
    [
      'library-replaced',
      steady,
      { replaced: replacedAtLook(2), warmupBlocks: 1 },
      'at warm-up block 1: only the 0 blocks of 15',
    ],
    [
      'suspended',
      async ({ subject, block }) => ({
        ...sample(1e9),
        suspendedNs: subject === 1 && [3, 11].includes(block) ? 1_000_001 : 1_000_000,
      }),
      {},
      'slept during blocks 4, 12:',
    ],
    ['governor', steady, { machine: { ...machine, governor: 'powersave' } }, '"powersave"'],
    [
      'instructions-by',
      async ({ counted }) => ({
        ...sample(1e9, 1, { values: { instructions: 5 } }),
        countedBy: counted ? 'callgrind' : undefined,
      }),
      { metrics: parseMetrics(['wall', 'instructions']) },
      "counted by valgrind's callgrind, in user space",
    ],
    ['probed', steady, { probed: ['counts', 'live'] }, 'the probe (counts, live) was in front of every heap'],
  ])('%s', async (code, runner, more, text) => {
    expect((await warnings(runner, more)).get(code)).toContain(text)
  })

  test('heap-not-active names the reason, and stays away where the heap failed anyway', async () => {
    const partial: Runner = async ({ subject }) =>
      sample(1e9, 1, { verdict: subject === 1 ? verdict('partial', 'aligned_alloc is in libc.so.6') : verdict() })
    expect((await warnings(partial)).get('heap-not-active')).toContain(
      'jemalloc was only partly in effect: aligned_alloc is in libc.so.6; leave it out.',
    )
    const dead: Runner = async ({ subject }) =>
      subject === 1 ? { ...crash(), verdict: verdict('inactive', 'static') } : sample(1e9)
    expect([...(await warnings(dead)).keys()]).toEqual(['heap-failed'])
  })

  test('no-ratio names the metric and the heaps; a zero in both is a ratio', async () => {
    const zero: Runner = async ({ subject, block }) =>
      sample(1e9, 1, { values: { wall: 1e9, v: subject === 1 && block === 1 ? 0 : 3 } })
    const metrics = [metric('v', 'v=(\\d+)')]
    const found = (await warnings(zero, { metrics })).get('no-ratio')
    expect(found).toMatch(/^v: numbers that have no ratio .* under jemalloc, so/)
    const both: Runner = async () => sample(1e9, 1, { values: { wall: 1e9, v: 0 } })
    expect((await warnings(both, { metrics })).has('no-ratio')).toBe(false)
  })

  test('metric-never-matched names the pattern; one number anywhere is enough to be silent', async () => {
    const metrics = [metric('rps', 'rps=(\\d+)')]
    const never: Runner = async () => sample(1e9, 1, { values: { rps: null } })
    expect((await warnings(never, { metrics })).get('metric-never-matched')).toContain(
      '/rps=(\\d+)/, in any of 45 runs',
    )
    const garbage: Runner = async () =>
      sample(1e9, 1, { values: { rps: null }, problems: { rps: 'rps: /…/ matched "1,2", not a number' } })
    expect((await warnings(garbage, { metrics })).get('metric-never-matched')).toContain('matched "1,2"')
    const once: Runner = async ({ block, subject }) =>
      sample(1e9, 1, { values: { rps: block === 9 && subject === 1 ? 4 : null } })
    expect((await warnings(once, { metrics })).has('metric-never-matched')).toBe(false)
    const wall = options([]).metrics
    expect((await warnings(steady, { metrics: wall })).has('metric-never-matched')).toBe(false)
  })

  test('control-differs when the baseline is beaten by itself, not when the difference is below the threshold', async () => {
    const off = (factor: number): Runner => {
      return async ({ subject, block }) => sample((subject === 'control' ? factor : 1) * (1e9 + block))
    }
    expect((await warnings(off(1.05))).get('control-differs')).toContain('system seems to differ from itself by wall')
    expect((await warnings(off(1.005))).has('control-differs')).toBe(false)
  })

  test('drift up and down, not a jump back and forth', async () => {
    const drifting = (share: number): Runner => {
      return async ({ block }) => sample(1e9 * (1 + (share * block) / 14))
    }
    expect((await warnings(drifting(0.1))).get('drift')).toContain('wall rose by 10 %')
    expect((await warnings(drifting(-0.1))).get('drift')).toContain('cpu fell by 10 %')
    expect((await warnings(drifting(0.03))).has('drift')).toBe(false)
    const swinging: Runner = async ({ block }) => sample(block % 2 === 0 ? 1e9 : 1.5e9)
    expect((await warnings(swinging)).has('drift')).toBe(false)
    // Noise this strong leans one way or the other by 20 %, but not with any certainty.
    for (let seed = 1; seed <= 20; seed++) {
      expect([seed, (await warnings(noisyRunner([1, 1], 0.4, seed))).has('drift')]).toEqual([seed, false])
    }
  })

  test('outliers are told and counted all the same', async () => {
    const runner: Runner = async ({ subject, block }) =>
      sample(subject === 1 && block === 4 ? 5e9 : 1e9 + 1e6 * (block % 5))
    const result = await runComparison(options(['system', 'jemalloc']), runner)
    expect(result.warnings.find(({ code }) => code === 'outliers')?.message).toContain('1 under jemalloc (wall)')
    expect(result.cells[1]?.runs[4]).toBe(5e9)
    expect(result.cells[1]?.high).toBeGreaterThan(1.3)
    expect((await warnings(noisyRunner([1, 1], 0.1))).has('outliers')).toBe(false)
  })

  test('an outlier below the threshold is nobody’s business', async () => {
    const runner: Runner = async ({ block }) => sample(block === 4 ? 1.005e9 : 1e9)
    expect((await warnings(runner)).has('outliers')).toBe(false)
  })

  test('short-target does not matter to memory alone', async () => {
    const metrics = options([]).metrics.filter(({ name }) => name === 'peak-rss')
    expect((await warnings(async () => sample(1e6), { metrics })).has('short-target')).toBe(false)
  })
})

test('a comparison that was stopped is not told to ask for the blocks that it asked for', async () => {
  const at = (last: number) => {
    const controller = new AbortController()
    const runner: Runner = async ({ block }) => {
      if (block === last) controller.abort()
      return sample(1e9)
    }
    return warnings(runner, { signal: controller.signal })
  }
  const early = await at(3)
  expect([...early.keys()]).toEqual(['interrupted'])
  expect(early.get('interrupted')).toContain('after 3 of 15 blocks: no interval can be given from fewer than 5. Run')
  // That it was interrupted says as much of the number of blocks.
  expect((await at(9)).get('interrupted')).toContain('after 9 of 15 blocks: the intervals are wide')
})

describe('a threshold by metric', () => {
  test('is that of control-differs', async () => {
    const off: Runner = async ({ subject, block }) => sample((subject === 'control' ? 1.05 : 1) * (1e9 + block))
    const found = (await warnings(off, { thresholds: { wall: 0.2 } })).get('control-differs')
    expect(found).toContain('cpu [')
    expect(found).not.toContain('wall')
  })

  test('is that of noise-floor, which says each where they differ', async () => {
    const noisy = noisyRunner([1, 1], 0.1)
    expect((await warnings(noisy, { thresholds: { wall: 0.5 } })).get('noise-floor')).toMatch(
      /above the threshold of 1 % \(cpu [\d.]+ %, peak-rss [\d.]+ %\)/,
    )
    expect((await warnings(noisyRunner([1, 1], 0.1), { thresholds: { wall: 0.02 } })).get('noise-floor')).toMatch(
      /above the threshold \(wall [\d.]+ % above 2 %, cpu [\d.]+ % above 1 %, peak-rss [\d.]+ % above 1 %\)/,
    )
  })

  test('is that of outliers', async () => {
    const runner: Runner = async ({ subject, block }) =>
      sample(subject === 1 && block === 4 ? 5e9 : 1e9 + 1e6 * (block % 5))
    const found = (await warnings(runner, { thresholds: { wall: 9 } })).get('outliers')
    expect(found).toContain('1 under jemalloc (cpu)')
    expect(found).not.toContain('wall')
  })
})

test('every warning ends with something to do, and the order is that of the list', async () => {
  const runner: Runner = async ({ subject, block, warmup }) => {
    if (warmup || (subject === 1 && block === 1)) return crash()
    return sample(1e6 * (1 + block) * (subject === 'control' ? 1.5 : 1), 1, { verdict: verdict('partial', 'x') })
  }
  const more = { blocks: 14, machine: { ...machine, governor: 'powersave' } }
  const found = [...(await warnings(runner, more)).keys()]
  expect(found).toEqual(warningCodes.filter((code) => found.includes(code)))
  expect(found).toEqual(
    expect.arrayContaining([
      'runs-failed',
      'warmup-failed',
      'heap-not-active',
      'few-blocks',
      'control-differs',
      'drift',
    ]),
  )
  for (const message of (await warnings(runner, more)).values())
    expect(message.split(/[.;:,] /).length).toBeGreaterThan(1)
})
