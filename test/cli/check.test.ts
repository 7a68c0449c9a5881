/** `alloc8 check` as its users meet it: what it says of findings, its reports and statuses, and wrong input. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { CheckResult } from '../../lib/types.ts'
import { alloc8 } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

test('a heap that does all of a group right: status 0', async () => {
  const { status, stdout } = await alloc8(['check', 'hoard', '--group', 'overflow'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/\d+ cases passed/)
})

test('what fails is told with expectation, standard, command and source; every report says the same', async () => {
  const [junit, markdown] = [join(folder.path, 'check.xml'), join(folder.path, 'check.md')]
  // Over its limit by what the user said.
  const words = ['check', 'arena:limit=1m', '--case', 'sizes/realloc-walk', '--junit', junit, '--markdown', markdown]
  const { status, stdout, stderr } = await alloc8([...words, '--json', '-'])
  expect(status).toBe(1)
  const result = JSON.parse(stdout) as CheckResult
  expect(schemaProblems('check', result)).toEqual([])
  const [found] = result.heaps[0]?.cases ?? []
  expect(found).toMatchObject({ id: 'sizes/realloc-walk', group: 'sizes', outcome: 'fail', standard: 'C23 7.24.3.7' })
  expect(found?.message).toContain('expected a block, got null')
  expect(found?.reproduce).toMatch(
    /^LD_PRELOAD=\S+liballoc8-arena\.so ALLOC8_ARENA=.*\/sizes\/realloc-walk$|^ALLOC8_ARENA=.*LD_PRELOAD=/,
  )
  for (const text of [stderr, readFileSync(markdown, 'utf8'), readFileSync(junit, 'utf8')]) {
    expect(text).toContain('got null')
    expect(text).toContain('C23 7.24.3.7')
  }
  expect(stderr).toContain(`source     ${found?.source}`)
  expect(readFileSync(junit, 'utf8')).toContain('<testsuites name="alloc8 check" tests="1" failures="1"')
})

test('misuse is scored, and fails nothing', async () => {
  const { status, stdout, stderr } = await alloc8(['check', 'system', '--group', 'misuse', '--json', '-'])
  expect(status).toBe(0)
  const result = JSON.parse(stdout) as CheckResult
  expect(schemaProblems('check', result)).toEqual([])
  const scores = Object.fromEntries(result.heaps[0]?.misuse.map(({ id, outcome }) => [id, outcome]) ?? [])
  // glibc finds a second free of the same block, takes delete for delete[], and reads of freed memory touch no malloc.
  expect(scores).toMatchObject({
    'misuse/double-free': 'stopped',
    'misuse/array-delete-mismatch': 'masked',
    'misuse/read-after-free': 'silent',
  })
  const [, row] = /misuse stopped: ([^:]*) misuse masked/.exec(stderr.replace(/\s+/g, ' ')) ?? []
  expect(row).toContain('double-free')
})

test('--list says what the cases expect and runs nothing', async () => {
  const { status, stdout } = await alloc8(['check', '--list', '--group', 'errno'])
  expect(status).toBe(0)
  expect(stdout).toContain('errno/free-small')
  expect(stdout).toContain('POSIX.1-2024, free()')
})

test.each([
  [[], 'expected a heap, got none'],
  [['--all', 'hoard'], 'expected heaps or --all, got --all and hoard'],
  [['hoard', '--group', 'colour'], '--group: expected one of'],
  [['hoard', '--case', 'align/colour'], 'align/tiny'],
  [['nosuch'], 'no heap is called "nosuch"'],
  [['hoard', '--jobs', '0'], 'Expected a whole number from 1'],
  [['hoard', '--stress', 'long'], 'Expected a time such as'],
])('wrong: check %s', async (words, message) => {
  const { status, stdout, stderr } = await alloc8(['check', ...words])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr.replace(/\s+/g, ' ')).toContain(message)
})
