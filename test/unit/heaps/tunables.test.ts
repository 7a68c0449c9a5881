/** Values of every kind, right and wrong, and the environment that they become. */

import { describe, expect, test } from 'vitest'
import { boolean, type Family, integer, size, text } from '../../../lib/heaps/family.ts'
import { multiarena } from '../../../lib/heaps/known/multiarena.ts'
import { nearest } from '../../../lib/heaps/nearest.ts'
import { parseSpec } from '../../../lib/heaps/spec.ts'
import { tunableEnvironment } from '../../../lib/heaps/tunables.ts'
import { thrownBy } from '../binding/helpers.ts'

const family: Family = {
  name: 'heap',
  libraries: [],
  fileName: /^$/,
  debianPackage: null,
  passing: { kind: 'list', variable: 'HEAP_CONF', separator: ',', assign: ':' },
  booleans: ['true', 'false'],
  tunables: [
    integer('count', '4', 'How many', { minimum: 1n, maximum: 100n }),
    integer('any', null, 'Any number'),
    size('room', '65536', 'How much', { maximum: 1048576n }),
    size('space', null, 'How much, without bound'),
    boolean('fast', 'true', 'Whether'),
    text('mode', 'a', 'Which', { words: ['a', 'b'] }),
    text('rate', '1', 'How often', { pattern: { matches: /^\d+(\.\d+)?$/, expected: 'a number of at least 0' } }),
    text('path', '', 'Where'),
    integer('pair', '0', 'With another', { together: 'any' }),
    integer('newer', '0', 'Not in this version'),
  ],
  evidence: () => [],
  version: () => null,
}
const available = family.tunables.filter(({ key }) => key !== 'newer')

const environment = (spec: string, of: Family = family) => tunableEnvironment(parseSpec(spec), of, available)
const valueFrom = (pair: string) => environment(`heap:${pair}`)[0]?.value

describe('values', () => {
  test.each([
    ['count=1', 'count:1'],
    ['count=100', 'count:100'],
    ['count=+7', 'count:7'],
    ['any=-5', 'any:-5'],
    ['any=18446744073709551615', 'any:18446744073709551615'],
    ['room=0', 'room:0'],
    ['room=64k', 'room:65536'],
    ['room=1M', 'room:1048576'],
    ['room=1MiB', 'room:1048576'],
    ['room=512KB', 'room:524288'],
    ['space=3G', 'space:3221225472'],
    ['space=2T', 'space:2199023255552'],
    ['fast=true', 'fast:true'],
    ['fast=1', 'fast:true'],
    ['fast=ON', 'fast:true'],
    ['fast=no', 'fast:false'],
    ['fast=0', 'fast:false'],
    ['mode=b', 'mode:b'],
    ['rate=0.5', 'rate:0.5'],
    ['path=/tmp/a:b', 'path:/tmp/a:b'],
  ])('%s', (pair, expected) => expect(valueFrom(pair)).toBe(expected))

  test.each([
    ['count=', 'a whole number of at least 1 and at most 100, got nothing'],
    ['count=0', 'a whole number of at least 1 and at most 100, got "0"'],
    ['count=101', 'a whole number of at least 1 and at most 100, got "101"'],
    ['count=2.5', 'a whole number of at least 1 and at most 100, got "2.5"'],
    ['count=0x10', 'a whole number of at least 1 and at most 100, got "0x10"'],
    ['count=two', 'a whole number of at least 1 and at most 100, got "two"'],
    ['count= 2', 'a whole number of at least 1 and at most 100, got " 2"'],
    ['count=1k', 'a whole number of at least 1 and at most 100, got "1k"'],
    ['any=18446744073709551616', 'a whole number, got "18446744073709551616"'],
    ['any=999999999999999999999999', 'a whole number, got "999999999999999999999999"'],
    ['room=2M', 'a size in bytes, or with K, M or G behind it, at most 1048576, got "2M"'],
    ['room=-1', 'a size in bytes, or with K, M or G behind it, at most 1048576, got "-1"'],
    ['room=1X', 'a size in bytes, or with K, M or G behind it, at most 1048576, got "1X"'],
    ['room=M', 'a size in bytes, or with K, M or G behind it, at most 1048576, got "M"'],
    ['space=1.5G', 'a size in bytes, or with K, M or G behind it, got "1.5G"'],
    ['space=99999999999999999999T', 'a size in bytes, or with K, M or G behind it, got "99999999999999999999T"'],
    ['fast=maybe', 'true or false, got "maybe"'],
    ['fast=2', 'true or false, got "2"'],
    ['mode=c', 'one of a, b, got "c"'],
    ['mode=A', 'one of a, b, got "A"'],
    ['rate=-1', 'a number of at least 0, got "-1"'],
    ['path=', 'a text, got nothing'],
    // A comma would begin another option of the list.
    ['path=/tmp/a,fast:true', 'a text, got "/tmp/a,fast:true"'],
  ])('%s is refused', (pair, expected) => {
    const error = thrownBy(() => valueFrom(pair))
    const key = pair.slice(0, pair.indexOf('='))
    expect(error).toMatchObject({ code: 'HEAP_TUNABLE', message: `heap:${key}: expected ${expected}` })
    expect(error.hint).toMatch(new RegExp(`^${key}: `))
  })

  test('the hint says what the tunable does, with its default where there is one', () => {
    expect(thrownBy(() => valueFrom('count=x')).hint).toBe('count: How many (default 4)')
    expect(thrownBy(() => valueFrom('any=x')).hint).toBe('any: Any number')
  })
})

describe('keys', () => {
  test.each([
    ['cuont', 'did you mean count?'],
    ['Count', 'did you mean count?'],
    ['rom', 'did you mean room?'],
    ['zzzzzz', 'it knows count, any, room, space, fast, mode, rate, path, pair'],
  ])('%s is refused: %s', (key, hint) => {
    const error = thrownBy(() => valueFrom(`${key}=1`))
    expect(error).toMatchObject({ code: 'HEAP_TUNABLE', message: `heap has no tunable ${key}` })
    expect(error.hint).toBe(hint)
  })

  test('a right one that the installed library lacks', () => {
    expect(thrownBy(() => valueFrom('newer=1')).message).toBe('heap: the installed version does not know newer')
  })

  test('one that needs another', () => {
    expect(thrownBy(() => valueFrom('pair=1'))).toMatchObject({ hint: 'set any too' })
    expect(valueFrom('pair=1:any=2')).toBe('pair:1,any:2')
  })
})

describe('the environment', () => {
  test('none without tunables', () => expect(environment('heap')).toEqual([]))

  test('a list joins to what the user has', () => {
    expect(environment('heap:count=2:fast=no')).toEqual([{ name: 'HEAP_CONF', value: 'count:2,fast:false', join: ',' }])
  })

  test('or each has a variable of its own', () => {
    const each: Family = { ...family, passing: { kind: 'each' }, booleans: ['1', '0'] }
    expect(environment('heap:count=2:fast=no', each)).toEqual([
      { name: 'count', value: '2', join: null },
      { name: 'fast', value: '0', join: null },
    ])
  })
})

test('nearest: slips and parts of names are near, other words are not', () => {
  const names = ['jemalloc', 'tcmalloc', 'mimalloc', 'hardened_malloc', 'scudo', 'simple']
  expect(nearest('jemaloc', names)).toEqual(['jemalloc'])
  expect(nearest('SCUDO', names)).toEqual(['scudo'])
  expect(nearest('hardened', names)).toContain('hardened_malloc')
  expect(nearest('banana', names)).toEqual([])
  expect(nearest('malloc', names)).toHaveLength(3)
})

test('what multiarena would take as something else is refused', () => {
  const environmentOf = (spec: string) => tunableEnvironment(parseSpec(spec), multiarena, multiarena.tunables)
  expect(environmentOf('multiarena:mmap_threshold=32M')).toMatchObject([
    { name: 'ALLOC8_MULTIARENA', value: 'mmap_threshold=33554432' },
  ])
  expect(thrownBy(() => environmentOf('multiarena:mmap_threshold=33M')).message).toContain('mmap_threshold')
})
