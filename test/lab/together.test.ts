/** Threads that begin together, in one process and across forks, where one of them dies: what becomes of the others. */

import { describe, expect, test } from 'vitest'
import { outcomeOf, type Puppet, PuppetDied, puppet } from '../../lib/index.ts'

/** A child that does not come to meetings, for it sleeps. */
const sleeper = async (p: Puppet) => {
  const child = await p.fork(0)
  child.main.sleep(100_000).catch(() => {})
  return child
}

describe('those who wait for one that dies', () => {
  test('before it has come wait no longer, and can be used as before', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs: 50_000 })
    try {
      for (let round = 0; round < 3; ++round) {
        const child = await sleeper(p)
        const block = await p.main.malloc(8)
        const [ours, its] = [p.main.batch(), child.main.batch()]
        ours.free(block)
        its.malloc(8)
        const meeting = outcomeOf(p.together([ours, its]))
        process.kill(child.pid, 'SIGKILL')
        expect(await meeting).toMatchObject({ name: 'PuppetDied', pid: child.pid, signal: 'SIGKILL' })
        // What was never begun has freed nothing.
        await p.main.free(block)
      }
      const batches = [p.main.batch(), p.thread(0).batch()]
      const blocks = batches.map((batch) => batch.malloc(8))
      const results = await p.together(batches)
      for (const [at, block] of blocks.entries()) expect(results[at]?.value(block)).not.toBe(0n)
    } finally {
      await p.close()
    }
  })

  test('at a barrier of a list are told so', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs: 50_000 })
    try {
      const child = await p.fork(0)
      const [ours, its] = [p.main.batch(), child.main.batch()]
      const waits = ours.barrier(3, 2)
      its.load(1n)
      its.barrier(3, 2)
      expect(await outcomeOf(p.together([ours, its]))).toMatchObject({ name: 'PuppetDied', pid: child.pid })
      expect(await p.main.malloc(8)).not.toBe(0n)
      expect(waits.command).toBe(0)
    } finally {
      await p.close()
    }
  })

  test('are those of its meeting alone', async () => {
    const p = await puppet({ heap: 'simple', threads: 2, timeoutMs: 50_000 })
    try {
      const child = await sleeper(p)
      const [ours, its] = [p.main.batch(), child.main.batch()]
      const first = outcomeOf(p.together([ours, its]))
      // Behind it in the same thread stand another meeting, all of whose parties live, and more than is read at once.
      const [again, other] = [p.main.batch(), p.thread(0).batch()]
      const waits = again.barrier(5, 2)
      again.malloc(8)
      other.sleep(200)
      other.barrier(5, 2)
      other.malloc(8)
      const second = p.together([again, other])
      const long = p.main.batch()
      for (let i = 0; i < 500; ++i) long.malloc(16)
      const third = long.run()
      process.kill(child.pid, 'SIGKILL')
      expect(await first).toMatchObject({ name: 'PuppetDied', pid: child.pid })
      expect((await second)[0]?.error(waits)).toBeNull()
      expect([...(await third).values].every((address) => address !== 0n)).toBe(true)
    } finally {
      await p.close()
    }
  })
})

describe('last words', () => {
  test('of each that dies are heard, also where much was asked of it besides', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs: 50_000 })
    try {
      const forks = [await p.fork(), await p.fork()]
      const batches = forks.map(({ main }, at) => {
        const batch = main.batch()
        batch.sleep(300 * at)
        batch.load(BigInt(at + 1))
        return batch
      })
      const meeting = outcomeOf(p.together(batches))
      const behind = forks.map(({ main }) => outcomeOf(main.malloc(8)))
      expect(await meeting).toBeInstanceOf(PuppetDied)
      for (const [at, died] of (await Promise.all(behind)).entries()) {
        expect(died).toMatchObject({
          ...{ name: 'PuppetDied', signal: 'SIGSEGV', address: BigInt(at + 1) },
          ...{ thread: 'main', command: `load(${at + 1})` },
        })
        expect((died as PuppetDied).backtrace.length).toBeGreaterThan(2)
      }
    } finally {
      await p.close()
    }
  })
})
