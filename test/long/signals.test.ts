/** A comparison that is ended by a signal at a thousand random instants leaves nothing: `npm run test:long`, never CI. */

import { afterAll, expect, test } from 'vitest'
import { scratch } from '../support/launching.ts'
import { suddenEnds } from '../support/sudden-end.ts'

const folder = scratch()
afterAll(folder.remove)

/** Another number for a shorter row. */
const COUNT = Number(process.env['ALLOC8_ENDS'] ?? 1000)

test('no process, and no session folder older than the next run', async () => {
  const seed = Date.now() % 2 ** 31
  const { begun, left } = await suddenEnds(COUNT, seed, folder.path)
  console.info(`seed ${seed}: of ${COUNT}, ended with a session begun: ${JSON.stringify(begun)}`)
  expect(left, `seed ${seed}`).toEqual([])
  expect(Math.min(...Object.values(begun)), `seed ${seed}`).toBeGreaterThan(0)
}, 3_600_000)
