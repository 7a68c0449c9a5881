/** `tunables` and the grid under it: which tunable is which dimension, what a grid comes to, and the sentences. */

import { describe, expect, it } from 'vitest'
import type { Lab } from '../../../lib/lab/experiment.ts'
import tunables from '../../../lib/lab/experiments/tunables.ts'
import type { Puppet } from '../../../lib/lab/puppet.ts'
import { axisOf, endsOf, extreme, type Grid, heatMap, sweep } from '../../../lib/lab/sweep.ts'
import type { LabFact } from '../../../lib/types.ts'
import { factsOf } from '../../support/lab-facts.ts'

const dimension = {
  name: 'arena count',
  keys: [
    { key: 'arena_max', values: ['1', '8'] },
    { key: 'narenas', values: ['1', '4'] },
  ],
}
const cost = (ns: number, bytes: number) => ({ ns, bytes })
const grid: Grid = {
  rows: { dimension: 'arena count', key: 'narenas', values: ['1', '4'] },
  columns: { dimension: 'cache', key: 'slots', values: ['a', 'b', 'c'] },
  cells: [
    [cost(50, 1), null, cost(40, 2)],
    [cost(20, 9), cost(30, 8), cost(60, 7)],
  ],
}

describe('a grid of settings', () => {
  it('takes the tunable that the heap has, or one setting where it has none', () => {
    expect(axisOf(dimension, ['other', 'narenas'])).toEqual({
      ...{ dimension: 'arena count', key: 'narenas', values: ['1', '4'] },
    })
    expect(axisOf(dimension, ['other'])).toEqual({ dimension: 'arena count', key: null, values: ['as it is'] })
  })

  it('starts a puppet for each pair, with the settings of those tunables that there are, and closes it', async () => {
    const started: Record<string, string>[] = []
    let open = 0
    const lab = {
      tuned: async (settings: Record<string, string>) => {
        started.push(settings)
        ++open
        return settings['narenas'] === '4' ? null : ({ close: async () => --open } as unknown as Puppet)
      },
    } as unknown as Lab
    const columns = { dimension: 'cache', key: null, values: ['as it is'] }
    const seen = await sweep(lab, axisOf(dimension, ['narenas']), columns, { threads: 1, work: async () => cost(1, 2) })
    expect(started).toEqual([{ narenas: '1' }, { narenas: '4' }])
    expect(seen.cells).toEqual([[cost(1, 2)], [null]])
    expect(open).toBe(1)
  })

  it('names its extremes by both settings', () => {
    expect(extreme(grid, 'ns', false)).toEqual({ value: 20, setting: 'narenas=4 slots=a' })
    expect(extreme(grid, 'ns', true)).toEqual({ value: 60, setting: 'narenas=4 slots=c' })
    expect(extreme(grid, 'bytes', false)).toEqual({ value: 1, setting: 'narenas=1 slots=a' })
    const bare = { ...grid, rows: { ...grid.rows, key: null }, columns: { ...grid.columns, key: null } }
    expect(extreme(bare, 'ns', false)?.setting).toBe('as it is')
    expect(extreme({ ...grid, cells: [[null]] }, 'ns', false)).toBeNull()
  })

  it('has at the ends of an axis the least time and the most bytes that the other one allows', () => {
    expect(endsOf(grid, 'rows', 'ns')).toEqual({ first: 40, last: 20 })
    expect(endsOf(grid, 'columns', 'ns')).toEqual({ first: 20, last: 40 })
    expect(endsOf(grid, 'rows', 'bytes')).toEqual({ first: 2, last: 9 })
    expect(endsOf(grid, 'columns', 'bytes')).toEqual({ first: 9, last: 7 })
    expect(endsOf({ ...grid, rows: { ...grid.rows, values: ['1'] } }, 'rows', 'ns')).toBeNull()
  })

  it('is a heat map, with holes where nothing was measured', () => {
    expect(heatMap(grid, 'bytes', 'Memory')).toEqual({
      ...{ kind: 'matrix', title: 'Memory', unit: 'B', rowTitle: 'narenas', columnTitle: 'slots' },
      ...{ rows: ['1', '4'], columns: ['a', 'b', 'c'] },
      values: [
        [1, null, 2],
        [9, 8, 7],
      ],
    })
  })
})

const dimensions = ['arena count', 'mmap threshold', 'trim threshold', 'thread cache size', 'thread cache count']
const sizes = {
  'request of 16 bytes: usable': 24,
  'request of 16 bytes: addresses taken': 32,
  'request of 16 bytes: time to allocate and free': 20,
  'request of 17 bytes: usable': 24,
  'request of 17 bytes: addresses taken': 32,
  'request of 17 bytes: time to allocate and free': 21,
  'an address of 17 bytes is given out for 16': true,
  'usable sizes up to 72 bytes': '24 40 56 72',
}
const none = Object.fromEntries(dimensions.map((name) => [`${name}: tunable`, null]))
const explain = (seen: Record<string, LabFact['value']> = {}) =>
  tunables.explain(factsOf({ ...none, ...sizes, ...seen })).join(' ')

const swept = (time: [number, number], memory: [number, number]) => ({
  'arena count: tunable': 'arena_max',
  'several threads: arena count': 'arena_max from 1 to 8',
  'several threads: least time by arena count, at the first setting': time[0],
  'several threads: least time by arena count, at the last setting': time[1],
  'several threads: most memory kept by arena count, at the first setting': memory[0],
  'several threads: most memory kept by arena count, at the last setting': memory[1],
})

describe('tunables', () => {
  it('says of a heap without tunables that there are none, and still what sizes cost', () => {
    expect(explain()).toMatch(
      /^The heap has no tunable for arena count, .* no grid to go through\. 17 bytes take as much/,
    )
  })

  it('names only the dimensions that are missing', () => {
    expect(explain(swept([10, 10], [0, 0]))).toContain('It has no tunable for mmap threshold, trim threshold,')
  })

  it.each([
    [[100, 30], 'arena_max from 1 to 8 takes less than half the time'],
    [[30, 100], 'takes more than twice the time'],
    [[100, 60], 'changes the time little or not at all'],
  ] as const)('says what a setting does to time: %j', ([first, last], words) => {
    expect(explain(swept([first, last], [0, 0]))).toContain(words)
  })

  it.each([
    [[1, 4], 'keeps more memory'],
    [[4, 1], 'keeps less memory'],
    [[4, 4.5], 'keeps about as much memory'],
    [[0.1, 0.9], 'keeps about as much memory'],
  ] as const)('says what a setting does to memory, in MiB: %j', ([first, last], words) => {
    expect(explain(swept([1, 1], [first * 2 ** 20, last * 2 ** 20]))).toContain(words)
  })

  it('says that 17 bytes cost more, less or the same, and whether one gets the place of the other', () => {
    expect(explain()).toContain('32 bytes of addresses, and a block of 16 has 24 bytes that may be used')
    expect(explain()).toContain('is given to one of 16')
    const steps = { 'request of 16 bytes: addresses taken': 16, 'an address of 17 bytes is given out for 16': false }
    expect(explain(steps)).toContain('17 bytes take 16 bytes of addresses more than 16 do: 32 for 16.')
    expect(explain(steps)).toContain('is not what one of 16 gets next')
    expect(explain({ 'request of 17 bytes: time to allocate and free': 50 })).toContain('twice the time')
    expect(explain()).not.toContain('twice the time')
    expect(explain()).toContain('blocks of 24, 40, 56, and 72 usable bytes')
  })
})
