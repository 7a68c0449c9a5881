/** Puppets for real: what is asked of a thread happens there, under every heap that is here. */

import { describe, expect, test } from 'vitest'
import { memoryFlags, type Puppet, type PuppetOptions, puppet } from '../../lib/index.ts'
import { testHeaps } from '../support/heaps.ts'
import { requireOrSkip } from '../support/needs.ts'

/** Does something with a puppet, of which nothing is left afterwards. */
async function withPuppet<T>(options: PuppetOptions, work: (p: Puppet) => Promise<T>): Promise<T> {
  const p = await puppet(options)
  try {
    return await work(p)
  } finally {
    const { leftovers } = await p.close()
    expect(leftovers).toEqual([])
    expect(p.processes.filter(({ pid }) => isAlive(pid))).toEqual([])
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.each(testHeaps().filter(({ name }) => name !== 'default'))('under $name', ({ name, missing }) => {
  test('every allocation function gives memory that is the block’s own', async ({ skip }) => {
    requireOrSkip(skip, missing)
    await withPuppet({ heap: name, threads: 1 }, async (p) => {
      const t = p.thread(0)
      const blocks = [
        await t.malloc(100),
        await t.calloc(10, 10),
        await t.memalign(64, 100),
        await t.alignedAlloc(128, 128),
        await t.posixMemalign(256, 100),
        await t.new(100),
        await t.new(100, { array: true }),
        await t.new(100, { alignment: 64 }),
      ]
      expect(blocks).not.toContain(0n)
      expect(new Set(blocks).size).toBe(blocks.length)
      for (const [i, block] of blocks.entries()) {
        expect(await t.usableSize(block)).toBeGreaterThanOrEqual(100)
        await t.fill(block, i + 1, 100)
      }
      for (const [i, block] of blocks.entries()) expect(await t.verify(block, i + 1, 100)).toBeNull()
      const aligned = [blocks[2], blocks[3], blocks[4], blocks[7]].map(Number)
      expect([64, 128, 256, 64].map((alignment, i) => (aligned[i] ?? 1) % alignment)).toEqual([0, 0, 0, 0])
      const [first = 0n, second = 0n, third = 0n, fourth = 0n, fifth = 0n, sixth = 0n, seventh = 0n, eighth = 0n] =
        blocks
      const grown = await t.realloc(first, 5000)
      expect(await t.verify(grown, 1, 100)).toBeNull()
      for (const block of [grown, second, third, fourth, fifth]) await t.free(block)
      await t.delete(sixth, { size: 100 })
      await t.delete(seventh, { array: true })
      await t.delete(eighth, { alignment: 64 })
      expect(p.blocks.live()).toEqual([])
    })
  })

  test('a fork has what it inherits to itself', async ({ skip }) => {
    requireOrSkip(skip, missing)
    await withPuppet({ heap: name, threads: 2 }, async (p) => {
      const a = await p.thread(0).malloc(64)
      await p.thread(0).write(a, 'parent')
      const child = await p.fork(0)
      expect([child.parent, child.pid === p.pid]).toEqual([p, false])
      await child.main.write(a, 'child!')
      expect(String(await p.thread(1).read(a, 6))).toBe('parent')
      expect(String(await child.main.read(a, 6))).toBe('child!')
      const own = await child.main.malloc(64)
      await child.main.free(own)
      await child.main.free(a)
      await p.thread(1).free(a)
      expect(await child.exit(7)).toEqual({ exitCode: 7, signal: null })
    })
  })

  test('a block may be freed by another thread, and many at full speed', async ({ skip }) => {
    requireOrSkip(skip, missing)
    await withPuppet({ heap: name, threads: 2 }, async (p) => {
      const batch = p.thread(0).batch()
      const blocks = Array.from({ length: 5000 }, (_, i) => batch.malloc(16 + (i % 100)))
      const result = await batch.run()
      const frees = p.thread(1).batch()
      for (const block of blocks) frees.free(result.value(block))
      await frees.run()
      expect(p.blocks.live()).toEqual([])
      expect([...result.errors].every((error) => error === 0)).toBe(true)
    })
  })
})

describe('threads', () => {
  test('are real, start and end in every way, and their stacks are their own', async () => {
    await withPuppet({ heap: 'hoard', threads: 2 }, async (p) => {
      const all = [p.main, ...p.threads]
      expect(new Set(all.map(({ tid }) => tid)).size).toBe(3)
      expect(p.main.tid).toBe(p.pid)
      for (const how of ['return', 'pthread_exit', 'cancel'] as const) {
        const thread = await p.startThread()
        expect(thread.stack?.high ?? 0n).toBeGreaterThan(thread.stack?.low ?? 0n)
        await thread.malloc(8)
        await thread.exit(how)
        await expect(thread.malloc(8)).rejects.toThrow(/thread \d: that thread has ended/)
      }
      const fromThread = await p.thread(1).startThread()
      expect(await fromThread.malloc(8)).not.toBe(0n)
    })
  })

  test('are released together, in this process and its forks', async () => {
    await withPuppet({ heap: 'system', threads: 2 }, async (p) => {
      const child = await p.fork(1)
      const page = await p.main.mmap(4096, { flags: memoryFlags.MAP_SHARED | memoryFlags.MAP_ANONYMOUS })
      const batches = [p.thread(0), p.thread(1), child.main].map((thread) => {
        const batch = thread.batch()
        batch.sleep(500)
        return batch
      })
      const results = await p.together(batches)
      // Each had begun before any was done.
      const ends = results.map(({ startNs, totalNs }) => Number(startNs) + totalNs)
      for (const { startNs } of results) expect(Number(startNs)).toBeLessThan(Math.min(...ends))
      expect(await p.main.load(page)).toBe(0)
    })
  })

  test('meet at barriers inside of their lists', async () => {
    await withPuppet({ heap: 'system', threads: 2 }, async (p) => {
      const word = await p.main.calloc(1, 8)
      const batches = p.threads.map((thread) => {
        const batch = thread.batch()
        const seen = [0, 1, 2].map(() => {
          batch.atomicAdd(word, 1)
          batch.barrier(0, 2)
          const value = batch.load(word)
          batch.barrier(1, 2)
          return value
        })
        return { batch, seen }
      })
      const results = await p.together(batches.map(({ batch }) => batch))
      // Behind each barrier both have added.
      const values = results.map((result, i) => batches[i]?.seen.map((later) => Number(result.value(later))))
      expect(values).toEqual([
        [2, 4, 6],
        [2, 4, 6],
      ])
    })
  })

  test('a thousand of them', async () => {
    await withPuppet({ heap: 'hoard', threads: 1000, timeoutMs: 300_000 }, async (p) => {
      expect(new Set(p.threads.map(({ tid }) => tid)).size).toBe(1000)
      const blocks = await Promise.all(p.threads.map((thread) => thread.malloc(64)))
      expect(new Set(blocks).size).toBe(1000)
    })
  })
})

describe('memory', () => {
  test('mappings, protections and the break are the system’s', async () => {
    await withPuppet({ heap: 'simple', threads: 1 }, async (p) => {
      const t = p.thread(0)
      const at = await t.mmap(8192)
      await t.write(at + 4096n, 'second page')
      expect(p.mappings().some(({ start, end }) => start <= at && at + 8192n <= end)).toBe(true)
      expect(p.pages(at, at + 8192n).map(({ present }) => present)).toEqual([false, true])
      await t.mprotect(at, 4096, memoryFlags.PROT_NONE)
      await t.munmap(at + 4096n, 4096)
      await expect(t.read(at + 4096n, 1)).rejects.toThrow(/read\(0x[0-9a-f]+, 1\) failed: there is memory.*EFAULT/)
      const before = await t.sbrk(4096)
      expect((await t.sbrk(0)) - before).toBe(4096n)
      expect(p.memory().rssBytes).toBeGreaterThan(100_000)
    })
  })

  test('differences are found where they are', async () => {
    await withPuppet({ heap: 'system' }, async (p) => {
      const a = await p.main.calloc(1, 10_000)
      expect(await p.main.compare(a, Buffer.alloc(10_000))).toBeNull()
      await p.main.write(a + 5000n, 'x')
      expect(await p.main.compare(a, Buffer.alloc(10_000))).toBe(5000)
      expect(await p.main.verify(a, 0, 10_000)).toBe(5000)
      expect(String(await p.main.read(a + 4999n, 3))).toBe('\0x\0')
    })
  })

  test('a heap’s own account comes from the puppet', async () => {
    await withPuppet({ heap: 'hoard' }, async (p) => {
      const before = await p.main.mallinfo()
      await p.main.malloc(1_000_000)
      const after = await p.main.mallinfo()
      const inUse = ({ uordblks, hblkhd }: typeof before) => uordblks + hblkhd
      expect(inUse(after) - inUse(before)).toBeGreaterThanOrEqual(1_000_000n)
    })
  })
})

test('a list takes its time and is repeated as told', async () => {
  await withPuppet({ heap: 'hoard' }, async (p) => {
    const batch = p.main.batch()
    const a = batch.malloc(64)
    batch.sleep(2)
    batch.free(a)
    const result = await batch.run({ timed: true, repeat: 3 })
    expect(result.totalNs).toBeGreaterThanOrEqual(6_000_000)
    expect(result.ns[1]).toBeGreaterThanOrEqual(6_000_000)
    expect(result.ns[0]).toBeGreaterThan(0)
    expect(p.blocks.live()).toEqual([])
  })
})

test('its end gives what a run gives, with a verdict', async () => {
  const p = await puppet({ heap: 'hoard', threads: 1, probe: 'counts' })
  await p.thread(0).malloc(8)
  const result = await p.close()
  expect([result.verdict.state, result.heap, result.signal]).toEqual(['active', 'hoard', null])
  expect(result.probe?.processes).toHaveLength(1)
  expect(await p.close()).toBe(result)
})
