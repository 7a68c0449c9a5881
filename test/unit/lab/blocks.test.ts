/** What is known of a puppet's blocks: whatever is no live block of it is named for what it is. */

import { afterEach, describe, expect, test } from 'vitest'
import { BlockTable } from '../../../lib/lab/blocks.ts'

const open: BlockTable[] = []
const table = (owner: string, inherited?: BlockTable) => {
  const made = new BlockTable(owner, inherited)
  open.push(made)
  return made
}
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

describe('an address', () => {
  test('that is a live block, or null, is fine', () => {
    const own = table('puppet 1')
    own.allocated(0x1000n, 64, 'main')
    expect(() => own.check(0x1000n, 'free')).not.toThrow()
    expect(() => own.check(0n, 'free')).not.toThrow()
  })

  test('that was never given, lies inside a block, was freed, or is another puppet’s is told apart', () => {
    const [own, other] = [table('puppet 1 (a)'), table('puppet 2 (b)')]
    own.allocated(0x1000n, 64, 'main')
    own.allocated(0x2000n, 64, 'thread 0')
    own.freed(0x2000n, 'thread 1')
    other.allocated(0x9000n, 8, 'main')
    const saying = (address: bigint) => {
      try {
        own.check(address, 'free')
      } catch (error) {
        return (error as Error).message
      }
      return null
    }
    expect(saying(0x3000n)).toBe('free: 0x3000 was never allocated in puppet 1 (a)')
    expect(saying(0x1008n)).toBe('free: 0x1008 lies 8 bytes inside of the block 0x1000, and is not where it begins')
    expect(saying(0x2000n)).toBe('free: 0x2000 was freed already, by thread 1')
    expect(saying(0x9000n)).toBe('free: 0x9000 is a block of puppet 2 (b), and not of puppet 1 (a)')
    other.close()
    expect(saying(0x9000n)).toBe('free: 0x9000 was never allocated in puppet 1 (a)')
  })

  test('that is given again after its free is live again', () => {
    const own = table('puppet 1')
    own.allocated(0x1000n, 64, 'main')
    own.freed(0x1000n, 'main')
    own.allocated(0x1000n, 32, 'thread 0')
    expect(() => own.check(0x1000n, 'free')).not.toThrow()
    const again = { address: 0x1000n, size: 32, thread: 'thread 0', freedBy: null, number: 1, freedAt: null }
    expect(own.live()).toEqual([again])
    const before = { address: 0x1000n, size: 64, thread: 'main', freedBy: 'main', number: 0, freedAt: 1 }
    expect(own.history()).toEqual([before, again])
  })

  test('that is given again though nobody freed it ended where the next began', () => {
    const own = table('puppet 1')
    own.allocated(0x1000n, 64, 'main')
    own.allocated(0x1000n, 32, 'main')
    expect(own.history().map(({ number, freedAt, freedBy }) => [number, freedAt, freedBy])).toEqual([
      [0, 1, null],
      [1, null, null],
    ])
  })
})

test('a fork has copies of its parent’s blocks, which are its own from then on', () => {
  const parent = table('puppet 1')
  parent.allocated(0x1000n, 64, 'main')
  const child = table('puppet 2', parent)
  child.freed(0x1000n, 'main')
  child.allocated(0x2000n, 8, 'main')
  expect(child.live().map(({ address }) => address)).toEqual([0x2000n])
  expect(parent.live().map(({ address }) => address)).toEqual([0x1000n])
})
