/** One run of a service that goes well: what it measures, and of whom. */

import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nativeFile } from '../../../lib/binding/native.ts'
import { freePort, pythonPath } from '../../support/launching.ts'
import { lackingNobody } from '../../support/needs.ts'
import { nodeLoad, nodeServer, serve } from '../../support/serving.ts'

const mebibyte = 1 << 20

describe('a node server under a load of node', () => {
  test('gives every metric, with the heap in the server alone', async () => {
    const port = await freePort()
    const run = await serve({
      heap: 'simple',
      server: nodeServer(port, { kept: 100_000 }),
      ready: { port, host: '127.0.0.1' },
      load: nodeLoad(port, 400),
      metrics: ['wall', 'rps=/requests per second: ([\\d.]+)/'],
      sampleMs: 10,
    })
    expect(run.failure).toBeNull()
    expect(run.problems).toEqual({})
    const names = ['cpu', 'faults', 'peak-rss', 'rps', 'rss-after', 'rss-mean', 'rss-peak', 'sys', 'user', 'wall']
    expect(Object.keys(run.values).sort()).toEqual(names)
    for (const name of names) expect(run.values[name], name).toBeGreaterThanOrEqual(name === 'sys' ? 0 : 1)
    const { wall, cpu, user, sys, faults } = run.values
    expect(cpu).toBe((user ?? 0) + (sys ?? 0))
    // 40 MB in pages of 4 KiB; of 64 KiB at most.
    expect(faults).toBeGreaterThan(600)
    expect(wall).toBe(run.wallNs)
    expect(run.verdict).toMatchObject({ state: 'active', reasons: [] })
    // The load has no heap and so leaves no record.
    expect(new Set(run.verdict?.processes.map(({ pid }) => pid)).size).toBe(1)
    expect(run.serverOutput).toContain(`listening on ${port}`)
    expect(run.loadOutput).toMatch(/^requests per second: /)
    expect(run.warnings).toEqual([])
  })

  test('sees what the server keeps, over time', async () => {
    const port = await freePort()
    const { values, timeline, sampling } = await serve({
      server: nodeServer(port, { kept: 200_000 }),
      ready: { url: `http://127.0.0.1:${port}/` },
      load: nodeLoad(port, 500),
      settleMs: 100,
      sampleMs: 10,
    })
    const { points, loadFromMs, loadToMs } = timeline
    const before = points.filter(([ms]) => ms <= (loadFromMs ?? 0)).at(-1)?.[1] ?? 0
    // 500 requests keep 100 MB.
    expect((values['rss-after'] ?? 0) - before).toBeGreaterThan(90 * mebibyte)
    expect(values['rss-mean']).toBeGreaterThan(before)
    expect(values['rss-mean']).toBeLessThan(values['rss-after'] ?? 0)
    expect(values['rss-peak']).toBe(Math.max(...points.map(([, bytes]) => bytes)))
    // The kernel's own peak of the one process there is; its counters lag by some pages.
    expect(Math.abs((values['peak-rss'] ?? 0) - (values['rss-peak'] ?? 0))).toBeLessThan(16 * mebibyte)
    expect(loadFromMs).toBeGreaterThan(0)
    expect(loadToMs).toBeGreaterThan(loadFromMs ?? 0)
    // On a busy machine the load may begin before the first reading of its own.
    expect(points[0]?.[0]).toBeLessThanOrEqual(loadFromMs ?? 0)
    expect(points.at(-1)?.[0]).toBeGreaterThanOrEqual(loadToMs ?? Number.POSITIVE_INFINITY)
    expect(points.map(([ms]) => ms)).toEqual(points.map(([ms]) => ms).sort((a, b) => a - b))
    expect(sampling.samples).toBeGreaterThanOrEqual(points.length)
    expect(sampling.share).toBeLessThan(1)
  })
})

test('the probe counts the server, from its start to its stop, and not the load', async () => {
  const port = await freePort()
  const of = async (requests: number) => {
    const server = nodeServer(port, { kept: 100_000 })
    const run = await serve({ server, ready: { port }, load: nodeLoad(port, requests), probe: ['live', 'latency'] })
    expect([run.failure, run.probe?.unreadable]).toEqual([null, []])
    // Node's own, and nothing else.
    expect(run.probe?.processes.map(({ levels }) => levels)).toEqual([['counts', 'live', 'latency']])
    return run.probe
  }
  const [few, many] = [await of(1), await of(300)]
  const more = (many?.processes[0]?.peakBytes ?? 0) - (few?.processes[0]?.peakBytes ?? 0)
  expect(more).toBeGreaterThan(299 * 100_000 * 0.9)
  expect(many?.latency?.allocating?.count).toBeGreaterThan(few?.latency?.allocating?.count ?? Number.NaN)
})

test('CPU time is the server’s while the load ran: neither its start nor the load counts', async () => {
  const port = await freePort()
  const spin = 'for (let c; (c = process.cpuUsage()).user + c.system < 900e3; );'
  const load = ['sh', '-c', 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; "$@"', 'sh', ...nodeLoad(port, 1)]
  const idle = await serve({ server: nodeServer(port, { before: spin }), ready: { port }, load })
  expect(idle.failure).toBeNull()
  expect(idle.values['cpu']).toBeLessThan(800e6)
  const other = await freePort()
  const busy = await serve({
    server: nodeServer(other, { request: spin }),
    ready: { port: other },
    load: nodeLoad(other, 1),
  })
  expect(busy.values['cpu']).toBeGreaterThan(450e6)
})

test('children of the server count, those that have ended too; the load’s environment has no heap', async () => {
  const port = await freePort()
  const child =
    "require('child_process').execFileSync(process.execPath, ['-e', 'for (let c; (c = process.cpuUsage()).user + c.system < 600e3; );'])"
  const { values, failure, loadOutput, verdict } = await serve({
    heap: 'simple',
    server: nodeServer(port, { request: child }),
    ready: { line: /^listening on \d+$/ },
    load: ['sh', '-c', '"$@"; env | grep -c -e LD_PRELOAD -e ALLOC8_SESSION; true', 'sh', ...nodeLoad(port, 1)],
  })
  expect(failure).toBeNull()
  expect(values['cpu']).toBeGreaterThan(450e6)
  expect(loadOutput).toMatch(/^0$/m)
  expect(verdict).toMatchObject({ state: 'active', reasons: [] })
})

test('memory that forked workers share counts once', async () => {
  const shared = 96
  const program = `
import mmap, os, time
area = mmap.mmap(-1, ${shared} << 20)
area.write(b"x" * (${shared} << 20))
for _ in range(4):
    if os.fork() == 0:
        for page in range(0, ${shared} << 20, 4096): area[page]
        own = b"y" * (10 << 20)
        print("worker", flush=True)
        time.sleep(60)
time.sleep(60)
`
  const server = [pythonPath(), '-c', program]
  const { values, failure } = await serve({ server, ready: { line: 'worker' }, settleMs: 1_500, sampleMs: 20 })
  expect(failure).toBeNull()
  const after = values['rss-after'] ?? 0
  // The area once, ten for each worker, and what python takes five times.
  expect(after).toBeGreaterThan((shared + 40) * mebibyte)
  expect(after).toBeLessThan((shared + 40 + 90) * mebibyte)
})

test('python’s own http.server, under a text for the shell', async () => {
  const port = await freePort()
  const run = await serve({
    heap: 'simple',
    server: `exec ${pythonPath()} -m http.server ${port} --bind 127.0.0.1`,
    cwd: import.meta.dirname,
    ready: { url: `http://localhost:${port}/run.test.ts` },
    load: nodeLoad(port, 20),
    stopSignal: 'SIGINT',
  })
  expect(run.failure).toBeNull()
  expect(run.verdict?.state).toBe('active')
  expect(run.serverOutput).toContain('"GET / HTTP/1.1" 200')
})

test('the environment and folder of a service hold for both', async () => {
  const port = await freePort()
  const { serverOutput, loadOutput, failure } = await serve({
    server: nodeServer(port, { before: 'console.log(process.cwd(), process.env.WHO)' }),
    ready: { port },
    load: ['sh', '-c', 'pwd; echo $WHO'],
    cwd: '/usr',
    env: { WHO: 'both' },
  })
  expect(failure).toBeNull()
  expect(serverOutput).toContain('/usr both')
  expect(loadOutput).toBe('/usr\nboth\n')
})

test('a server that becomes another user has the heap in every process, and says so', async ({ skip }) => {
  const lacking = lackingNobody(nativeFile('liballoc8-witness.so'), nativeFile('liballoc8-simple.so'))
  if (lacking !== null) skip(lacking)
  const program = 'import os, time; os.fork(); print(os.getresuid(), os.getgroups(), flush=True); time.sleep(60)'
  const server = ['/usr/bin/python3', '-c', program]
  const run = await serve({ heap: 'simple', server, user: 'nobody', ready: { line: '65534, 65534, 65534' } })
  expect(run.failure).toBeNull()
  expect(run.verdict).toMatchObject({ state: 'active', reasons: [] })
  const images = run.verdict?.processes.map(({ executable }) => basename(executable)) ?? []
  expect(images.filter((name) => name.startsWith('python3'))).toHaveLength(2)
  expect(images).toContain('setpriv')
})
