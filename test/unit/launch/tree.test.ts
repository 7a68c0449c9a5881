/** Descendants: none is left behind where that was asked for, none is touched where it was not. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type LauncherHandle, launch } from '../../../lib/launch/launch.ts'
import {
  alive,
  collector,
  compileC,
  killLeftover,
  python,
  scratch,
  shell,
  silent,
  until,
} from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)
const restless = compileC('restless', folder.path)

/** Forks twice, in a session of its own, away from every descriptor: what daemons do. Prints the daemon's id. */
const daemoniser = `
import os, time
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writer, str(os.getpid()).encode())
        os.closerange(0, 4096)
        os.chdir("/")
        time.sleep(60)
    os._exit(0)
os.wait()
print(os.read(reader, 99).decode(), flush=True)
`

test('a tree that is ended through its handle still has its result', async () => {
  const { sink, text } = collector()
  let launcher: LauncherHandle | undefined
  const script = `trap '' TERM; sh -c 'trap "" TERM; while :; do sleep 1; done' & echo $! $$; wait; wait`
  const run = shell(script, {
    stdout: sink,
    graceMs: 100,
    onStart: (handle) => {
      launcher = handle
    },
  })
  await until(() => text().includes('\n'), 'the script')
  launcher?.endTree()
  expect(await run).toMatchObject({ exitCode: null, signal: 'SIGKILL', lifelineLost: true, leftovers: [] })
  const pids = text().trim().split(' ').map(Number)
  expect(pids).toHaveLength(2)
  for (const pid of pids) expect(alive(pid)).toBe(false)
})

describe('descendants that outlive the target', () => {
  test('are ended with killTree, a daemon too', async () => {
    const { sink, text } = collector()
    const result = await python(daemoniser, { stdout: sink })
    const daemon = Number(text())
    expect(daemon).toBeGreaterThan(1)
    expect(alive(daemon)).toBe(false)
    expect(result).toMatchObject({ exitCode: 0, killed: 1, leftovers: [], tree: { reaped: 2 } })
  })

  test('are named and left alone without it', async () => {
    const { sink, text } = collector()
    const result = await python(daemoniser, { stdout: sink, killTree: false, lifeline: false })
    const daemon = Number(text())
    try {
      expect(result).toMatchObject({ exitCode: 0, killed: 0, leftovers: [{ pid: daemon }], leftoversOmitted: 0 })
      expect(result.leftovers[0]?.command).toMatch(/^python3 -c \nimport os, time\n/)
      expect(alive(daemon)).toBe(true)
    } finally {
      killLeftover(daemon)
    }
  })

  test('are named down to the last generation', async () => {
    const { leftovers } = await shell("sh -c 'sleep 30 & wait' & sleep 0.1", { killTree: false, lifeline: false })
    for (const { pid } of leftovers) killLeftover(pid)
    expect(leftovers.map((each) => each.command)).toEqual(['sh -c sleep 30 & wait', 'sleep 30'])
  })

  test('are named whatever their arguments hold', async () => {
    const program = `
import os
if os.fork() == 0: os.execv("/bin/sleep", [b'q"\\xff\\x01\\\\\\xed\\xa0\\x80\\xc3\\xa9', b"30", b"0"])
import time; time.sleep(0.2)
`
    const { leftovers } = await python(program, { killTree: false, lifeline: false })
    killLeftover(leftovers[0]?.pid)
    expect(leftovers.map((each) => each.command)).toEqual(['q"\ufffd\u0001\\\ufffd\ufffd\ufffdé 30 0'])
  })

  test('are cut off at 256 names, with a count of the rest', async () => {
    const result = await python(
      `
import os, time
for i in range(300):
    if os.fork() == 0: time.sleep(30); os._exit(0)
`,
      { killTree: false, lifeline: false },
    )
    const group = result.leftovers.map((each) => each.pid)
    expect(group).toHaveLength(256)
    expect(result.leftoversOmitted).toBe(44)
    group.forEach(killLeftover)
  })

  // On a machine that is busy enough a moment may not do; it does sooner or later.
  test('that end within a moment are waited for', { retry: 5 }, async () => {
    const result = await shell('sleep 0.02 &', { killTree: false, lifeline: false })
    expect(result).toMatchObject({ leftovers: [], killed: 0, tree: { reaped: 2 } })
  })
})

test('two hundred children and their orphans are all collected', async () => {
  const result = await python(`
import os
for i in range(200):
    if os.fork() == 0:
        if i % 2: os.fork()
        os._exit(0)
import time; time.sleep(0.3)
`)
  // 100 orphans are collected here; so are the 200 children that the target never waited for.
  expect(result).toMatchObject({ exitCode: 0, leftovers: [], killed: 0, tree: { reaped: 301 } })
})

describe('a timeout', () => {
  test('ends a target that obeys SIGTERM', async () => {
    const result = await shell('trap "exit 9" TERM; while :; do sleep 0.01; done', { timeoutMs: 150 })
    expect(result).toMatchObject({ timedOut: true, exitCode: 9, leftovers: [] })
    expect(result.wallNs).toBeGreaterThan(150e6)
    expect(result.wallNs).toBeLessThan(20_000e6)
  })

  test('kills one that ignores it, after the grace', async () => {
    const result = await shell('trap "" TERM; sleep 30 & sleep 30; sleep 30', { timeoutMs: 100, graceMs: 200 })
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL', leftovers: [], killed: 3 })
    expect(result.wallNs).toBeGreaterThan(300e6)
    expect(result.wallNs).toBeLessThan(20_000e6)
  })

  test('ends the whole tree, without killTree too', async () => {
    const { sink, text } = collector()
    const script = 'setsid sleep 30 & echo $!; sleep 30'
    const result = await shell(script, { timeoutMs: 100, killTree: false, lifeline: false, stdout: sink })
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGTERM', leftovers: [] })
    expect(alive(Number(text()))).toBe(false)
  })

  test('ends a stopped target', async () => {
    const result = await shell('kill -STOP $$; exit 1', { timeoutMs: 100, graceMs: 5000 })
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGTERM' })
    expect(result.wallNs).toBeLessThan(20_000e6)
  })

  test('that does not come changes nothing', async () => {
    expect(await shell('exit 3', { timeoutMs: 300_000 })).toMatchObject({ timedOut: false, exitCode: 3 })
  })

  test.each(['hop 1', 'hop 10', 'bomb 100', 'chain 200', 'guard 50'])('ends a tree that resists: %s', async (mode) => {
    const result = await launch({ ...silent, path: restless, args: mode.split(' '), timeoutMs: 100, graceMs: 50 })
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL', leftovers: [] })
    // It would end by itself after 20 seconds.
    expect(result.wallNs).toBeLessThan(10e9)
  })
})

describe('abort', () => {
  test('with a lifeline ends the tree and is an error', async () => {
    const { sink, text } = collector()
    const abort = new AbortController()
    const run = shell('trap "" TERM; setsid sleep 30 & echo $!; echo $$; sleep 30', {
      stdout: sink,
      graceMs: 100,
      signal: abort.signal,
    })
    await until(() => text().split('\n').length === 3, 'the target starts')
    abort.abort('enough')
    await expect(run).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })
    expect(text().trim().split('\n').map(Number).filter(alive)).toEqual([])
  })

  test('without one passes SIGTERM to the target', async () => {
    const { sink, text } = collector()
    const abort = new AbortController()
    const script = 'trap "echo got it; exit 0" TERM; echo ready; while :; do sleep 0.01; done'
    const run = shell(script, { stdout: sink, lifeline: false, killTree: false, signal: abort.signal })
    await until(() => text() === 'ready\n', 'the target starts')
    abort.abort()
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
    expect(text()).toBe('ready\ngot it\n')
  })

  test('before the start starts nothing', async () => {
    const marker = join(folder.path, 'marker')
    await expect(shell(`touch ${marker}`, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await shell(`test -e ${marker}`)).toMatchObject({ exitCode: 1 })
  })

  test.each([true, false])('at once, with capture %s, ends or prevents the target', async (capture) => {
    const abort = new AbortController()
    const run = shell('sleep 30', { signal: abort.signal, stdout: capture ? () => {} : 'ignore' })
    abort.abort()
    const start = performance.now()
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

describe('when a part of us dies', () => {
  /** Starts a controller of its own whose target prints the process ids of its tree. */
  async function startController(mode: 'lifeline' | 'run') {
    const hooks = join(import.meta.dirname, '../../support/typescript-hooks.mjs')
    const controller = join(import.meta.dirname, '../../support/controller.ts')
    const script = 'setsid sleep 20 & echo $! $$; exec sleep 20'
    const child = spawn(process.execPath, ['--import', hooks, controller, script, mode], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
    const [daemon = 0, target = 0] = String(line).trim().split(' ').map(Number)
    expect([daemon, target].filter(alive)).toHaveLength(2)
    return { child, daemon, target }
  }

  test('the controller: with a lifeline the tree ends', async () => {
    const { child, daemon, target } = await startController('lifeline')
    child.kill('SIGKILL')
    await until(() => !alive(daemon) && !alive(target), 'the tree ends')
  })

  test('the controller: without one the target goes on', async () => {
    const { child, daemon, target } = await startController('run')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const survivors = [daemon, target].filter(alive)
    survivors.forEach(killLeftover)
    expect(survivors).toHaveLength(2)
  })

  test('the launcher: a target on a lifeline ends with it, and the run is an error', async () => {
    let launcher = 0
    const { sink, text } = collector()
    const run = shell('echo $$; exec sleep 30', { stdout: sink, onStart: ({ pid }) => (launcher = pid) })
    await until(() => text() !== '', 'the target starts')
    killLeftover(launcher)
    await expect(run).rejects.toMatchObject({
      code: 'LAUNCHER_LOST',
      message: expect.stringContaining('killed by SIGKILL'),
    })
    await until(() => !alive(Number(text())), 'the target ends')
  })

  test('the launcher: without a lifeline the target goes on', async () => {
    let launcher = 0
    const { sink, text } = collector()
    const options = {
      stdout: sink,
      lifeline: false,
      killTree: false,
      onStart: ({ pid }: { pid: number }) => (launcher = pid),
    }
    const run = shell('echo $$; exec sleep 30', options)
    await until(() => text() !== '', 'the target starts')
    killLeftover(launcher)
    await expect(run).rejects.toMatchObject({ code: 'LAUNCHER_LOST', hint: expect.stringContaining('may still run') })
    expect(alive(Number(text()))).toBe(true)
    killLeftover(Number(text()))
  })
})
