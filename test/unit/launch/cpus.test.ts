/** The CPUs that a target may use, as the system tells them. */

import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { allowedCpus, parseCpuList } from '../../../lib/launch/cpus.ts'

test.each([
  ['0', [0]],
  ['0-3', [0, 1, 2, 3]],
  ['0-1,8,10-11', [0, 1, 8, 10, 11]],
  ['', []],
  ['x', []],
])('%j', (text, cpus) => {
  expect(parseCpuList(text)).toEqual(cpus)
})

test('are those of the affinity', () => {
  const cpus = allowedCpus()
  expect(cpus.length).toBe(Number(execFileSync('nproc', { encoding: 'utf8', env: { PATH: process.env['PATH'] } })))
  const script = `import('${new URL('../../../dist/launch/cpus.js', import.meta.url).href}').then(m => console.log(m.allowedCpus().join()))`
  const last = String(cpus.at(-1))
  const restricted = execFileSync('taskset', ['-c', last, process.execPath, '-e', script], { encoding: 'utf8' })
  expect(restricted.trim()).toBe(last)
})
