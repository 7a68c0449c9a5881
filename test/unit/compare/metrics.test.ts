/** Every shape of `--metric`, right and wrong. An error must say what came and show how it is done. */

import { describe, expect, test } from 'vitest'
import { checkMetricsOf, measuredValues, metricPattern, parseMetric, parseMetrics } from '../../../lib/compare/index.ts'
import { Alloc8Error } from '../../../lib/errors.ts'

function failure(action: () => unknown): Alloc8Error {
  try {
    action()
  } catch (error) {
    if (error instanceof Alloc8Error) return error
    throw error
  }
  throw new Error('expected an error, got none')
}

describe('parseMetric', () => {
  test.each([
    ['wall', 'ns'],
    ['user', 'ns'],
    ['sys', 'ns'],
    ['cpu', 'ns'],
    ['peak-rss', 'bytes'],
    ['faults', 'count'],
  ])('%s is measured in %s', (name, unit) => {
    expect(parseMetric(name)).toEqual({ name, unit, higherIsBetter: false, pattern: null })
  })

  test('a pattern may hold slashes, equals signs and flags', () => {
    const metric = parseMetric('speed=/a=b/s: (\\d+)/i')
    expect(metric).toMatchObject({ name: 'speed', unit: '', pattern: 'a=b/s: (\\d+)', flags: 'i' })
    expect('A=B/S: 12'.match(metricPattern(metric) ?? /never/)?.[0]).toBe('A=B/S: 12')
  })

  test('groups that do not capture, escaped brackets and a named group are counted rightly', () => {
    for (const text of ['n=/(?:a|b)(\\d+)/', 'n=/\\((\\d+)\\)[(]/', 'n=/(?<value>\\d+)/', 'n=/(?<=x)(\\d)/']) {
      expect(parseMetric(text).name).toBe('n')
    }
  })

  test.each([
    [
      'wal',
      'expected wall, user, sys, cpu, peak-rss, faults, instructions, rss-mean, rss-peak, rss-after, peak-live, allocations, allocated, waste, alloc-p50, alloc-p99, alloc-p99.9, free-p50, free-p99, free-p99.9 or NAME=/REGEX/, got "wal"',
    ],
    ['', 'got ""'],
    ['=/(x)/', 'expected a name'],
    ['a b=/(x)/', '"a b"'],
    ['wall=/(\\d+)/', 'wall is measured by alloc8'],
    ['rps=(\\d+)', 'between slashes, got "rps=(\\\\d+)"'],
    ['rps=/(\\d+)', 'between slashes'],
    ['rps=//', 'between slashes'],
    ['rps=/(\\d+/', 'Unterminated group'],
    ['rps=/\\d+/', 'exactly one capturing group, got 0'],
    ['rps=/(\\d+)-(\\d+)/', 'exactly one capturing group, got 2'],
    ['rps=/(\\d+)/q', 'got "q"'],
    ['rps=/(\\d+)/y', 'got "y"'],
  ])('%j is refused', (text, message) => {
    const error = failure(() => parseMetric(text))
    expect(error.code).toBe('METRIC')
    expect(error.message).toContain(message)
    expect(error.hint).toContain('Requests per second')
  })
})

describe('parseMetrics', () => {
  test('has defaults', () => {
    expect(parseMetrics([]).map(({ name }) => name)).toEqual(['wall', 'cpu', 'peak-rss'])
  })

  test('marks what should grow', () => {
    const metrics = parseMetrics(['wall', 'rps=/(\\d+)/'], ['rps'])
    expect(metrics.map(({ higherIsBetter }) => higherIsBetter)).toEqual([false, true])
  })

  test('refuses a name twice and a wish that nothing fits', () => {
    expect(failure(() => parseMetrics(['wall', 'wall'])).message).toContain('wall is given twice')
    expect(failure(() => parseMetrics(['rps=/(\\d+)/'], ['rp'])).hint).toBe('those are: rps')
    expect(failure(() => parseMetrics(['wall'], ['wall'])).message).toContain('got "wall"')
  })
})

test('measuredValues adds up CPU time and faults', () => {
  const run = { wallNs: 5, userNs: 3, sysNs: 1, peakRssBytes: 9, minorFaults: 7, majorFaults: 2 }
  expect(measuredValues(run)).toEqual({ wall: 5, user: 3, sys: 1, cpu: 4, 'peak-rss': 9, faults: 9 })
})

test('what a kind of workload can never have is refused', () => {
  expect(failure(() => checkMetricsOf('command', parseMetrics(['rss-after']))).message).toContain('is of services')
  expect(failure(() => checkMetricsOf('service', parseMetrics(['instructions']))).message).toContain(
    'cannot be counted',
  )
  expect(() => checkMetricsOf('command', parseMetrics(['instructions', 'rps=/(\\d+)/']))).not.toThrow()
  expect(() => checkMetricsOf('service', parseMetrics(['rss-after']))).not.toThrow()
})
