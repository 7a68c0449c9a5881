/** The help of every command, as it is printed: a change of words shows in review. `vitest -u` accepts it. */

import { expect, test } from 'vitest'
import { packageVersion } from '../../lib/binding/native.ts'
import { alloc8 } from '../support/cli.ts'

test.each([
  ['alloc8', ['--help']],
  ['compare', ['compare', '--help']],
  ['report', ['report', '--help']],
  ['run', ['run', '--help']],
  ['profile', ['profile', '--help']],
  ['heaps', ['heaps', '--help']],
  ['doctor', ['doctor', '--help']],
  ['ci', ['ci', '--help']],
  ['check', ['check', '--help']],
  ['new', ['new', '--help']],
  ['build', ['build', '--help']],
  ['watch', ['watch', '--help']],
  ['lab', ['lab', '--help']],
])('%s --help', async (name, args) => {
  const { status, stdout, stderr } = await alloc8(args)
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
  await expect(stdout).toMatchFileSnapshot(`screens/help-${name}.txt`)
})

test('help COMMAND is COMMAND --help', async () => {
  const [first, second] = [await alloc8(['help', 'run']), await alloc8(['run', '--help'])]
  expect(first).toEqual(second)
})

test('--version is the package’s', async () => {
  expect(await alloc8(['--version'])).toMatchObject({ status: 0, stdout: `${packageVersion()}\n`, stderr: '' })
})

test('without a command: the help, on stderr, as wrong usage', async () => {
  const { status, stdout, stderr } = await alloc8([])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain('Usage: alloc8')
})
