/**
 * Sessions read while they grow: what a snapshot says agrees with itself whatever the program does meanwhile, processes
 * that come and go do not disturb it, and those that have ended cost nothing.
 */

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession, run, runningSessions, type StartedRun, start } from '../../lib/index.ts'
import { FolderSession } from '../../lib/session/live.ts'
import type { SessionSnapshot, SnapshotCounts, SnapshotProcess } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { pythonPath, scratch, until } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

let restless = ''
beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'restless.c'), 'utf8')
  restless = await compile(folder.path, { name: 'restless', source, flags: ['-pthread'] })
})

const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const
const shell = (script: string) => start({ command: ['bash', '-c', script], ...quiet })

const countKeys = ['calls', 'allocations', 'frees', 'failures', 'requestedBytes'] as const

/** What is wrong with a snapshot by itself. */
function contradictions({ totals, processes, omitted }: SessionSnapshot): string[] {
  const found: string[] = []
  const check = (holds: boolean, what: string) => void (holds || found.push(what))
  const sum = (of: (process: SnapshotProcess) => number) => processes.reduce((all, each) => all + of(each), 0)
  for (const key of countKeys) {
    check(totals[key] === omitted[key] + sum((each) => each[key]), `${key}: the total is no sum`)
  }
  check(totals.processes === processes.length + omitted.processes, 'processes are missing')
  for (const process of processes) {
    const { id, liveBytes, liveBlocks, peakBytes, sizes, threads } = process
    const of = (key: 'givenBlocks' | 'takenBlocks' | 'givenBytes' | 'takenBytes') =>
      sizes.reduce((all, size) => all + size[key], 0)
    check((liveBytes ?? 0) >= 0 && (liveBlocks ?? 0) >= 0, `${id}: live below zero`)
    check((peakBytes ?? 0) >= (liveBytes ?? 0), `${id}: more live than at the peak`)
    if (!process.forked) {
      for (const size of sizes) {
        check(size.givenBlocks >= size.takenBlocks, `${id}: more taken than given up to ${size.upToBytes}`)
        check(size.givenBytes >= size.takenBytes, `${id}: more bytes taken than given up to ${size.upToBytes}`)
      }
      check(liveBlocks === of('givenBlocks') - of('takenBlocks'), `${id}: live blocks are no sum`)
      check(liveBytes === of('givenBytes') - of('takenBytes'), `${id}: live bytes are no sum`)
    }
    for (const key of countKeys) {
      const inThreads = threads.reduce((all, thread) => all + thread[key], 0)
      check(inThreads <= process[key], `${id}: threads have more ${key} than their process`)
    }
  }
  return found
}

/** Nothing that is counted falls. */
function falls(before: ReadonlyMap<string, SnapshotCounts>, { processes, totals }: SessionSnapshot): string[] {
  return [{ ...totals, id: 'all' }, ...processes].flatMap((now) =>
    countKeys.filter((key) => now[key] < (before.get(now.id)?.[key] ?? 0)).map((key) => `${now.id}: ${key} fell`),
  )
}

const countsById = ({ processes, totals }: SessionSnapshot) =>
  new Map<string, SnapshotCounts>([{ ...totals, id: 'all' }, ...processes].map((each) => [each.id, each]))

describe('a restless program', () => {
  test('is seen in agreement with itself, however often it is looked at', async () => {
    const { session, result } = await start({ command: [restless, '6', '24', '1'], ...quiet })
    let looks = 0
    let before = new Map<string, SnapshotCounts>()
    const wrong = new Set<string>()
    for (let ended = false; !ended; looks++) {
      const snapshot = session.snapshot()
      for (const problem of [...contradictions(snapshot), ...falls(before, snapshot), ...snapshot.unreadable]) {
        wrong.add(problem)
      }
      before = countsById(snapshot)
      ended = snapshot.state === 'ended'
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await result).exitCode).toBe(0)
    expect([...wrong]).toEqual([])
    expect(looks).toBeGreaterThan(100)
    const last = session.snapshot()
    expect(last.totals.processes).toBeGreaterThan(1)
    expect(schemaProblems('snapshot', last)).toEqual([])
    // What the run's result says is what the last snapshot says.
    const { probe } = await result
    const calls = (probe?.processes ?? []).flatMap(({ total }) => Object.values(total.entries))
    expect(last.totals.calls).toBe(calls.reduce((all, entry) => all + entry.calls, 0))
  })
})

/** Waits until a snapshot is as wanted. */
async function seen(run: StartedRun, wanted: (snapshot: SessionSnapshot) => boolean): Promise<SessionSnapshot> {
  let last = run.session.snapshot()
  await until(() => {
    last = run.session.snapshot()
    return wanted(last)
  }, 'such a snapshot')
  return last
}

describe('processes', () => {
  test('stand in a tree, with names, and are told apart from what they become by exec', async () => {
    const started = await shell(`bash -c 'read -t 0.3 < <(:); exec sleep 987' & sleep 986; kill %1; :`)
    const asleep = (snapshot: SessionSnapshot) =>
      snapshot.processes.filter(({ name, state }) => name === 'sleep' && state === 'running').length === 2
    const { processes } = await seen(started, asleep)
    const root = processes[0] as SnapshotProcess
    const became = processes.find(({ command }) => command === 'sleep 987') as SnapshotProcess
    const was = processes.find(({ pid, id }) => pid === became.pid && id !== became.id) as SnapshotProcess
    expect(root).toMatchObject({ name: 'bash', parent: null, state: 'running', forked: false })
    expect(was).toMatchObject({ state: 'ended', parent: root.id, rssBytes: null })
    expect(became).toMatchObject({ state: 'running', parent: root.id, executable: expect.stringMatching(/\/sleep$/) })
    expect(became.rssBytes).toBeGreaterThan(100_000)
    const other = processes.find(({ command }) => command === 'sleep 986') as SnapshotProcess
    process.kill(other.pid, 'SIGTERM')
    await started.result
    const end = started.session.snapshot()
    expect(end.processes.map(({ state }) => state)).toEqual(end.processes.map(() => 'ended'))
    expect(end.totals).toMatchObject({ running: 0, liveBytes: null, rssBytes: null })
    expect(end.processes.find(({ id }) => id === became.id)?.calls).toBeGreaterThanOrEqual(became.calls)
  })

  test('threads have their names', async () => {
    const program =
      'import threading,time,ctypes\n' +
      'def work():\n ctypes.CDLL(None).prctl(15, b"worker-7")\n time.sleep(20)\n' +
      'threading.Thread(target=work,daemon=True).start()\ntime.sleep(20)'
    const started = await start({ command: [pythonPath(), '-c', program], ...quiet })
    const named = ({ processes }: SessionSnapshot) =>
      processes[0]?.threads.some(({ name }) => name === 'worker-7') ?? false
    const { processes } = await seen(started, named)
    expect(processes[0]?.threads.filter(({ alive }) => alive).length).toBeGreaterThanOrEqual(2)
    started.launcher.kill('SIGTERM')
    expect((await started.result).signal).toBe('SIGTERM')
  })

  test('a process of another program with the same number is not taken for it', () => {
    const session = join(folder.path, 'foreign')
    const made = execFileSync('bash', ['-c', 'echo $PPID'], { encoding: 'utf8' }).trim()
    expect(Number(made)).toBe(process.pid)
    mkdirSync(session)
    const { bytes } = keptFile()
    // Our own number: it runs, but has no such file mapped.
    writeFileSync(join(session, `${process.pid}-1.probe`), bytes)
    const opened = openSession(session)
    expect(opened.snapshot()).toMatchObject({ state: 'ended', processes: [{ state: 'ended', rssBytes: null }] })
    opened.close()
  })
})

let kept = ''
beforeAll(async () => {
  kept = join(folder.path, 'kept')
  await run({ command: ['bash', '-c', 'ls / | sort'], sessionDirectory: kept, probe: 'live', ...quiet })
})

/** One file of that session, as far as it is used: the rest is empty and large. */
function keptFile(): { file: string; bytes: Buffer } {
  const file = readdirSync(kept).find((name) => name.endsWith('.probe')) as string
  const whole = readFileSync(join(kept, file))
  // header, slots: native/record/probe_format.h
  return { file, bytes: whole.subarray(0, whole.readUInt32LE(12) + whole.readUInt32LE(24) * whole.readUInt32LE(16)) }
}

describe('a folder', () => {
  test('that was kept is shown as it was last', async () => {
    const session = openSession(kept)
    const all: SessionSnapshot[] = []
    for await (const snapshot of session.watch({ intervalMs: 10 })) all.push(snapshot)
    session.close()
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject({ state: 'ended', intervalNs: null, totals: { processes: 5, rates: null } })
    const names = all[0]?.processes.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['bash', 'ls', 'sort']))
    expect(all[0]?.processes.slice(1).every(({ parent }) => parent === all[0]?.processes[0]?.id)).toBe(true)
    expect(schemaProblems('snapshot', all[0])).toEqual([])
    // Closed, it says what it said last.
    expect(session.snapshot().totals.calls).toBe(all[0]?.totals.calls)
  })

  test('has what cannot be read named, and the rest read', () => {
    const session = join(folder.path, 'hostile')
    mkdirSync(session)
    const { bytes } = keptFile()
    writeFileSync(join(session, '999999991-1.probe'), bytes)
    writeFileSync(join(session, '999999992-1.probe'), bytes.subarray(0, 5000))
    writeFileSync(join(session, 'x.probe'), 'nothing')
    symlinkSync('/dev/zero', join(session, '999999993-1.probe'))
    const opened = openSession(session)
    const { processes, unreadable } = opened.snapshot()
    opened.close()
    expect(processes).toHaveLength(1)
    expect(unreadable.map((text) => text.split(':')[0]).sort()).toEqual([
      '999999992-1.probe',
      '999999993-1.probe',
      'x.probe',
    ])
    expect(unreadable.join()).toContain('truncated at offset')
  })

  test.each([
    ['/nonexistent', 'it does not exist'],
    ['/etc/passwd', 'it is no folder'],
    ['/etc', 'no process has left anything in it'],
  ])('%s is no session', (path, why) => {
    expect(() => openSession(path)).toThrow(
      expect.objectContaining({ code: 'SESSION_UNKNOWN', message: expect.stringContaining(why) }),
    )
  })

  test.each([
    [999_999_999, 'PROCESS'],
    [process.ppid, 'SESSION_UNKNOWN'],
    [-1, 'USAGE'],
    ['', 'USAGE'],
  ])('%s: %s', (session, code) => {
    expect(() => openSession(session)).toThrow(expect.objectContaining({ code }))
  })
})

describe('a run of somebody else', () => {
  test('is found by its controller, its launcher and its processes, and listed', async () => {
    const started = await shell('sleep 985; :')
    const { processes } = await seen(started, ({ processes: all }) =>
      all.some(({ command }) => command === 'sleep 985'),
    )
    const own = runningSessions().find(({ directory }) => directory === started.session.directory)
    expect(own).toMatchObject({ controllerPid: process.pid, probed: true, command: expect.arrayContaining(['-c']) })
    for (const pid of [
      own?.launcherPid ?? 0,
      ...processes.filter(({ state }) => state === 'running').map(({ pid: each }) => each),
    ]) {
      const other = openSession(pid)
      expect(other.directory).toBe(started.session.directory)
      expect(other.snapshot().state).toBe('running')
      other.close()
    }
    const other = openSession(started.session.directory)
    const states: string[] = []
    const watching = (async () => {
      for await (const { state } of other.watch({ intervalMs: 20 })) states.push(state)
    })()
    await until(() => states.length > 3, 'some snapshots')
    process.kill(processes.find(({ command }) => command === 'sleep 985')?.pid ?? 0)
    await Promise.all([watching, started.result])
    expect([...new Set(states)]).toEqual(['running', 'ended'])
    // Its controller takes the files away at the end: what came behind the last look is not known to others.
    const [here, there] = [started.session.snapshot().totals, other.snapshot().totals]
    expect(there).toMatchObject({ running: 0, processes: here.processes })
    expect(there.calls).toBeGreaterThan(0.5 * here.calls)
    other.close()
  })
})

describe('watching', () => {
  test('ends with its signal, at once', async () => {
    const started = await shell('sleep 20')
    const controller = new AbortController()
    let count = 0
    const began = performance.now()
    for await (const _ of started.session.watch({ intervalMs: 60_000, signal: controller.signal })) {
      count++
      setTimeout(() => controller.abort(), 50)
    }
    expect(count).toBe(1)
    expect(performance.now() - began).toBeLessThan(50_000)
    started.launcher.kill('SIGTERM')
    await started.result
  })

  test('ends with the run, at once, and rates are of each watcher', async () => {
    const started = await shell('for i in $(seq 2000); do x=$i$i; done; read -t 0.5 < <(sleep 5)')
    const long: SessionSnapshot[] = []
    const short: SessionSnapshot[] = []
    const take = async (into: SessionSnapshot[], intervalMs: number) => {
      for await (const snapshot of started.session.watch({ intervalMs })) into.push(snapshot)
    }
    await Promise.all([take(long, 60_000), take(short, 50), started.result])
    expect(long.map(({ state }) => state)).toEqual(['running', 'ended'])
    expect(short.length).toBeGreaterThan(4)
    const [first, last] = [long[0] as SessionSnapshot, long[1] as SessionSnapshot]
    const seconds = (last.intervalNs ?? 0) / 1e9
    expect((last.totals.rates?.callsPerSecond ?? 0) * seconds).toBeCloseTo(last.totals.calls - first.totals.calls, 3)
    expect(last.totals.calls).toBe(short.at(-1)?.totals.calls)
  })

  test.each([5, Number.NaN, 1e12])('an interval of %s ms is refused', async (intervalMs) => {
    const session = openSession(kept)
    await expect(session.watch({ intervalMs }).next()).rejects.toMatchObject({ code: 'USAGE' })
    session.close()
  })

  test('what cannot be started is an error, of start() or of the result', async () => {
    await expect(start({ command: ['/nonexistent'] })).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' })
    await expect(start({ command: ['true'], heap: 'no-such-heap' })).rejects.toMatchObject({ code: 'HEAP_UNKNOWN' })
  })
})

test('of thousands that have ended the latest are listed and the sums hold; they are not read again', async () => {
  const session = join(folder.path, 'many')
  mkdirSync(session)
  const { file, bytes } = keptFile()
  const opening = openSession(kept)
  const one = opening.snapshot().processes.find(({ id }) => `${id}.probe` === file) as SnapshotProcess
  opening.close()
  copyFileSync(join(kept, 'control'), join(session, 'control'))
  for (let i = 0; i < 1500; i++) writeFileSync(join(session, `${900_000_000 + i}-${i}.probe`), bytes)
  const opened = new FolderSession(session, session, { over: () => false, close: () => {} })
  const first = opened.snapshot()
  expect(contradictions(first)).toEqual([])
  expect([first.processes.length, first.omitted.processes]).toEqual([1000, 500])
  expect(first.totals.calls).toBe(1500 * one.calls)
  for (const name of readdirSync(session)) rmSync(join(session, name))
  const second = opened.snapshot()
  expect(second.totals).toMatchObject({ calls: first.totals.calls, rates: { callsPerSecond: 0 } })
  opened.close()
})

test('its levels can be changed while it runs, and what was not counted from the start is not called live', async () => {
  const program = 'import time\nkept = []\nfor _ in range(400): kept.append(bytearray(5000)); time.sleep(0.01)'
  const started = await start({ command: [pythonPath(), '-c', program], probe: 'counts', ...quiet })
  await until(() => (started.session.snapshot().processes[0]?.calls ?? 0) > 100, 'calls')
  started.session.setLevels(['live'])
  const before = started.session.snapshot().processes[0]
  expect([before?.levels, before?.liveBytes]).toEqual([['counts', 'live'], null])
  const { probe } = await started.result
  const [process] = probe?.processes ?? []
  expect(process).toMatchObject({ levels: ['counts', 'live'], liveBytes: null, peakBytes: null })
  // Most of the blocks came before, and all were freed after.
  expect(process?.sinceNs).toBeGreaterThan(0)
  expect(process?.netBytesSince).toBeLessThan(0)
})
