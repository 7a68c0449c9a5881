/** How heaps are written: names, paths with colons and commas, tunables, lists. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseSpec, splitHeapList } from '../../../lib/heaps/spec.ts'
import { thrownBy } from '../binding/helpers.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-spec-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'sub'))
for (const name of [
  'libplain.so',
  'both.so',
  'both.so:a=1',
  'lib:a=1.so',
  'lib,comma.so',
  'lib:x=1:y=2',
  'sub/in:k=v.so',
]) {
  writeFileSync(join(folder, name), '')
}

const parse = (text: string) => {
  const { name, isPath, tunables } = parseSpec(text, folder)
  return [isPath ? 'path' : 'name', name, ...tunables.map(({ key, value }) => `${key}=${value}`)]
}

test.each([
  ['jemalloc', ['name', 'jemalloc']],
  ['system:arena_max=1', ['name', 'system', 'arena_max=1']],
  ['jemalloc:narenas=2:dirty_decay_ms=0', ['name', 'jemalloc', 'narenas=2', 'dirty_decay_ms=0']],
  // A value may hold colons, slashes and further equals signs.
  ['jemalloc:bin_shards=1-160:16|129-512:8', ['name', 'jemalloc', 'bin_shards=1-160:16|129-512:8']],
  ['jemalloc:prof_prefix=/tmp/x', ['name', 'jemalloc', 'prof_prefix=/tmp/x']],
  ['x:a=b=c', ['name', 'x', 'a=b=c']],
  ['x:Key=1', ['name', 'x', 'Key=1']],
  ['x:key=', ['name', 'x', 'key=']],
  // Paths.
  ['./libplain.so', ['path', './libplain.so']],
  ['./libplain.so:narenas=2', ['path', './libplain.so', 'narenas=2']],
  ['/no/such/lib.so:a=1:b=2', ['path', '/no/such/lib.so', 'a=1', 'b=2']],
  ['./lib:a=1.so', ['path', './lib:a=1.so']],
  ['./lib:a=1.so:b=2', ['path', './lib:a=1.so', 'b=2']],
  ['./lib:x=1:y=2', ['path', './lib:x=1:y=2']],
  ['./lib:x=1:y=2:z=3', ['path', './lib:x=1:y=2', 'z=3']],
  // Where a shorter beginning is a file as well, the longest is meant.
  ['./both.so:a=1', ['path', './both.so:a=1']],
  ['./both.so:a=2', ['path', './both.so', 'a=2']],
  ['./lib,comma.so', ['path', './lib,comma.so']],
  ['sub/in:k=v.so:q=1', ['path', 'sub/in:k=v.so', 'q=1']],
  ['C:/x.so', ['path', 'C:/x.so']],
])('%s', (text, expected) => expect(parse(text)).toEqual(expected))

describe('what is no heap', () => {
  test.each([[''], ['  '], ['a\0b']])('%j is wrong usage', (text) => {
    expect(thrownBy(() => parse(text))).toMatchObject({ code: 'USAGE' })
  })

  test.each([
    ['jemalloc:narenas', 'jemalloc: expected key=value, got "narenas"'],
    ['jemalloc:narenas:2', 'jemalloc: expected key=value, got "narenas:2"'],
    ['jemalloc:', 'jemalloc: expected key=value, got ""'],
    ['jemalloc:=3', 'jemalloc: expected key=value, got "=3"'],
    ['jemalloc:9x=3', 'jemalloc: expected key=value, got "9x=3"'],
    ['jemalloc::tcache=true', 'jemalloc: expected key=value, got ""'],
  ])('%s', (text, message) => {
    const error = thrownBy(() => parse(text))
    expect(error).toMatchObject({ code: 'HEAP_TUNABLE', message })
    expect(error.hint).toContain('jemalloc:key=value')
  })

  test('a key that stands twice, equal or not', () => {
    for (const text of ['jemalloc:narenas=2:narenas=2', './libplain.so:narenas=1:tcache=true:narenas=2']) {
      expect(thrownBy(() => parse(text))).toMatchObject({
        code: 'HEAP_TUNABLE',
        message: `${text}: narenas is given twice`,
      })
    }
  })
})

describe('lists', () => {
  test.each([
    ['system', ['system']],
    ['system,jemalloc:narenas=2, ./libmine.so', ['system', 'jemalloc:narenas=2', './libmine.so']],
  ])('%s', (text, expected) => expect(splitHeapList(text)).toEqual(expected))

  test.each([[''], [','], ['a,,b'], ['a,'], [', a']])('%j has an empty name', (text) => {
    const error = thrownBy(() => splitHeapList(text))
    expect(error).toMatchObject({ code: 'USAGE' })
    expect(error.message).toContain('--heap once for each')
  })
})
