/**
 * Configurations that end the process, or never come to their end: `ci` and `compare` say so, and neither ends with the
 * status of success.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { alloc8 } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const file = 'alloc8.config.mjs'
const suite = `{ heaps: ['system'], blocks: 1, warmupBlocks: 0, metrics: ['wall'], workloads: [{ name: 'a', command: 'true' }] }`

let count = 0

/** A folder with that configuration. */
function place(text: string, name = file): string {
  count++
  const cwd = join(folder.path, String(count))
  mkdirSync(cwd)
  writeFileSync(join(cwd, name), text)
  return cwd
}

describe.each([[['ci']], [['compare', '--suite', file]]])('%s', (words) => {
  test.each([
    ['a rejected promise', `export default Promise.reject(new Error('no luck'))`, /could not be loaded: no luck/],
    ['process.exit', `process.exit(0)\nexport default ${suite}`, /could not be loaded: it called process\.exit\(0\)/],
    [
      'process.exit of a later turn',
      `setTimeout(() => process.exit(), 1)\nexport default new Promise((done) => setTimeout(done, 2000, ${suite}))`,
      /could not be loaded: it called process\.exit\(\)/,
    ],
    ['an export that never settles', 'export default new Promise(() => {})', /waits for a promise that never settles/],
    ['an await that never settles', 'await new Promise(() => {})\nexport default {}', /promise that never settles/],
    [
      'an error of a later turn',
      `setTimeout(() => { throw new Error('too late') }, 1)\nexport default new Promise((done) => setTimeout(done, 2000, ${suite}))`,
      /could not be loaded: too late/,
    ],
  ])('%s is told with the name of the file', async (_, text, message) => {
    const { status, stdout, stderr } = await alloc8(words, { cwd: place(text) })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^alloc8: alloc8\.config\.mjs: /)
    expect([status, stdout]).toEqual([2, ''])
  })

  test('a timer that goes on for ever keeps neither a failure nor a result from its end', async () => {
    const timer = 'setInterval(() => {}, 1000)'
    const bad = await alloc8(words, { cwd: place(`${timer}\nexport default Promise.reject(new Error('no luck'))`) })
    expect(bad.status).toBe(2)
    const good = await alloc8(words, { cwd: place(`${timer}\nexport default ${suite}`) })
    expect(good.stdout).toContain('wall time')
    expect([0, 4]).toContain(good.status)
  })

  test('what exits while the suite runs is told, and is no success', async () => {
    const slow = suite.replace("'true'", "'sleep 3'")
    const cwd = place(`setTimeout(() => process.exit(0), 1000)\nexport default ${slow}`)
    const { status, stderr } = await alloc8(words, { cwd })
    expect(stderr).toMatch(/the process was ended before there was a result/)
    expect(status).toBe(2)
  })
})

test('what exits when all is done does not change the status of the gate', async () => {
  const cwd = place(`process.on('beforeExit', () => process.exit(0))\nexport default ${suite}`)
  // One heap leaves nothing to judge.
  const { status, stdout } = await alloc8(['ci'], { cwd })
  expect(stdout).toContain('gate: inconclusive')
  expect(status).toBe(4)
})

test('the code is run once', async () => {
  const text = `import { appendFileSync } from 'node:fs'\nappendFileSync('times', 'x')\nexport default ${suite}`
  // Node keeps a module that it loads itself; of TypeScript each loading is a run.
  const cwd = place(text, 'alloc8.config.ts')
  await alloc8(['ci'], { cwd })
  expect(readFileSync(join(cwd, 'times'), 'utf8')).toBe('x')
})
