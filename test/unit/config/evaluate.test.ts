/** A configuration's code that takes too long; what else it may do wrong is tried on the command line. */

import { expect, test } from 'vitest'
import { evaluated } from '../../../lib/config/evaluate.ts'

test('what has not settled in time rejects, and says after how long', async () => {
  const timer = setInterval(() => {}, 1000)
  await expect(evaluated(() => new Promise(() => {}), 50)).rejects.toThrow('it was still running after 0.05 s')
  clearInterval(timer)
})

test('what settles in time is its result', async () => {
  expect(await evaluated(async () => 7)).toBe(7)
})
