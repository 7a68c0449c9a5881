/** How the subjects of a comparison are called, so that a reader tells them apart at a glance. */

import { describe, expect, test } from 'vitest'
import { commandLabels, distinctTails, subjectsOf } from '../../../lib/api/subjects.ts'
import type { ResolvedHeap } from '../../../lib/types.ts'

const heap = (spec: string, kind: ResolvedHeap['kind'] = 'found'): ResolvedHeap => ({
  ...{ name: spec, kind, path: spec, version: null, tunables: [], spec, preload: [], env: [] },
})

describe('labels of two commands', () => {
  test.each([
    [
      ['./old/server', '--fast'],
      ['./new/server', '--fast'],
      ['./old/server', './new/server'],
    ],
    [['server'], ['server'], ['before', 'after']],
    [
      ['server', '-t', '1'],
      ['server', '-t', '8'],
      ['server 1', 'server 8'],
    ],
    [['server'], ['server', '--gc'], ['server', 'server --gc']],
    [['/home/somebody/builds/2024/server'], ['/home/somebody/builds/2025/server'], ['2024/server', '2025/server']],
  ])('%j and %j', (before, after, labels) => {
    expect(commandLabels(before, after)).toEqual(labels)
  })
})

test('of long paths what tells them apart is kept, short ones stay whole', () => {
  const long = '/home/somebody/builds'
  expect(distinctTails([`${long}/a/lib/libx.so`, `${long}/b/lib/libx.so`, './libx.so'])).toEqual([
    'a/lib/libx.so',
    'b/lib/libx.so',
    './libx.so',
  ])
  expect(distinctTails([`${long}/libx.so`, `${long}/libx.so`])).toEqual(['libx.so', 'libx.so'])
})

describe('subjects', () => {
  const target = ['true', 'new']
  const against = ['true', 'old']

  test('are the heaps where there is one command', () => {
    const subjects = subjectsOf([heap('system'), heap('jemalloc')], target, undefined)
    expect(subjects.map(({ spec, label, command }) => [spec, label, command])).toEqual([
      ['system', undefined, undefined],
      ['jemalloc', undefined, undefined],
    ])
  })

  test('are both commands under one heap, the earlier one first', () => {
    const one = subjectsOf([heap('system')], target, against)
    expect(one.map(({ label, command }) => [label, command])).toEqual([
      ['true old', ['true', 'old']],
      ['true new', ['true', 'new']],
    ])
    expect(() => subjectsOf([heap('system'), heap('jemalloc')], target, against)).toThrow(
      'against: expected one heap, under which both builds run, got 2: system, jemalloc',
    )
  })

  test('with long paths are called by what differs', () => {
    const specs = ['/home/somebody/builds/old/libmine.so', '/home/somebody/builds/new/libmine.so']
    const subjects = subjectsOf([heap('system'), ...specs.map((spec) => heap(spec, 'file'))], target, undefined)
    expect(subjects.map(({ label }) => label)).toEqual([undefined, 'old/libmine.so', 'new/libmine.so'])
  })
})
