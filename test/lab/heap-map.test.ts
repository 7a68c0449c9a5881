/** Heap maps for real: of puppets with forks, of processes and of sessions, and of what cannot be looked at. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSession, type Puppet, puppet, start } from '../../lib/index.ts'
import { heapMap } from '../../lib/lab/heap-map.ts'
import { readMappings, readPageRuns, readPages } from '../../lib/lab/memory.ts'
import { heapMapHtml, pictureSvg } from '../../lib/report/index.ts'
import type { LabMap } from '../../lib/types.ts'
import { scratch, until } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

async function withPuppet(heap: string, work: (p: Puppet) => Promise<void>): Promise<void> {
  const p = await puppet({ heap, threads: 2 })
  try {
    await work(p)
  } finally {
    await p.close()
  }
}

/** Blocks that lie in no mapping of their process. */
function homeless({ blocks, mappings }: LabMap) {
  return blocks.filter(({ address, size, process, live }) => {
    const [start, end] = [BigInt(address), BigInt(address) + BigInt(size)]
    return (
      live &&
      !mappings.some((each) => each.process === process && BigInt(each.start) <= start && end <= BigInt(each.end))
    )
  })
}

describe.each(['system', 'hoard', 'simple'])('a puppet under %s', (heap) => {
  test('every block lies in a mapping, with its page there where it was written', async () => {
    await withPuppet(heap, async (p) => {
      for (const thread of p.threads) {
        for (const size of [16, 100, 5000, 300_000, 4 << 20]) await thread.fill(await thread.malloc(size), 7, size)
      }
      const map = await heapMap(p)
      expect(map.blocks.map(({ size, thread }) => `${thread} ${size}`)).toEqual(
        ['thread 0', 'thread 1'].flatMap((thread) =>
          [16, 100, 5000, 300_000, 4 << 20].map((size) => `${thread} ${size}`),
        ),
      )
      expect(homeless(map)).toEqual([])
      for (const { address, size, usable } of map.blocks) {
        expect(usable).toBeGreaterThanOrEqual(size)
        const last = BigInt(address) + BigInt(size) - 1n
        for (const byte of [BigInt(address), last]) {
          const page = map.pages?.find(({ start, end }) => BigInt(start) <= byte && byte < BigInt(end))
          expect(page?.state).toMatch(/own|file|shared/)
        }
      }
    })
  })

  test('time: what was freed when, and by whom; what a fork has inherited', async () => {
    await withPuppet(heap, async (p) => {
      const first = await p.thread(0).malloc(64)
      await p.thread(1).malloc(64)
      await p.thread(1).free(first)
      const child = await p.fork(0)
      await child.main.malloc(200)
      await p.main.malloc(300)
      const { blocks, processes } = await heapMap(p, { pages: false })
      const told = blocks.map(({ process, size, age, freedAt, freedBy }) => [
        process.split(' ')[0],
        size,
        age,
        freedAt,
        freedBy,
      ])
      expect(told).toEqual([
        ['process', 64, 0, 2, 'thread 1'],
        ['process', 64, 1, null, null],
        ['process', 300, 3, null, null],
        ['fork', 64, 0, 2, 'thread 1'],
        ['fork', 64, 1, null, null],
        ['fork', 200, 2, null, null],
      ])
      expect(processes).toEqual([
        { name: `process ${p.pid}`, from: 0 },
        { name: `fork ${child.pid}`, from: 2 },
      ])
    })
  })
})

test('an address that is given again is two blocks, one after the other', async () => {
  await withPuppet('system', async (p) => {
    const thread = p.thread(0)
    const address = await thread.malloc(64)
    for (let round = 0; round < 3; ++round) {
      await thread.free(address)
      expect(await thread.malloc(64)).toBe(address)
    }
    const { blocks } = await heapMap(p)
    expect(blocks.map(({ age, freedAt, live }) => [age, freedAt, live])).toEqual([
      [0, 1, false],
      [1, 2, false],
      [2, 3, false],
      [3, null, true],
    ])
    expect(new Set(blocks.map((block) => block.address)).size).toBe(1)
    expect(pictureSvg(await heapMap(p))).toContain('4 blocks, 1 live, of 1 thread in 1 process')
    expect(heapMapHtml(await heapMap(p))).toContain('1 live block of 64 B, and 3 freed ones')
  })
})

test('after fork, pages are shared until somebody writes', async () => {
  await withPuppet('system', async (p) => {
    const size = 1 << 20
    const block = await p.thread(0).malloc(size)
    await p.thread(0).fill(block, 1, size)
    const child = await p.fork(0)
    const stateOf = (map: LabMap, process: string, at: bigint) =>
      map.pages?.find((run) => run.process === process && BigInt(run.start) <= at && at < BigInt(run.end))?.state
    const middle = block + BigInt(size / 2)
    const before = await heapMap(p)
    expect([`process ${p.pid}`, `fork ${child.pid}`].map((name) => stateOf(before, name, middle))).toEqual([
      'shared',
      'shared',
    ])
    await child.main.write(middle, 'x')
    const after = await heapMap(p)
    expect([`process ${p.pid}`, `fork ${child.pid}`].map((name) => stateOf(after, name, middle))).toEqual([
      'own',
      'own',
    ])
  })
})

test('runs of pages say what the pages say one by one', () => {
  const states = { own: 0, shared: 0, file: 0, swapped: 0, absent: 0 }
  for (const { start, end, name } of readMappings(process.pid)) {
    if (end - start > 1n << 26n || name === '[vsyscall]') continue
    const runs = readPageRuns(process.pid, start, end)
    expect(runs[0]?.start).toBe(start)
    expect(runs.at(-1)?.end).toBe(end)
    const pages = readPages(process.pid, start, end)
    for (const run of runs) {
      states[run.state]++
      const { present, fileOrShared } = pages[Number((run.start - start) / 4096n)] ?? {
        present: false,
        fileOrShared: false,
      }
      // Between the two looks this process goes on; what a mapping is does not change.
      if (run.state === 'file') expect([present, fileOrShared]).toEqual([true, true])
    }
  }
  expect([states.own > 5, states.file > 5, states.absent > 5]).toEqual([true, true, true])
})

describe('a process', () => {
  test('of its own: its memory, and no blocks', async () => {
    const map = await heapMap(process.pid)
    expect(map.blocks).toEqual([])
    expect(map.mappings.length).toBeGreaterThan(3)
    expect(map.pages?.some(({ state }) => state === 'own')).toBe(true)
    expect(map.mappings.every(({ label }) => !label.includes('.so'))).toBe(true)
    const all = await heapMap(process.pid, { mappings: 'all', pages: false })
    expect(all.mappings.some(({ label }) => label.includes('libc'))).toBe(true)
    expect(all.pages).toBeUndefined()
  })

  test('that has ended, or is none', async () => {
    const child = spawn('true')
    await once(child, 'exit')
    await expect(heapMap(child.pid ?? 0)).rejects.toMatchObject({
      code: 'PROCESS',
      message: expect.stringContaining('has ended'),
    })
    await expect(heapMap(-1)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(heapMap(1.5)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(heapMap(null as never)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(heapMap(process.pid, { mappings: 'some' as never })).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('that may not be read: what is in the way is named', async ({ skip }) => {
    const map = await heapMap(1).catch((error) => error)
    if (!(map instanceof Error)) skip('process 1 may be read here')
    expect(map).toMatchObject({ code: 'PROCESS', hint: expect.stringContaining('ptrace_scope') })
  })
})

test('a puppet that has died, or was closed', async () => {
  const p = await puppet({ heap: 'system', threads: 1 })
  await p
    .thread(0)
    .write(8n, 'x')
    .catch(() => {})
  await expect(heapMap(p)).rejects.toMatchObject({
    code: 'PROCESS',
    message: expect.stringMatching(/it has ended: .*SIGSEGV/s),
  })
  await p.close()
  const q = await puppet({ heap: 'system', threads: 0 })
  await q.close()
  await expect(heapMap(q)).rejects.toMatchObject({
    code: 'PROCESS',
    hint: expect.stringContaining('before the puppet is closed'),
  })
})

test('a fork that has died leaves the others', async () => {
  await withPuppet('system', async (p) => {
    const child = await p.fork(0)
    await child.main.write(8n, 'x').catch(() => {})
    expect((await heapMap(p)).processes?.map(({ name }) => name)).toEqual([`process ${p.pid}`])
  })
})

describe('a session', () => {
  test('its processes, by folder and as it is opened; and once it is over', async () => {
    const command = ['bash', '-c', 'sleep 60 & echo ready; wait']
    const { session, result, launcher } = await start({
      command,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
      killTree: true,
      lifeline: true,
    })
    try {
      for await (const { processes } of session.watch({ intervalMs: 20 })) {
        if (processes.some(({ name, state }) => name === 'sleep' && state === 'running')) break
      }
      const map = await heapMap(session)
      expect(map.processes?.map(({ name }) => name.replace(/ \d+$/, ''))).toEqual(['bash', 'sleep'])
      expect(
        map.mappings.filter(({ process }) => process?.startsWith('bash')).some(({ label }) => label.includes('[heap]')),
      ).toBe(true)
      expect((await heapMap(session.directory)).processes).toEqual(map.processes)
      const opened = openSession(session.directory)
      expect((await heapMap(opened)).processes).toEqual(map.processes)
      opened.close()
    } finally {
      launcher.endTree()
    }
    await result
    await expect(heapMap(session)).rejects.toMatchObject({
      code: 'PROCESS',
      message: expect.stringContaining('all of its processes have ended'),
    })
  })

  test('that samples has the blocks of each of its processes, and a fork its own alone', async () => {
    const program = `
import os, sys, time
mine = [bytearray(100_000) for _ in range(50)]
if os.fork() == 0:
    its = [bytearray(200_000) for _ in range(20)]
else:
    time.sleep(0.2)
    mine += [bytearray(300_000) for _ in range(10)]
    del mine[:25]
print('ready', flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
mine.clear()
print('freed', flush=True)
time.sleep(60)`
    const mark = join(folder.path, 'go on')
    let output = ''
    const { session, result, launcher } = await start({
      ...{
        command: ['python3', '-c', program, mark],
        stdin: 'ignore',
        stderr: 'inherit',
        killTree: true,
        lifeline: true,
      },
      stdout: (chunk: Buffer) => {
        output += chunk
      },
      probe: { levels: ['sample'], sampleBytes: 1000 },
    })
    try {
      await until(() => output.match(/ready/g)?.length === 2, 'both are ready')
      const map = await heapMap(session)
      expect(map.title).toMatch(/^Sampled blocks of session /)
      const sizes = [100_000, 200_000, 300_000]
      const large = map.blocks.filter(({ size }) => sizes.some((bytes) => Math.abs(size - bytes) < 100))
      const counted = (map.processes ?? []).map(({ name }) =>
        sizes.map((bytes) => {
          const of = large.filter(({ process, size }) => process === name && Math.abs(size - bytes) < 100)
          return of.length
        }),
      )
      // At one in a thousand bytes none of these is missed.
      expect(counted).toEqual([
        [25, 0, 10],
        [0, 20, 0],
      ])
      for (const { address, size, usable, live, process, thread } of large) {
        expect(live).toBe(true)
        expect(usable).toBeGreaterThanOrEqual(size)
        expect(thread).toMatch(/^python3\S* \d+$/)
        const inside = map.mappings.some(
          (mapping) =>
            mapping.process === process &&
            BigInt(mapping.start) <= BigInt(address) &&
            BigInt(address) + BigInt(size) <= BigInt(mapping.end),
        )
        expect(inside).toBe(true)
      }
      const ages = large.filter(({ process }) => process === map.processes?.[0]?.name).sort((a, b) => a.age - b.age)
      expect(ages.map(({ size }) => size > 290_000)).toEqual([...Array(25).fill(false), ...Array(10).fill(true)])
      expect(map.processes?.[1]?.from).toBeGreaterThan(0)
      // Whose memory is gone is not there, though nobody was told of its end.
      session.setLevels(['counts'])
      writeFileSync(mark, '')
      await until(() => output.match(/freed/g)?.length === 2, 'both have freed')
      const later = await heapMap(session)
      expect(later.blocks.filter(({ size }) => Math.abs(size - 300_000) < 100)).toEqual([])
    } finally {
      launcher.endTree()
    }
    await result
  })

  test('that is none', async () => {
    await expect(heapMap('/nowhere')).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' })
  })
})
