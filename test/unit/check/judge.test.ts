/** What the end of a program says of the heap. */

import { expect, test } from 'vitest'
import type { Ending } from '../../../lib/check/execute.ts'
import { judgeCase, judgeMisuse } from '../../../lib/check/judge.ts'
import { shellCommand } from '../../../lib/check/shell.ts'

const ending = (changes: Partial<Ending>): Ending => ({
  status: 0,
  signal: null,
  timedOut: false,
  stdout: '',
  stderr: '',
  wallMs: 1,
  ...changes,
})

test('a case passes by status 0 and silence', () => {
  expect(judgeCase(ending({}), 1000, false)).toEqual({ outcome: 'pass', message: '' })
  expect(judgeCase(ending({ stderr: 'no memory\n' }), 1000, false).outcome).toBe('fail')
  expect(judgeCase(ending({ stderr: 'hello\n' }), 1000, true).outcome).toBe('pass')
})

test("a case fails with the program's own words where it has some", () => {
  const words = 'FAIL align/tiny.c:20: at[0], expected a multiple of 16, got 0x8'
  expect(judgeCase(ending({ status: 1, stderr: `${words}\n` }), 1000, false)).toEqual({
    outcome: 'fail',
    message: words.slice(5),
  })
  expect(judgeCase(ending({ status: null, signal: 'SIGSEGV' }), 1000, false).message).toBe('it ended by SIGSEGV')
  expect(judgeCase(ending({ status: null, signal: 'SIGKILL', timedOut: true }), 1500, false).message).toBe(
    'it had not ended after 1.5 s',
  )
})

test('what cannot be tested is skipped with the reason', () => {
  expect(judgeCase(ending({ status: 77, stderr: 'SKIP too little memory\n' }), 1000, false)).toEqual({
    outcome: 'skip',
    message: 'too little memory',
  })
  expect(judgeCase(ending({ status: 78, stderr: 'LACKS no free_sized\n' }), 1000, false).outcome).toBe('skip')
})

test('a misuse is stopped, masked or silent', () => {
  expect(judgeMisuse(ending({ status: null, signal: 'SIGABRT' }), 1000).outcome).toBe('stopped')
  expect(judgeMisuse(ending({ status: 5 }), 1000).outcome).toBe('stopped')
  expect(judgeMisuse(ending({}), 1000).outcome).toBe('masked')
  expect(judgeMisuse(ending({ status: 79, stderr: 'HARM a block was given twice\n' }), 1000)).toEqual({
    outcome: 'silent',
    message: 'a block was given twice',
  })
  expect(judgeMisuse(ending({ status: null, timedOut: true }), 1000).outcome).toBe('silent')
})

test('a reproducer names what differs from the environment', () => {
  expect(shellCommand('/a b/case', { LD_PRELOAD: '/x.so', HOME: '/root' }, { HOME: '/root' })).toBe(
    "LD_PRELOAD=/x.so '/a b/case'",
  )
})
