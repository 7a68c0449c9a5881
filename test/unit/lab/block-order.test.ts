/** The table of blocks where threads tell of what they did in another order than that in which it happened. */

import { describe, expect, it } from 'vitest'
import { BlockTable } from '../../../lib/lab/blocks.ts'

describe('a block at an address that another thread has just freed', () => {
  it('is live, whichever of the two is heard of first', () => {
    for (const order of ['freed first', 'allocated first']) {
      const table = new BlockTable('puppet')
      table.allocated(64n, 8, 'thread 0')
      if (order === 'freed first') table.freed(64n, 'thread 1')
      table.allocated(64n, 16, 'thread 2')
      if (order === 'allocated first') table.freed(64n, 'thread 1')
      expect(table.at(64n)).toMatchObject({ size: 16, thread: 'thread 2', freedBy: null })
      expect(() => table.check(64n, 'free')).not.toThrow()
      table.freed(64n, 'thread 2')
      expect(() => table.check(64n, 'free')).toThrow(/freed already, by thread 2/)
      expect(table.live()).toEqual([])
    }
  })
})
