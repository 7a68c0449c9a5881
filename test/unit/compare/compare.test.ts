/** A whole comparison on machines of known noise: what it finds, what it refuses to find, and how it ends early. */

import { describe, expect, test } from 'vitest'
import { type Progress, type Runner, runComparison } from '../../../lib/compare/index.ts'
import type { Cell, CompareResult } from '../../../lib/types.ts'
import { crash, metric, noisyRunner, options, sample, verdict } from './machine.ts'

function cell(result: CompareResult, heap: string, name = 'wall'): Cell {
  const found = result.cells.find((candidate) => candidate.heap === heap && candidate.metric === name)
  if (found === undefined) throw new Error(`no cell of ${heap} by ${name}`)
  return found
}

const codes = (result: CompareResult) => result.warnings.map(({ code }) => code)

describe('what it finds', () => {
  test('a faster and a slower heap, with the ratio inside the interval', async () => {
    const result = await runComparison(options(['a', 'b', 'c']), noisyRunner([1, 0.8, 1.2], 0.03))
    expect(cell(result, 'b').verdict).toBe('better')
    expect(cell(result, 'c').verdict).toBe('worse')
    const { low, ratio, high } = cell(result, 'b')
    expect(low).toBeLessThan(ratio ?? 0)
    expect(high).toBeGreaterThan(ratio ?? 9)
    expect(Math.abs(Math.log((ratio ?? 0) / 0.8))).toBeLessThan(0.03)
  })

  test('the baseline has cells too, equal to itself, and all runs in block order', async () => {
    const seen: number[] = []
    const runner: Runner = async ({ subject, block, warmup }) => {
      const ns = 1e9 + (warmup ? 0 : block * 1e6)
      if (subject === 0 && !warmup) seen.push(ns)
      return sample(ns)
    }
    const result = await runComparison(options(['a', 'b']), runner)
    expect(cell(result, 'a')).toMatchObject({ ratio: 1, low: 1, high: 1, verdict: 'same', failures: [] })
    expect(cell(result, 'a').runs).toEqual(seen)
    expect(result.control.map(({ metric: name, ratio }) => [name, ratio])).toEqual([
      ['wall', 1],
      ['cpu', 1],
      ['peak-rss', 1],
    ])
    expect(result).toMatchObject({ schema: 1, baseline: 'a', blocks: 15, requestedBlocks: 15, partial: false })
  })

  test('3 % more cost at 3 % noise is called better or same in none of 40 comparisons', async () => {
    const verdicts = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const result = await runComparison(options(['a', 'b'], { seed }), noisyRunner([1, 1.03], 0.03, seed + 1000))
      verdicts.add(cell(result, 'b').verdict)
    }
    expect(verdicts).toEqual(new Set(['worse', 'inconclusive']))
  })

  test('the same heap under two names differs in at most 5 % of 200 comparisons', async () => {
    const metrics = options([]).metrics.slice(0, 1)
    let different = 0
    for (let seed = 1; seed <= 200; seed++) {
      // The noise has a stream of its own: with the seed of the resampling, the two would go hand in hand.
      const runner = noisyRunner([1, 1], 0.12, seed + 1000)
      const second = (await runComparison(options(['a', 'a'], { seed, metrics }), runner)).cells[1]
      if (second?.verdict === 'better' || second?.verdict === 'worse') different++
    }
    expect(different).toBeLessThanOrEqual(10)
  })

  test('noise that the runs of a block share does no harm', async () => {
    const jitter = noisyRunner([1, 0.95], 0.01)
    const runner: Runner = async (run) => {
      const calm = await jitter(run)
      return sample(calm.wallNs * (run.block % 2 === 0 ? 3 : 1))
    }
    expect(cell(await runComparison(options(['a', 'b']), runner), 'b').verdict).toBe('better')
  })

  test('a number that should grow is better when it grows', async () => {
    const metrics = [metric('rps', 'rps (\\d+)', true)]
    const runner: Runner = async ({ subject }) => sample(1e9, 1, { values: { rps: subject === 1 ? 200 : 100 } })
    const result = await runComparison(options(['a', 'b'], { metrics }), runner)
    expect(cell(result, 'b', 'rps')).toMatchObject({ ratio: 2, verdict: 'better', higherIsBetter: true })
  })

  test('repeats itself for the same seed and runner', async () => {
    const once = await runComparison(options(['a', 'b']), noisyRunner([1, 0.9], 0.05))
    const again = await runComparison(options(['a', 'b']), noisyRunner([1, 0.9], 0.05))
    expect({ ...again, started: once.started }).toEqual(once)
  })
})

describe('failures', () => {
  test('a crash is a null in its block with its signal, and its pair counts for nothing', async () => {
    const runner: Runner = async ({ subject, block }) =>
      subject === 1 && block === 3 ? crash('SIGSEGV', 'boom') : sample(subject === 1 ? 2e9 : 1e9)
    const result = await runComparison(options(['a', 'b']), runner)
    const failed = cell(result, 'b')
    expect(failed.runs.indexOf(null)).toBe(3)
    expect(failed.runs.filter((value) => value === null)).toHaveLength(1)
    expect(failed).toMatchObject({ ratio: 2, low: 2, high: 2, verdict: 'worse' })
    expect(failed.failures).toEqual([
      { block: 3, exitCode: null, signal: 'SIGSEGV', timedOut: false, message: 'killed by SIGSEGV', output: 'boom' },
    ])
    expect(codes(result)).toContain('runs-failed')
  })

  test('the values of a run that failed do not count though they are there', async () => {
    const failure = { exitCode: 1, signal: null, timedOut: false, message: 'exit status 1', output: '' }
    const runner: Runner = async ({ subject }) => (subject === 1 ? sample(1, 1, { failure }) : sample(1e9))
    expect(cell(await runComparison(options(['a', 'b']), runner), 'b').runs).toEqual(Array(15).fill(null))
  })

  test('a heap that always fails has no ratio and is named', async () => {
    const runner: Runner = async ({ subject }) => (subject === 1 ? crash() : sample(1e9))
    const result = await runComparison(options(['a', 'b']), runner)
    expect(cell(result, 'b')).toMatchObject({ ratio: null, low: null, high: null, verdict: 'inconclusive' })
    expect(cell(result, 'b').failures).toHaveLength(15)
    expect(result.warnings.find(({ code }) => code === 'heap-failed')?.message).toContain('b failed in every run')
    expect(codes(result)).not.toContain('runs-failed')
  })

  test('a baseline that always fails leaves no ratio at all', async () => {
    const runner: Runner = async ({ subject }) => (subject === 1 ? sample(1e9) : crash())
    const result = await runComparison(options(['a', 'b']), runner)
    expect(result.cells.map(({ ratio }) => ratio)).toEqual(Array(6).fill(null))
    expect(cell(result, 'b').runs).toEqual(Array(15).fill(1e9))
  })

  test('fewer than five pairs give no ratio', async () => {
    const runner: Runner = async ({ subject, block }) => (subject === 1 && block >= 4 ? crash() : sample(1e9))
    expect(cell(await runComparison(options(['a', 'b']), runner), 'b').ratio).toBeNull()
  })

  test('what the runner throws is thrown', async () => {
    const runner: Runner = async () => {
      throw new Error('the launcher is gone')
    }
    await expect(runComparison(options(['a']), runner)).rejects.toThrow('the launcher is gone')
  })

  test('a metric that a run did not give fails in that run alone and for that metric alone', async () => {
    const metrics = [...options([]).metrics, metric('rps', 'rps (.*)')]
    const runner: Runner = async ({ block }) =>
      block === 2
        ? sample(1e9, 1, {
            values: { rps: null },
            problems: { rps: 'rps: matched "x", not a number' },
            output: 'rps x',
          })
        : sample(1e9, 1, { values: { rps: 5 } })
    const result = await runComparison(options(['a'], { metrics }), runner)
    expect(cell(result, 'a').failures).toEqual([])
    expect(cell(result, 'a', 'rps').runs[2]).toBeNull()
    expect(cell(result, 'a', 'rps').failures).toEqual([
      {
        block: 2,
        exitCode: 0,
        signal: null,
        timedOut: false,
        message: 'rps: matched "x", not a number',
        output: 'rps x',
      },
    ])
  })

  test('NaN and infinite numbers are no numbers', async () => {
    const runner: Runner = async ({ block }) => sample(block === 0 ? Number.NaN : block === 1 ? Infinity : 1e9)
    expect(cell(await runComparison(options(['a']), runner), 'a').runs.slice(0, 3)).toEqual([null, null, 1e9])
  })
})

describe('whether heaps were in effect', () => {
  test('the worst of all runs counts, warm-up and control too, with each reason once', async () => {
    const runner: Runner = async ({ subject, block, warmup }) => {
      if (subject === 1 && warmup) return sample(1e9, 1, { verdict: verdict('partial', 'aligned_alloc in libc') })
      if (subject === 1 && block > 5) return sample(1e9, 1, { verdict: verdict('inactive', 'static') })
      if (subject === 'control') return sample(1e9, 1, { verdict: verdict('partial', 'only the control') })
      return sample(1e9)
    }
    const result = await runComparison(options(['a', 'b']), runner)
    expect(result.heaps.map(({ state, reasons }) => [state, reasons.map(({ message }) => message)])).toEqual([
      ['partial', ['only the control']],
      ['inactive', ['aligned_alloc in libc', 'static']],
    ])
  })

  test('no verdict at all is not called active', async () => {
    const result = await runComparison(options(['a']), async () => sample(1e9, 1, { verdict: null }))
    expect(result.heaps[0]).toMatchObject({ state: 'inactive', reasons: [{ code: 'not-run' }] })
  })
})

describe('an early end', () => {
  test('an abort keeps the complete blocks and passes the signal on', async () => {
    const controller = new AbortController()
    let runs = 0
    const runner: Runner = async (_, signal) => {
      expect(signal).toBe(controller.signal)
      // one warm-up block and 7 blocks of 3 runs, then one run of the next
      if (++runs === 8 * 3 + 2) {
        controller.abort()
        throw new Error('stopped')
      }
      return sample(1e9)
    }
    const result = await runComparison(options(['a', 'b'], { signal: controller.signal }), runner)
    expect(result).toMatchObject({ blocks: 7, requestedBlocks: 15, partial: true })
    expect(result.cells.every(({ runs: values }) => values.length === 7)).toBe(true)
    expect(cell(result, 'b').ratio).toBe(1)
    expect(codes(result)).toContain('interrupted')
    expect(runs).toBe(26)
  })

  test('a runner that returns after the abort does not count either', async () => {
    const controller = new AbortController()
    const runner: Runner = async ({ block, subject }) => {
      if (block === 6 && subject === 0) controller.abort()
      return sample(1e9)
    }
    expect((await runComparison(options(['a'], { signal: controller.signal }), runner)).blocks).toBe(6)
  })

  test('a signal that was aborted before runs nothing', async () => {
    const runner: Runner = async () => {
      throw new Error('must not run')
    }
    const result = await runComparison(options(['a', 'b'], { signal: AbortSignal.abort() }), runner)
    expect(result).toMatchObject({ blocks: 0, partial: true })
    expect(result.cells).toHaveLength(6)
    expect(result.cells.every(({ ratio, runs }) => ratio === null && runs.length === 0)).toBe(true)
  })

  test('no block is begun that would end after the time allowed', async () => {
    let clock = 0
    const runner: Runner = async () => {
      clock += 100
      return sample(1e8)
    }
    // Blocks of 300 ms, one of them warm-up: 300 + 3 * 300 = 1200, and the next would end at 1500.
    const late = options(['a', 'b'], { maxTimeMs: 1499, now: () => clock })
    const result = await runComparison(late, runner)
    expect(result).toMatchObject({ blocks: 3, partial: true })
    expect(codes(result)).toContain('max-time')
    clock = 0
    expect((await runComparison({ ...late, maxTimeMs: 1500 }, runner)).blocks).toBe(4)
    clock = 0
    expect(await runComparison({ ...late, maxTimeMs: 1e6 }, runner)).toMatchObject({ blocks: 15, partial: false })
  })
})

test('progress counts every run and ends at the total', async () => {
  let clock = 0
  const seen: Progress[] = []
  const runner: Runner = async () => {
    clock += 10
    return sample(1e9)
  }
  const onProgress = (progress: Progress) => seen.push(progress)
  await runComparison(options(['a', 'b'], { blocks: 2, now: () => clock, onProgress }), runner)
  expect(seen.map(({ done }) => done)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(seen.map(({ block }) => block)).toEqual([-1, -1, -1, 0, 0, 0, 1, 1, 1, 1])
  expect(seen[0]).toMatchObject({ total: 9, elapsedMs: 0, remainingMs: null })
  expect(seen[3]).toMatchObject({ elapsedMs: 30, remainingMs: 60 })
  expect(seen[9]).toMatchObject({ done: 9, elapsedMs: 90, remainingMs: 0 })
  expect(new Set(seen.map(({ heap }) => heap))).toEqual(new Set(['a', 'b']))
})

describe('options', () => {
  test.each([
    [{ blocks: 0 }, 'blocks: expected an integer from 1, got 0'],
    [{ blocks: 1.5 }, 'got 1.5'],
    [{ blocks: Number.NaN }, 'got NaN'],
    [{ warmupBlocks: -1 }, 'warmupBlocks: expected an integer from 0, got -1'],
    [{ seed: -1 }, 'seed'],
    [{ threshold: -0.1 }, 'threshold'],
    [{ maxTimeMs: 0 }, 'maxTimeMs: expected a number above 0, got 0'],
    [{ heaps: [] }, 'heaps'],
    [{ metrics: [] }, 'metrics'],
    [{ metrics: [metric('n', '(a)'), metric('n', '(b)')] }, 'each name once, got "n"'],
    [{ metrics: [metric('n', 'no group')] }, 'exactly one capturing group'],
  ])('%j is refused before the first run', async (wrong, message) => {
    const runner: Runner = async () => {
      throw new Error('must not run')
    }
    await expect(runComparison(options(['a'], wrong), runner)).rejects.toThrow(message)
  })
})
