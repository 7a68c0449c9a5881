/** Signals: what is sent to the launcher reaches the target, what the terminal sends reaches it once. */

import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { nativeFile } from '../../../lib/binding/native.ts'
import type { LauncherHandle } from '../../../lib/launch/launch.ts'
import { shellStatus, signalNumber, yieldSignals } from '../../../lib/launch/signals.ts'
import { collector, pythonPath, shell, until } from '../../support/launching.ts'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
  '%s sent to the launcher is passed on to the target',
  async (name) => {
    let launcher: LauncherHandle | undefined
    const { sink, text } = collector()
    const script = `trap 'exit 42' ${name.slice(3)}; echo ready; while :; do sleep 0.01; done`
    const run = shell(script, { stdout: sink, onStart: (handle) => (launcher = handle) })
    await until(() => text() === 'ready\n', 'the target starts')
    launcher?.kill(name)
    expect(await run).toMatchObject({ exitCode: 42, signal: null, timedOut: false })
  },
)

test('a stopped target is waited for, and goes on', async () => {
  const { sink, text } = collector()
  const run = shell('echo $$; kill -STOP $$; exit 6', { stdout: sink })
  await until(() => text() !== '', 'the target starts')
  let ended = false
  void run.then(() => (ended = true))
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(ended).toBe(false)
  process.kill(Number(text()), 'SIGCONT')
  expect(await run).toMatchObject({ exitCode: 6 })
})

/**
 * Runs the launcher with a target that counts signals, in the foreground of a terminal of its own, and calls `act`
 * (Python: `master` is the terminal, `launcher` the process) once the target is ready. Returns what was counted.
 */
function inTerminal(act: string): string {
  const program = `
import os, pty, signal, sys, time
target = '''
import signal, time
counts = {}
def count(number, frame): counts[number] = counts.get(number, 0) + 1
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM): signal.signal(number, count)
print("ready", flush=True)
end = time.monotonic() + 0.6
while time.monotonic() < end: time.sleep(0.02)
print("counted", sorted((int(n), c) for n, c in counts.items()), flush=True)
'''
launcher, master = pty.fork()
if launcher == 0:
    report = os.open("/dev/null", os.O_WRONLY)
    os.dup2(report, 30)
    os.execv(sys.argv[1], [sys.argv[1], "--report-fd", "30", "--", sys.executable, "python3", "-c", target])
seen = b""
while b"ready" not in seen: seen += os.read(master, 1000)
${act}
while b"counted" not in seen or not seen.endswith(b"]\\r\\n"):
    seen += os.read(master, 1000)
status = os.waitpid(launcher, 0)[1]
print(seen[seen.index(b"counted"):].decode().strip(), status)
`
  return execFileSync(pythonPath(), ['-c', program, nativeFile('alloc8-launch')], {
    encoding: 'utf8',
    timeout: 20_000,
  }).trim()
}

describe('in the foreground of a terminal', () => {
  test('Ctrl-C and Ctrl-\\ reach the target once and leave the launcher alone', () => {
    expect(inTerminal('os.write(master, b"\\x03"); time.sleep(0.2); os.write(master, b"\\x1c")')).toBe(
      'counted [(2, 1), (3, 1)] 0',
    )
  })

  test('a SIGINT that somebody sends to the launcher is passed on', () => {
    expect(inTerminal('os.kill(launcher, signal.SIGINT)')).toBe('counted [(2, 1)] 0')
  })
})

test('a signal’s number is found for names and for numbers', () => {
  expect(['SIGSEGV', 'SIGKILL', 'SIG34', 'SIGNOPE', 'SIG', 'SIG0'].map(signalNumber)).toEqual([
    11,
    9,
    34,
    null,
    null,
    null,
  ])
})

test('a shell’s status is the target’s own, or 128 and the signal', () => {
  expect(shellStatus({ exitCode: 3, signal: null })).toBe(3)
  expect(shellStatus({ exitCode: null, signal: 'SIGSEGV' })).toBe(139)
  expect(shellStatus({ exitCode: null, signal: 'SIG40' })).toBe(168)
})

test('while signals are yielded, those from outside are passed on and those from the terminal are not', async () => {
  const passed: string[] = []
  let stopped = 0
  let launcher: LauncherHandle | null = null
  const all = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
  const counts = () => all.map((name) => process.listenerCount(name))
  const before = counts()
  const restore = yieldSignals(
    () => launcher,
    () => stopped++,
  )
  // Delivered as the runtime delivers them; vitest's workers get no real ones.
  const deliver = () => {
    for (const name of all) process.listeners(name).at(-1)?.(name)
  }
  deliver()
  expect([passed, stopped]).toEqual([[], 6])
  launcher = { pid: 0, kill: (name) => passed.push(name) > 0, endTree: () => {} }
  deliver()
  expect([passed, stopped]).toEqual([['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'], 6])
  restore()
  expect(counts()).toEqual(before)
})
