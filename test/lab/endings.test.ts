/** Ends that come in an odd order: of main threads, of those who wait, of puppets with forks; and values of the wrong kind. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { heapMap, lab, loadHeap, outcomeOf, puppet } from '../../lib/index.ts'
import { compile } from '../support/compile.ts'
import { until } from '../support/launching.ts'

const timeoutMs = 8000

describe('close()', () => {
  test('ends what is waited for at once', async () => {
    const p = await puppet({ heap: 'simple', threads: 1, timeoutMs: 300_000 })
    const [main, other] = [p.main.sleep(50_000), p.thread(0).sleep(50_000)]
    const waiting = Promise.allSettled([main, other])
    await p.close()
    for (const { status, ...rest } of await waiting) {
      expect(status).toBe('rejected')
      expect(rest).toMatchObject({ reason: { code: 'PUPPET', message: expect.stringMatching(/has ended$/) } })
    }
  })

  test('also where a fork or a thread is on its way', async () => {
    for (let i = 0; i < 5; ++i) {
      const p = await puppet({ heap: 'simple', threads: 1, timeoutMs: 300_000 })
      const waiting = Promise.allSettled([p.fork(), p.startThread(p.thread(0))])
      for (let turn = 0; turn < i; ++turn) await new Promise((next) => setImmediate(next))
      await p.close()
      const begun = performance.now()
      for (const { status, ...rest } of await waiting) {
        if (status === 'rejected') expect(rest).toMatchObject({ reason: { code: 'PUPPET' } })
      }
      expect(performance.now() - begun).toBeLessThan(60_000)
    }
  })
})

describe('without its main thread', () => {
  test('a process goes on: threads, forks, memory and end', async () => {
    const p = await puppet({ heap: 'simple', threads: 2, timeoutMs })
    try {
      const block = await p.thread(0).malloc(64)
      await p.main.exit('pthread_exit')
      expect(p.mappings().some(({ start, end }) => start <= block && block < end)).toBe(true)
      expect(p.memory().rssBytes).toBeGreaterThan(0)
      expect(p.pages(block & -4096n, (block & -4096n) + 4096n)).toHaveLength(1)
      await (await p.startThread()).free(block)
      const child = await p.fork()
      expect(await child.main.malloc(8)).not.toBe(0n)
      expect((await heapMap(p)).processes).toHaveLength(2)
      // Its end is told by the parent, by whichever thread is left there.
      expect(await child.exit(5)).toEqual({ exitCode: 5, signal: null })
      expect(await p.exit(7)).toEqual({ exitCode: 7, signal: null })
    } finally {
      await p.close()
    }
  })

  test('its return ends the process, and that is no death', async () => {
    const p = await puppet({ heap: 'simple', threads: 1, timeoutMs })
    const [child, ofThread] = [await p.fork(), await p.fork(0)]
    await child.main.exit()
    await expect(child.main.malloc(1)).rejects.toThrow(/has ended$/)
    await ofThread.startThread()
    await ofThread.main.exit()
    expect(await ofThread.thread(0).malloc(8)).not.toBe(0n)
    await p.main.exit()
    expect(p.died).toBeNull()
    await expect(p.thread(0).malloc(1)).rejects.toThrow(/the process has ended$/)
    // With the first process go its forks.
    await expect(ofThread.thread(0).malloc(1)).rejects.toThrow(/the process has ended$/)
    expect(await p.close()).toMatchObject({ exitCode: 0, signal: null })
  })

  test('is told of a fork whose parent is busy', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs: 20_000 })
    const [one, other] = [await p.fork(0), await p.fork(0)]
    const busy = p.main.sleep(4000)
    expect(await one.exit(3)).toEqual({ exitCode: 3, signal: null })
    process.kill(other.pid, 'SIGKILL')
    expect(await outcomeOf(other.main.malloc(8))).toMatchObject({ name: 'PuppetDied', signal: 'SIGKILL' })
    await busy
    await p.close()
  })

  test('of two threads at once is that of one of them; an address is one only of a fault', async () => {
    for (let i = 0; i < 3; ++i) {
      const p = await puppet({ heap: 'simple', threads: 2, timeoutMs })
      const batches = p.threads.map((thread) => thread.batch())
      for (const [at, batch] of batches.entries()) batch.load(BigInt(at + 1))
      const died = await outcomeOf(p.together(batches))
      expect(died).toMatchObject({
        name: 'PuppetDied',
        signal: 'SIGSEGV',
        thread: expect.stringMatching(/^thread [01]$/),
      })
      expect([1n, 2n]).toContain((died as { address: bigint }).address)
      await p.close()
    }
    const wild = await puppet({ heap: 'simple', timeoutMs })
    expect(await outcomeOf(wild.main.load(0x4141414141414141n))).toMatchObject({ signal: 'SIGSEGV', address: null })
    await wild.close()
    const sent = await puppet({ heap: 'simple', timeoutMs })
    process.kill(sent.pid, 'SIGSEGV')
    expect(await outcomeOf(sent.main.malloc(8))).toMatchObject({ signal: 'SIGSEGV', address: null })
    await sent.close()
  })

  test('killed, its death has the signal, and its forks are told to have gone with it', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs })
    const child = await p.fork()
    process.kill(p.pid, 'SIGKILL')
    expect(await outcomeOf(p.main.malloc(8))).toMatchObject({ name: 'PuppetDied', signal: 'SIGKILL', exitCode: null })
    expect(await outcomeOf(child.main.malloc(8))).toMatchObject({
      ...{ name: 'PuppetDied', signal: null, exitCode: null },
      message: `puppet ${child.pid} has died: with the first process`,
    })
    expect(await p.close()).toMatchObject({ signal: 'SIGKILL' })
  })

  test('a fork of a fork that was killed had only that to tell how it ended', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs })
    const child = await p.fork()
    const grandchild = await child.fork()
    process.kill(child.pid, 'SIGKILL')
    expect(await outcomeOf(child.main.malloc(8))).toMatchObject({ name: 'PuppetDied', signal: 'SIGKILL' })
    process.kill(grandchild.pid, 'SIGKILL')
    const died = await outcomeOf(grandchild.main.malloc(8))
    // Whether it is seen before whoever inherits it has cleared it away is the system's.
    expect(died).toMatchObject({
      name: 'PuppetDied',
      message: expect.stringMatching(/SIGKILL|only its parent was told/),
    })
    expect(await p.main.malloc(8)).not.toBe(0n)
    await p.close()
  })
})

describe('of forks', () => {
  test('of one that has died nothing stays, not even its status', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs })
    try {
      for (const how of ['crashes', 'is killed']) {
        const child = await p.fork()
        if (how === 'is killed') process.kill(child.pid, 'SIGKILL')
        const asked: Promise<unknown> = how === 'crashes' ? child.main.load(1n) : child.main.sleep(10_000)
        expect(await outcomeOf(asked)).toMatchObject({ name: 'PuppetDied' })
        await until(() => !existsSync(`/proc/${child.pid}`), `the status of a fork that ${how} is asked for`)
      }
    } finally {
      await p.close()
    }
  })
})

describe('an end that takes its time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'alloc8-lab-endings-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is waited for as any call is, and is a hang after that', async () => {
    const source = `#include <unistd.h>
      __attribute__((destructor)) static void end(void) { sleep(4); }`
    const library = await compile(folder, { name: 'slow-end.so', source, flags: ['-shared', '-fPIC'] })
    const env = { ...process.env, LD_PRELOAD: library }
    const [patient, hasty] = await Promise.all([
      puppet({ heap: 'system', env, timeoutMs: 2 ** 31 - 1 }),
      puppet({ heap: 'system', env, timeoutMs: 500 }),
    ])
    await hasty.main.exit('pthread_exit')
    const [late, hung] = await Promise.all([patient.exit(3), outcomeOf(hasty.exit(3))])
    expect(late).toEqual({ exitCode: 3, signal: null })
    expect(hung).toMatchObject({ name: 'PuppetHung', thread: 'thread 0', command: 'exit(3)' })
    await Promise.all([patient.close(), hasty.close()])
  })
})

describe('what could not be carried through', () => {
  test('threads of another puppet are refused by name, and nobody waits for them', async () => {
    const [p, q] = await Promise.all([puppet({ heap: 'simple', timeoutMs }), puppet({ heap: 'simple', timeoutMs })])
    try {
      const usage = { code: 'USAGE', message: expect.stringContaining(`of puppet ${p.pid}`) }
      const batches = [p.thread(0).batch(), q.thread(0).batch()]
      for (const batch of batches) batch.malloc(8)
      await expect(p.together(batches)).rejects.toMatchObject(usage)
      await expect(p.forkFrom(q.main)).rejects.toMatchObject(usage)
      await expect(p.startThread(q.main)).rejects.toMatchObject(usage)
      expect(await p.thread(0).malloc(8)).not.toBe(0n)
    } finally {
      await Promise.all([p.close(), q.close()])
    }
  })

  test('what others did until one died is known', async () => {
    const p = await puppet({ heap: 'system', timeoutMs })
    try {
      const child = await p.fork(0)
      const block = await p.main.malloc(8)
      const [ours, its] = [p.main.batch(), child.main.batch()]
      ours.free(block)
      its.load(1n)
      expect(await outcomeOf(p.together([ours, its]))).toMatchObject({
        name: 'PuppetDied',
        pid: child.pid,
        address: 1n,
      })
      await expect(p.main.free(block)).rejects.toMatchObject({ code: 'PUPPET_ADDRESS' })
    } finally {
      await p.close()
    }
  })

  test('a fork has the blocks of its moment, and none that came while it was on its way', async () => {
    const p = await puppet({ heap: 'system', timeoutMs })
    try {
      const before = await p.main.malloc(64)
      const fork = p.fork(0)
      const later: bigint[] = []
      for (let i = 0; i < 20; ++i) later.push(await p.main.malloc(1 << 20))
      const child = await fork
      expect(child.blocks.at(before)).toBeDefined()
      const last = later.at(-1) as bigint
      await expect(child.main.free(last)).rejects.toMatchObject({ code: 'PUPPET_ADDRESS' })
    } finally {
      await p.close()
    }
  })

  test('together is begun by nobody', async () => {
    const p = await puppet({ heap: 'simple', threads: 2, timeoutMs })
    try {
      const batches = p.threads.map((thread) => thread.batch())
      for (const batch of batches) batch.malloc(8)
      await p.thread(1).exit()
      await expect(p.together(batches)).rejects.toThrow(/thread 1: that thread has ended$/)
      expect(await outcomeOf(p.thread(0).malloc(8))).toBeTypeOf('bigint')
    } finally {
      await p.close()
    }
  })

  test('a list run again frees nothing twice', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs })
    try {
      const batch = p.main.batch()
      batch.free(await p.main.malloc(16))
      await batch.run()
      await expect(batch.run()).rejects.toMatchObject({ code: 'PUPPET_ADDRESS' })
      await expect(p.together([batch])).rejects.toMatchObject({ code: 'PUPPET_ADDRESS' })
    } finally {
      await p.close()
    }
  })

  test('values of the wrong kind are not sent', async () => {
    const p = await puppet({ heap: 'simple', timeoutMs })
    try {
      const block = await p.main.malloc(16)
      const wrong = <T>(value: unknown) => value as T
      const usage = (message: RegExp) => ({ code: 'USAGE', message: expect.stringMatching(message) })
      await expect(p.main.free(wrong(123))).rejects.toMatchObject(
        usage(/^free: expected an address \(bigint\), got 123$/),
      )
      await expect(p.main.malloc(1n << 64n)).rejects.toMatchObject(usage(/64 bits, got 18446744073709551616$/))
      await expect(p.main.write(block, wrong(5))).rejects.toMatchObject(usage(/^data: expected text or bytes, got 5$/))
      await expect(p.main.read(block, 300 << 20)).rejects.toMatchObject(
        usage(/^read: expected at most 268435456 bytes/),
      )
      await expect(p.main.read(block, -1)).rejects.toMatchObject(usage(/^read: .*, got -1$/))
      await expect(p.main.fill(block, 256, 16)).rejects.toMatchObject(usage(/^fill: .* from 0 to 255, got 256$/))
      await expect(p.main.verify(block, -1, 16)).rejects.toMatchObject(usage(/^verify: .* from 0 to 255, got -1$/))
      await expect(p.main.touch(block, 16, 0)).rejects.toMatchObject(usage(/^stride: expected bytes above 0, got 0$/))
      await expect(p.main.sleep(-1)).rejects.toMatchObject(usage(/^sleep: expected milliseconds from 0, got -1$/))
      await expect(p.thread(0).exit(wrong('later'))).rejects.toMatchObject(usage(/got "later"$/))
      expect(await p.thread(0).malloc(1)).not.toBe(0n)
      for (const list of [null, 5, [null]]) {
        await expect(p.together(wrong(list))).rejects.toMatchObject(usage(/^together: expected a list of batches/))
      }
      await expect(p.main.batch().run(wrong(null))).rejects.toMatchObject(usage(/^options: .*, got null$/))
      await expect(puppet(wrong(null))).rejects.toMatchObject(usage(/^puppet: .*, got null$/))
      await expect(puppet({ signal: wrong(5) })).rejects.toMatchObject(usage(/^signal: .*, got 5$/))
      await expect(puppet({ env: wrong(5) })).rejects.toMatchObject(usage(/^env: .*, got 5$/))
      await expect(heapMap(p, wrong(null))).rejects.toMatchObject(usage(/^heapMap: .*, got null$/))
      await expect(lab(wrong('inspector'))).rejects.toMatchObject(usage(/^lab: .*, got "inspector"$/))
      await expect(lab({ experiments: wrong('inspector') })).rejects.toMatchObject(usage(/^experiments: .* a list/))
      const heap = await loadHeap('simple')
      const loaded = heap.malloc(16)
      expect(() => heap.write(loaded, wrong(5))).toThrow(/^data: expected text or bytes, got 5$/)
    } finally {
      await p.close()
    }
  })
})
