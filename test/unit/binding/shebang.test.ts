/** `#!` lines as the kernel reads them, and what env makes of its argument. */

import { describe, expect, test } from 'vitest'
import { envCommand, parseShebang } from '../../../lib/binding/shebang.ts'

const parse = (text: string) => parseShebang(Buffer.from(text))

describe('a #! line', () => {
  test.each([
    ['#!/bin/sh\n', '/bin/sh', null],
    ['#!/bin/sh', '/bin/sh', null],
    ['#! \t/bin/sh \t\necho', '/bin/sh', null],
    ['#!/usr/bin/env node\n', '/usr/bin/env', 'node'],
    ['#!/usr/bin/env -S node --no-warnings \n', '/usr/bin/env', '-S node --no-warnings'],
    ['#!tools/run\tone two\n', 'tools/run', 'one two'],
    ['#!/bin/sh\r\n', '/bin/sh\r', null],
    ['#!/bin/sh\0junk\n', '/bin/sh', null],
    [`#!/bin/sh ${'x'.repeat(400)}\n`, '/bin/sh', 'x'.repeat(256 - 10)],
  ])('%j', (text, interpreter, argument) => expect(parse(text)).toEqual({ interpreter, argument }))

  test.each([
    ['', 'nothing'],
    ['#', 'half'],
    ['#!', 'no interpreter'],
    ['#!  \t \n/bin/sh\n', 'an empty line'],
    [' #!/bin/sh\n', 'not at the start'],
    ['echo hello\n', 'no #! at all'],
    [`#!/${'x'.repeat(300)}\n`, 'an interpreter that the kernel cuts off'],
  ])('%j is none: %s', (text) => expect(parse(text)).toBeNull())
})

describe('what env starts', () => {
  const env = { PATH: '/bin', HOME: '/root' }
  test.each([
    ['node', 'node', env],
    ['-S node --flag', 'node', env],
    ['-vS node', 'node', env],
    ['--split-string=node -r x', 'node', env],
    ['-S -i PATH=/x node', 'node', { PATH: '/x' }],
    ['-S -u HOME node', 'node', { PATH: '/bin' }],
    ['-S --unset=HOME A=b=c -- node', 'node', { PATH: '/bin', A: 'b=c' }],
    ['-S -C /tmp "my node" x', 'my node', env],
    // Without -S the whole argument is one word, spaces and all.
    ['node --flag', 'node --flag', env],
  ])('%j', (argument, command, expected) => expect(envCommand(argument, env)).toEqual({ command, env: expected }))

  test.each([[null], ['-i'], ['A=b'], ['-S -u'], ['-S ']])('%j starts no program', (argument) => {
    expect(envCommand(argument, env)).toBeNull()
  })

  test("the caller's environment is not changed", () => {
    const own = { PATH: '/bin' }
    envCommand('-S -i X=1 node', own)
    expect(own).toEqual({ PATH: '/bin' })
  })
})
