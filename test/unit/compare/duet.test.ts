/** Duets: when they are used, what is taken from them, and that they see a difference which runs alone cannot. */

import { describe, expect, test } from 'vitest'
import { decideDuet, refusal } from '../../../lib/compare/duet.ts'
import { type PairRunner, parseMetrics, type Runner, runComparison } from '../../../lib/compare/index.ts'
import { Rng } from '../../../lib/stats/index.ts'
import { crash, options, sample } from './machine.ts'

/** A run of `ms` on one core that was busy for `busy` of it. */
const run = (ms: number, busy = 1) => sample(ms * 1e6, 50e6, { values: { cpu: ms * 1e6 * busy } })

describe('whether and how', () => {
  const question = { pairing: undefined, prepared: false, cores: 4 }

  test.each([
    ['a busy program', run(500), { used: true, cores: 1, repeats: 1 }],
    ['two threads', run(500, 1.9), { used: true, cores: 2, repeats: 1 }],
    ['more threads than cores', run(500, 9), { used: true, cores: 4, repeats: 1 }],
    ['a short one', run(100), { used: true, cores: 1, repeats: 3 }],
    ['a very short one', run(5), { used: false }],
    ['one that mostly waits', run(500, 0.2), { used: false }],
    ['one that fails', crash(), { used: false }],
  ])('%s', (_, probe, facts) => {
    expect(decideDuet(question, [probe])).toMatchObject(facts)
  })

  test('the busiest of several runs counts: the others waited for somebody else', () => {
    expect(decideDuet(question, [run(900, 0.3), run(400, 0.95)])).toMatchObject({ used: true, cores: 1 })
  })

  test('on a machine without idle time it cannot be seen that a program waits', () => {
    const waiting = run(900, 0.2)
    expect(decideDuet(question, [{ ...waiting, machineIdle: 0.5 }])).toMatchObject({ used: false })
    expect(decideDuet(question, [{ ...waiting, machineIdle: 0.02 }])).toMatchObject({ used: true, cores: 1 })
  })

  test('wanted, they are used whatever the program is', () => {
    expect(decideDuet({ ...question, pairing: 'duet' }, [run(5)])).toMatchObject({ used: true, repeats: 20 })
    expect(decideDuet({ ...question, pairing: 'duet' }, [run(500, 0.2)])).toMatchObject({ used: true })
  })

  test('not wanted, or with something to be done before each run, they are not', () => {
    expect(refusal({ ...question, pairing: 'alone' })).toBe('not wanted')
    expect(refusal({ ...question, prepared: true })).toContain('before each run')
    expect(refusal({ ...question, pairing: 'duet', prepared: true })).toBeNull()
  })
})

/**
 * A machine that is slowed down by up to a half, another share at each moment. Runs at the same moment meet the same
 * share, but for `own` of it.
 */
function noisyMachine(costs: readonly number[], seed = 5) {
  const own = 0.005
  const rng = new Rng(seed)
  const at = (subject: number | 'control', noise: number) => {
    const ns = 4e8 * (costs[subject === 'control' ? 0 : subject] ?? 1) * noise * (1 + own * (rng.float() - 0.5))
    return sample(ns)
  }
  const alone: Runner = async ({ subject }) => at(subject, 1 + rng.float() / 2)
  const pair: PairRunner = async ({ subject }) => {
    const noise = 1 + rng.float() / 2
    return { candidate: at(subject, noise), baseline: at(0, noise), overlap: 0.9 }
  }
  return { alone, pair }
}

describe('in a comparison', () => {
  test('two per cent are seen in duets and not alone', async () => {
    const { alone, pair } = noisyMachine([1, 1.02])
    const metrics = parseMetrics(['cpu'])
    const duets = await runComparison(options(['a', 'b'], { metrics }), alone, pair)
    expect(duets.cells[1]).toMatchObject({ verdict: 'worse', pairing: 'duet' })
    expect(duets.cells[1]?.partners).toHaveLength(15)
    expect(duets.workloads[0]?.duet).toMatchObject({ used: true, cores: 1, overlap: 0.9 })
    expect(duets.control[0]?.pairing).toBe('duet')
    const again = noisyMachine([1, 1.02], 6)
    const apart = await runComparison(options(['a', 'b'], { metrics, pairing: 'alone' }), again.alone, again.pair)
    expect(apart.cells[1]).toMatchObject({ verdict: 'inconclusive', pairing: 'alone', partners: null })
    expect(apart.workloads[0]?.duet).toMatchObject({ used: false, reason: 'not wanted' })
  })

  test('what needs runs alone has them, and CPU time its duets', async () => {
    const { alone, pair } = noisyMachine([1, 1.02])
    const calls = { alone: 0, pairs: 0 }
    const { cells } = await runComparison(
      options(['a', 'b']),
      (run, signal) => {
        calls.alone++
        return alone(run, signal)
      },
      (duet, signal) => {
        calls.pairs++
        return pair(duet, signal)
      },
    )
    expect(cells.map(({ metric, pairing }) => `${metric} ${pairing}`)).toEqual(
      ['wall alone', 'cpu duet', 'peak-rss alone'].flatMap((text) => [text, text]),
    )
    // One to see whether duets suit it; then 16 blocks of two heaps and the control, and of two duets.
    expect(calls).toEqual({ alone: 1 + 16 * 3, pairs: 16 * 2 })
  })

  test('what is the same both ways needs no runs of its own', async () => {
    const { alone, pair } = noisyMachine([1, 1.02])
    const metrics = parseMetrics(['cpu', 'peak-rss'])
    const { cells } = await runComparison(options(['a', 'b'], { metrics }), alone, pair)
    expect(cells.map(({ pairing }) => pairing)).toEqual(Array(4).fill('duet'))
  })

  test('a program of which two at once fail is measured alone, and the result says why', async () => {
    const { alone } = noisyMachine([1, 1])
    const pair: PairRunner = async () => ({ candidate: sample(1e9), baseline: crash('SIGABRT'), overlap: 1 })
    const metrics = parseMetrics(['cpu'])
    const result = await runComparison(options(['a', 'b'], { metrics }), alone, pair)
    expect(result.workloads[0]?.duet).toMatchObject({ used: false, reason: expect.stringContaining('SIGABRT') })
    expect(result.cells[1]?.runs.every((value) => value !== null)).toBe(true)
  })

  test('the same where it shows only later: all blocks are run anew', async () => {
    const { alone, pair } = noisyMachine([1, 1])
    const late: PairRunner = async (duet, signal) => {
      const outcome = await pair(duet, signal)
      return duet.block === 7 && duet.subject === 'control' ? { ...outcome, candidate: crash() } : outcome
    }
    const result = await runComparison(options(['a', 'b'], { metrics: parseMetrics(['cpu']) }), alone, late)
    expect(result).toMatchObject({ blocks: 15, partial: false, workloads: [{ duet: { used: false } }] })
    expect(result.cells.map(({ pairing }) => pairing)).toEqual(['alone', 'alone'])
  })

  test('a crash in a duet is a failure of its block', async () => {
    const { alone, pair } = noisyMachine([1, 1])
    const failing: PairRunner = async (duet, signal) => {
      const outcome = await pair(duet, signal)
      return duet.block === 3 && duet.subject === 1 ? { ...outcome, candidate: crash() } : outcome
    }
    const { cells } = await runComparison(options(['a', 'b'], { metrics: parseMetrics(['cpu']) }), alone, failing)
    expect(cells[1]?.runs[3]).toBeNull()
    expect(cells[1]?.failures).toMatchObject([{ block: 3, signal: 'SIGSEGV' }])
  })

  test('what fails in duets alone is named: a partner, and the heap beside it where it does not fail by itself', async () => {
    const { alone, pair } = noisyMachine([1, 1])
    const failing: PairRunner = async (duet, signal) => {
      const outcome = await pair(duet, signal)
      if (duet.subject === 'control') return duet.block === 2 ? { ...outcome, baseline: crash() } : outcome
      if (duet.block === 3) return { ...outcome, candidate: crash() }
      return duet.block > 9 ? { ...outcome, baseline: crash() } : outcome
    }
    const told = async (metrics: string[]) => {
      const asked = options(['a', 'b'], { metrics: parseMetrics(metrics), pairing: 'duet' })
      const { warnings } = await runComparison(asked, alone, failing)
      return warnings.filter(({ code }) => code === 'duet-failed').map(({ message }) => message)
    }
    const control = /^of 15 duets of the control, a a second time, its partner, a failed in 1 \(.*SIGSEGV.*\)/
    const partner = 'its partner, a failed in 5'
    expect(await told(['cpu', 'wall'])).toMatchObject([
      expect.stringMatching(new RegExp(`^of 15 duets of b, b failed in 1 .* and ${partner} `)),
      expect.stringMatching(control),
    ])
    expect(await told(['cpu'])).toMatchObject([
      expect.stringMatching(new RegExp(`^of 15 duets of b, ${partner} `)),
      expect.stringMatching(control),
    ])
  })

  test('a program that is another one in duets is named', async () => {
    const alone: Runner = async ({ subject }) => sample(subject === 1 ? 2e9 : 1e9)
    const pair: PairRunner = async () => ({ candidate: sample(1e9), baseline: sample(1e9), overlap: 1 })
    const { warnings } = await runComparison(options(['a', 'b']), alone, pair)
    expect(warnings.filter(({ code }) => code === 'duet-differs')).toHaveLength(1)
  })

  test('pairs that hardly ran together are named', async () => {
    const { alone, pair } = noisyMachine([1, 1])
    const short: PairRunner = async (duet, signal) => ({ ...(await pair(duet, signal)), overlap: 0.3 })
    const { warnings } = await runComparison(options(['a', 'b']), alone, short)
    expect(warnings.map(({ code }) => code)).toContain('duet-overlap')
  })
})

describe('until decided', () => {
  const metrics = parseMetrics(['wall'])

  test('ends at the first look where all is clear, and goes on to the last where it is not', async () => {
    const clear: Runner = async ({ subject }) => sample(subject === 1 ? 2e9 : 1e9)
    const short = await runComparison(options(['a', 'b'], { metrics, untilDecided: true }), clear)
    expect(short).toMatchObject({ blocks: 15, workloads: [{ looks: { planned: [15, 30, 45, 60], done: 1 } }] })
    const { alone } = noisyMachine([1, 1.01], 6)
    const long = await runComparison(options(['a', 'b'], { metrics, untilDecided: true }), alone)
    expect(long).toMatchObject({ blocks: 60, partial: false, workloads: [{ looks: { done: 4 } }] })
    expect(long.warnings.map(({ code }) => code)).toContain('undecided')
  })

  test('its intervals are wider than those of as many blocks that were asked for', async () => {
    const noisy = (seed: number): Runner => {
      const rng = new Rng(seed)
      return async ({ subject }) => sample((subject === 1 ? 2e9 : 1e9) * (1 + rng.float() / 5))
    }
    const width = ({ cells }: Awaited<ReturnType<typeof runComparison>>) => (cells[1]?.high ?? 0) - (cells[1]?.low ?? 0)
    const looked = await runComparison(options(['a', 'b'], { metrics, untilDecided: true }), noisy(3))
    const asked = await runComparison(options(['a', 'b'], { metrics }), noisy(3))
    expect(looked.blocks).toBe(asked.blocks)
    expect(width(looked)).toBeGreaterThan(width(asked) * 1.1)
  })
})

test('instructions are counted in runs of their own until they are seen to be always the same', async () => {
  let counted = 0
  const runner: Runner = async ({ subject, counted: asked }) => {
    if (asked) counted++
    return sample(1e9, 50e6, asked ? { values: { instructions: subject === 1 ? 110 : 100 } } : {})
  }
  const metrics = parseMetrics(['instructions', 'wall'])
  const { cells } = await runComparison(options(['a', 'b'], { metrics }), runner)
  expect(counted).toBe(5 * 3)
  expect(cells[1]).toMatchObject({ metric: 'instructions', ratio: expect.closeTo(1.1), verdict: 'worse' })
  expect(cells[1]?.runs).toHaveLength(15)
  expect(cells[1]?.runs.filter((value) => value !== null)).toHaveLength(5)
})
