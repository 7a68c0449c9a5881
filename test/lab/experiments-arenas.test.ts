/**
 * The arena by hand, and the experiments with it, under real heaps. Asserted is what holds by construction, and where two
 * heaps are known to differ; what a heap makes of a mistake is its own affair.
 */

import { afterEach, describe, expect, test } from 'vitest'
import { Facts } from '../../lib/lab/experiment.ts'
import fork from '../../lib/lab/experiments/arena-fork.ts'
import leaks from '../../lib/lab/experiments/arena-leaks.ts'
import scope from '../../lib/lab/experiments/arena-scope.ts'
import { ARENA_HEAD, ARENA_HEADER, ManualArena } from '../../lib/lab/manual-arena.ts'
import { type Puppet, puppet } from '../../lib/lab/puppet.ts'
import { runLab } from '../../lib/lab/run.ts'

const heaps = ['system', 'simple', 'arena'] as const

let p: Puppet | null = null
afterEach(async () => {
  await p?.close()
  p = null
})

describe('an arena by hand', () => {
  test('knows its place', async () => {
    p = await puppet({ heap: 'simple' })
    const thread = p.thread(0)
    const arena = await ManualArena.make(thread, 4096, { source: 'memalign', alignment: 256 })
    expect(arena.base % 256n).toBe(0n)
    expect(await arena.look(thread)).toEqual({ offset: ARENA_HEADER, capacity: 4096, last: 0, blocks: 0 })
    expect(await arena.allocate(thread, 5, 1)).toBe(arena.base + BigInt(ARENA_HEADER))
    expect(await arena.allocate(thread, 7, 64)).toBe(arena.base + 64n)
    expect(await arena.allocate(thread, 0, 1)).toBe(arena.base + 71n)
    expect((await arena.dump(thread)).bytes).toHaveLength(71)
    // It all lies in the puppet: another thread that knows the base has the same arena, and writing there moves it.
    await thread.write(arena.base, Buffer.from([96, 0, 0, 0, 0, 0, 0, 0]))
    expect(await arena.allocate(p.main, 8)).toBe(arena.base + 96n)
  })

  test('is full to the last byte, and not beyond', async () => {
    p = await puppet({ heap: 'system' })
    const thread = p.thread(0)
    const arena = await ManualArena.make(thread, 128, { source: 'mmap' })
    expect(await arena.allocate(thread, 128 - ARENA_HEADER + 1, 1)).toBe(0n)
    expect(await arena.allocate(thread, 128 - ARENA_HEADER, 1)).toBe(arena.base + BigInt(ARENA_HEADER))
    expect(await arena.allocate(thread, 1, 1)).toBe(0n)
    await arena.reset(thread)
    expect(await arena.look(thread)).toEqual({ offset: ARENA_HEADER, capacity: 128, last: 0, blocks: 0 })
  })

  test('walks over its heads, and frees once', async () => {
    p = await puppet({ heap: 'system' })
    const thread = p.thread(0)
    const arena = await ManualArena.make(thread, 4096, { heads: true })
    expect(await arena.walk(thread)).toEqual({ blocks: [], damagedHead: null })
    const [a, b] = [await arena.allocate(thread, 24), await arena.allocate(thread, 100, 128)]
    expect([await arena.free(thread, a), await arena.free(thread, a)]).toEqual(['freed', 'twice'])
    expect(await arena.free(thread, b + 8n)).toBe('stranger')
    const blocks = [
      { address: a, size: 24, live: false },
      { address: b, size: 100, live: true },
    ]
    expect(await arena.walk(thread)).toEqual({ blocks, damagedHead: null })
    // A head that leads to itself, one that leads beyond the end, one with no state.
    const head = b - BigInt(ARENA_HEAD)
    for (const [at, bytes] of [
      [12n, [Number(head - arena.base), 0]],
      [8n, [255, 255]],
      [0n, [0x58]],
    ] as const) {
      const whole = await thread.read(head, ARENA_HEAD)
      await thread.write(head + at, Buffer.from(bytes))
      expect(await arena.walk(thread), `damage at ${at}`).toEqual({ blocks: [], damagedHead: head })
      await thread.write(head, whole)
    }
  })

  test('says what cannot be', async () => {
    p = await puppet({ heap: 'system' })
    const thread = p.thread(0)
    await expect(ManualArena.make(thread, ARENA_HEADER)).rejects.toThrow('capacity')
    const arena = await ManualArena.make(thread, 4096)
    await expect(arena.walk(thread)).rejects.toThrow('heads')
    await expect(arena.allocate(thread, -1)).rejects.toThrow('size')
    await arena.allocate(thread, 1000)
    expect(await arena.resize(thread, 1000)).toBeNull()
  })

  test('reading leaves pages shared after fork', async () => {
    p = await puppet({ heap: 'system' })
    const page = await p.thread(0).mmap(4096)
    await p.thread(0).fill(page, 1, 4096)
    const child = await p.fork(0)
    const own = () => child.pages(page, page + 4096n)[0]?.exclusive
    expect(await child.main.verify(page, 1, 4096)).toBeNull()
    expect((await child.main.read(page, 4096)).every((byte) => byte === 1)).toBe(true)
    expect(own()).toBe(false)
    await child.main.write(page, 'x')
    expect(own()).toBe(true)
  })
})

describe('the experiments', () => {
  test('arena-scope', async () => {
    const [result] = await runLab([scope], heaps)
    for (const { heap, facts, error, pictures, meaning } of result?.heaps ?? []) {
      expect([heap, error]).toEqual([heap, null])
      const seen = new Facts(facts)
      expect(seen.yes('dump holds what was written')).toBe(true)
      expect(seen.number('offset after three blocks')).toBe(ARENA_HEADER + 24 + 8 + 100 + 12 + 8)
      for (const source of ['malloc', 'memalign', 'mmap']) {
        expect(seen.number(`arena from ${source}: alignments kept of 13`)).toBe(13)
        expect(seen.yes(`arena from ${source}: shrinking below the offset refused`)).toBe(true)
        expect(seen.yes(`arena from ${source}: bytes kept when it grew`)).toBe(true)
      }
      expect(seen.get('null unchecked, first byte: address')).toBe('0x0')
      expect(seen.get('null unchecked, element 1000 of eight bytes: address')).toBe('0x1f40')
      expect(seen.yes('null unchecked, that far: written')).toBe(true)
      expect(seen.yes('arena from mmap: late use caught')).toBe(true)
      expect(seen.yes('arena from mmap: at the address that was used')).toBe(true)
      expect(seen.yes('two threads, interleaved: both got the same block')).toBe(true)
      expect(seen.number('two threads, interleaved: offset grew by')).toBe(64)
      expect(seen.number('two threads, atomically: blocks given twice')).toBe(0)
      expect(seen.number('two threads, by load and store: blocks given twice')).toBeGreaterThan(0)
      expect(pictures.map(({ kind }) => kind)).toEqual(['bytes', 'lines'])
      expect(meaning).not.toContain('undefined')
    }
  })

  test('arena-leaks', async () => {
    const [result] = await runLab([leaks], heaps)
    const seen = new Map((result?.heaps ?? []).map(({ heap, facts }) => [heap, new Facts(facts)]))
    for (const { heap, error, pictures } of result?.heaps ?? []) {
      expect([heap, error]).toEqual([heap, null])
      expect(pictures.map(({ kind }) => kind)).toEqual(['lines', 'bytes', 'bytes'])
      const facts = seen.get(heap)
      expect(facts?.number('heap: blocks more without a leak')).toBe(0)
      expect(facts?.number('heap: blocks found by comparing')).toBe(5)
      expect(facts?.number('heap: found leaks are of the thread that forgot')).toBe(5)
      expect(facts?.number('arena: blocks found by comparing')).toBe(5)
      expect(facts?.number('without reset: rounds until exhausted')).toBeGreaterThan(10)
      expect(facts?.yes('with reset: all of 30 rounds served')).toBe(true)
      expect(facts?.number('arena: bytes of the next block overwritten')).toBe(8)
      expect(facts?.number('heap: bytes of the next block overwritten')).toBe(8)
      expect(facts?.yes('arena with heads: overflow found by walking')).toBe(true)
      expect(facts?.text('double free: what the arena says')).toBe('twice')
      expect(facts?.text('double free: code of the check before the call')).toBe('PUPPET_ADDRESS')
    }
    // One gives a block out again whoever frees it how often; the other never gives a second one out.
    expect(seen.get('simple')?.yes('double free, at once: one block given out twice')).toBe(true)
    expect(seen.get('arena')?.yes('double free, at once: one block given out twice')).toBe(false)
  })

  test('arena-fork', async () => {
    const [result] = await runLab([fork], heaps)
    for (const { heap, facts, error, pictures } of result?.heaps ?? []) {
      expect([heap, error]).toEqual([heap, null])
      const seen = new Facts(facts)
      for (const title of ['arena from malloc', 'arena in a private mapping']) {
        expect(seen.number(`${title}: pages that only the child has, before it writes`), title).toBe(0)
        expect(seen.number(`${title}: pages that only the child has, afterwards`), title).toBe(3)
        expect(seen.yes(`${title}: parent sees what the child wrote`)).toBe(false)
        expect(seen.number(`${title}: offset of the parent grew by`)).toBe(2 * 64)
        expect(seen.number(`${title}: offset of the child grew by`)).toBe(5 * 64)
        expect(seen.number(`${title}: addresses that both got`)).toBe(2)
        expect(seen.yes(`${title}: interleaved, the child's bytes are gone`)).toBe(false)
        expect(seen.number(`${title}: lost of these, by load and store`)).toBe(0)
      }
      const shared = 'arena in a shared mapping'
      expect(seen.yes(`${shared}: parent sees what the child wrote`)).toBe(true)
      expect(seen.number(`${shared}: offset of the parent grew by`)).toBe(7 * 64)
      expect(seen.number(`${shared}: addresses that both got`)).toBe(0)
      expect(seen.yes(`${shared}: interleaved, the child's bytes are gone`)).toBe(true)
      expect(seen.number(`${shared}: lost of these, by load and store`)).toBeGreaterThan(0)
      expect(seen.number(`${shared}: lost of 4000000, atomically`)).toBe(0)
      expect(pictures.map(({ kind }) => kind)).toEqual(['bytes', 'bytes', 'bytes', 'lines'])
    }
  })
})
