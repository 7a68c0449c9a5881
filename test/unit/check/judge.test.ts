/** What the end of a program says of the heap. */

import { expect, test } from 'vitest'
import type { Ending } from '../../../lib/check/execute.ts'
import { judgeCase, judgeMisuse } from '../../../lib/check/judge.ts'
import { shellCommand } from '../../../lib/check/shell.ts'

const ending = (changes: Partial<Ending>): Ending => ({
  status: 42,
  signal: null,
  timedOut: false,
  stdout: '',
  stderr: '',
  wallMs: 1,
  ...changes,
})

test('a case passes by coming to its end in silence', () => {
  expect(judgeCase(ending({}), 1000, false)).toEqual({ outcome: 'pass', message: '' })
  expect(judgeCase(ending({ stderr: 'no memory\n' }), 1000, false).outcome).toBe('fail')
  expect(judgeCase(ending({ stderr: 'hello\n' }), 1000, true).outcome).toBe('pass')
  // A heap may end the process by itself.
  expect(judgeCase(ending({ status: 0 }), 1000, false)).toEqual({
    outcome: 'fail',
    message: 'it ended with status 0 before it was done',
  })
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
  for (const status of [77, 78]) expect(judgeCase(ending({ status }), 1000, false).outcome).toBe('fail')
})

const misuse = (changes: Partial<Ending>) =>
  judgeMisuse(ending({ ...changes, stderr: `MISUSE\n${changes.stderr ?? ''}` }), 1000)

test('a misuse is stopped, masked or silent', () => {
  expect(misuse({ status: null, signal: 'SIGABRT' })?.outcome).toBe('stopped')
  expect(misuse({ status: 0 })?.outcome).toBe('stopped')
  expect(misuse({ status: 5 })?.outcome).toBe('stopped')
  expect(misuse({})).toEqual({ outcome: 'masked', message: '' })
  expect(misuse({ status: 79, stderr: 'HARM a block was given twice\n' })).toEqual({
    outcome: 'silent',
    message: 'a block was given twice',
  })
  expect(misuse({ status: null, timedOut: true })?.outcome).toBe('silent')
})

test('a misuse that was not reached has no score', () => {
  expect(judgeMisuse(ending({ status: null, signal: 'SIGABRT' }), 1000)).toBe(null)
})

test('a reproducer names what differs from the environment', () => {
  expect(shellCommand('/a b/case', { LD_PRELOAD: '/x.so', HOME: '/root' }, { HOME: '/root' })).toBe(
    "LD_PRELOAD=/x.so '/a b/case'",
  )
})

test('a reproducer keeps what a terminal would not', () => {
  expect(shellCommand('/a\tb', { LD_PRELOAD: '/it\u001b.so' }, {})).toBe("LD_PRELOAD=$'/it\\x1b.so' $'/a\\x09b'")
})
