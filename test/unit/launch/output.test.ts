/** The target's output: every byte arrives, in bounded memory, through something that behaves like a pipe. */

import { afterEach, describe, expect, test } from 'vitest'
import { alive, collector, killLeftover, python, shell, until } from '../../support/launching.ts'

let leftover = 0
afterEach(() => {
  if (leftover !== 0 && alive(leftover)) killLeftover(leftover)
  leftover = 0
})

/** Blocks the event loop, as a callback does that has much to do. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('stdout and stderr arrive apart, in order and whole', async () => {
  const out = collector()
  const err = collector()
  await shell('for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done', { stdout: out.sink, stderr: err.sink })
  expect(out.text()).toBe('out 1\nout 2\nout 3\n')
  expect(err.text()).toBe('err 1\nerr 2\nerr 3\n')
})

test('the target can open its output by name and sees a pipe', async () => {
  const out = collector()
  const err = collector()
  const script = 'echo a > /dev/stdout; echo b > /dev/stderr; test -p /dev/fd/1 && test -p /dev/fd/2'
  expect(await shell(script, { stdout: out.sink, stderr: err.sink })).toMatchObject({ exitCode: 0 })
  expect([out.text(), err.text()]).toEqual(['a\n', 'b\n'])
})

test('only one of the two can be captured', async () => {
  const err = collector()
  expect(await shell('echo unheard; echo heard >&2', { stderr: err.sink })).toMatchObject({ exitCode: 0 })
  expect(err.text()).toBe('heard\n')
})

test('a gigabyte passes through in bounded memory', async () => {
  let bytes = 0
  let peak = 0
  const before = process.memoryUsage.rss()
  const size = 1 << 30
  const result = await shell(`head -c ${size} /dev/zero`, {
    stdout: (chunk) => {
      bytes += chunk.length
      peak = Math.max(peak, process.memoryUsage.rss())
    },
  })
  expect(result).toMatchObject({ exitCode: 0 })
  expect(bytes).toBe(size)
  expect(peak - before).toBeLessThan(200 << 20)
})

describe('a process that outlives the target and keeps the pipe open', () => {
  test('does not keep the run', async () => {
    const { sink, text } = collector()
    const start = performance.now()
    const result = await shell('sleep 30 & echo done', { stdout: sink, killTree: false, lifeline: false })
    leftover = result.leftovers[0]?.pid ?? 0
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(text()).toBe('done\n')
    expect(result.leftovers).toMatchObject([{ command: 'sleep 30' }])
  })

  test('does not cost bytes that a slow callback had not taken yet', async () => {
    // The target fills a pipe of the largest size and ends; to take that out needs longer than we wait for more.
    const program = `
import fcntl, os, time
fcntl.fcntl(1, 1031, 1 << 20)  # F_SETPIPE_SZ
if os.fork() == 0: time.sleep(30)
data = b"x" * 1000000
while data: data = data[os.write(1, data):]
os._exit(0)
`
    let bytes = 0
    const result = await python(program, {
      killTree: false,
      lifeline: false,
      stdout: (chunk) => {
        bytes += chunk.length
        block(50)
      },
    })
    leftover = result.leftovers[0]?.pid ?? 0
    expect(leftover).toBeGreaterThan(0)
    expect(bytes).toBe(1_000_000)
  })

  test('does not keep it by writing without end either', async () => {
    const start = performance.now()
    const script = "trap '' PIPE; (while :; do echo more; done) & sleep 0.1"
    const result = await shell(script, { stdout: () => {}, killTree: false, lifeline: false })
    leftover = result.leftovers[0]?.pid ?? 0
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

describe('a callback that throws', () => {
  test('ends the run with what it threw, and the target with it', async () => {
    let pid = 0
    const failure = new Error('no more')
    const run = shell('echo $$; sleep 30', {
      stdout: (chunk) => {
        pid = Number(chunk)
        throw failure
      },
    })
    await expect(run).rejects.toBe(failure)
    expect(pid).toBeGreaterThan(0)
    await until(() => !alive(pid), 'the target ends')
  })
})
