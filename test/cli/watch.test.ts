/**
 * Watching on a terminal: keys, sizes and signals do what they say, the target's output is kept apart, and the terminal is
 * afterwards what it was before, however it ends. And watching by JSON, whose reader may be slow or go away.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { SessionSnapshot } from '../../lib/types.ts'
import { alloc8, buildCli, cliPath, gone, start, started, uniqueMarker } from '../support/cli.ts'
import { pythonPath, until } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'
import { alloc8OnTerminal, onTerminal, type TerminalEnd } from '../support/terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-watch-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...command: string[]) => ['run', '--watch', '--interval', '50ms', '--no-summary', '--', ...command]
const shell = (script: string, ...words: string[]) => run('bash', '-c', script, ...words)
/** The last key of the line at the bottom: a screen is there. */
const drawn = 'end view'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const colour = /\x1b\[([\d;]*)m/g
const count = (text: string, part: string) => text.split(part).length - 1

/** The alternate screen was entered and left as often, the cursor is back, and so are the keys. */
function expectRestored({ screen, asBefore }: TerminalEnd, times = 1): void {
  expect([count(screen, '\x1b[?1049h'), count(screen, '\x1b[?1049l')]).toEqual([times, times])
  expect(screen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?25l'))
  expect(screen.lastIndexOf('\x1b[?7h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?7l'))
  expect(asBefore).toBe(true)
}

describe('run --watch', () => {
  test('keeps the target’s output apart, in order, and ends with its status', async () => {
    const script = 'for i in 1 2 3; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05; done; sleep 0.3; exit 7'
    const end = await alloc8OnTerminal(shell(script), [])
    expectRestored(end)
    expect(end.status).toBe(7)
    expect(end.after).toBe('out 1\r\nerr 1\r\nout 2\r\nerr 2\r\nout 3\r\nerr 3\r\n')
    expect(end.screen.slice(0, -end.after.length)).not.toContain('out 1\r\n')
    expect(end.screen).toContain('bash')
    expect(end.screen).toContain('by start')
  })

  test('shows it on a key, and the summary at the end has what was counted', async () => {
    const words = [
      'run',
      '--watch',
      '--interval',
      '50ms',
      '--',
      'bash',
      '-c',
      'echo hello; read -t 4 < <(sleep 9); echo end',
    ]
    const end = await alloc8OnTerminal(words, [
      { awaits: drawn, types: 'o' },
      { awaits: 'hello', types: 'o' },
      { awaits: 'COMMAND', types: '?' },
      { awaits: 'the program goes on', types: ' ' },
    ])
    expectRestored(end)
    expect(end.after).toMatch(/^hello\r\nend\r\n/)
    expect(end.after).toContain('counts, live, in')
  })

  test('q ends the view and not the program, whose output then comes as it is written', async () => {
    const script = 'echo before; read -t 4 < <(sleep 9); echo after; exit 3'
    const end = await alloc8OnTerminal(shell(script), [{ awaits: drawn, types: 'q' }])
    expectRestored(end)
    expect(end.status).toBe(3)
    expect(end.after).toBe('alloc8: the view has ended, the program goes on\r\nbefore\r\nafter\r\n')
  })

  test('Ctrl-C goes to the program and all in the foreground, which decide', async () => {
    const marker = uniqueMarker()
    const plain = await alloc8OnTerminal(shell('exec -a "$0" sleep 984', marker), [{ awaits: drawn, types: '\x03' }])
    expectRestored(plain)
    expect(plain.status).toBe(130)
    await gone(marker)
    const script = 'trap "echo caught; exit 4" INT; while :; do sleep 0.05; done'
    const caught = await alloc8OnTerminal(shell(script), [{ awaits: 'sleep 0.05', types: '\x03' }])
    expectRestored(caught)
    expect([caught.status, caught.after]).toEqual([4, 'caught\r\n'])
  })

  test.each(['SIGTERM', 'SIGHUP'])('%s goes to the program, and the terminal comes back', async (signal) => {
    const marker = uniqueMarker()
    const end = await alloc8OnTerminal(shell('exec -a "$0" sleep 983', marker), [{ awaits: drawn, signal }])
    expectRestored(end)
    expect(end.status).toBe(signal === 'SIGTERM' ? 143 : 129)
    await gone(marker)
  })

  test('stopped, it gives the terminal back, and takes it again when it goes on', async () => {
    const program = `
import os, signal, sys
child = os.fork()
if child == 0:
    # A job of its own in the foreground, as a shell has it.
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(child, os.WUNTRACED)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.tcsetpgrp(0, os.getpgrp())
print("stopped" if os.WIFSTOPPED(status) else "ended", flush=True)
sys.stdin.readline()
os.tcsetpgrp(0, child)
os.killpg(child, signal.SIGCONT)
_, status = os.waitpid(child, 0)
os.tcsetpgrp(0, os.getpgrp())
sys.exit(os.waitstatus_to_exitcode(status))
`
    buildCli()
    const words = shell('read -t 5 < <(sleep 9); exit 6')
    const end = await onTerminal(
      [pythonPath(), '-c', program, process.execPath, cliPath, ...words],
      [
        { awaits: drawn, types: '\x1a' },
        { awaits: '1049l.*stopped', types: 'on\n' },
        { awaits: `1049h.*${drawn}`, types: 't' },
      ],
    )
    expectRestored(end, 2)
    expect(end.status).toBe(6)
  })

  test('fits what the terminal becomes, without colours where none are wanted', async () => {
    const acts = [
      { awaits: drawn, resize: [40, 12] as [number, number] },
      { awaits: '\\x1b\\[2J.*filter', resize: [160, 40] as [number, number] },
      { awaits: '\\x1b\\[2J.*LIVE OVER TIME', types: '\x03' },
    ]
    const end = await alloc8OnTerminal(shell('sleep 982'), acts, { env: { NO_COLOR: '1' } })
    expectRestored(end)
    // Only what is chosen is in reverse video.
    const colours = [...end.screen.matchAll(colour)].map(([, codes]) => codes)
    expect([...new Set(colours)].sort()).toEqual(['27', '7'])
    const coloured = await alloc8OnTerminal(shell('sleep 0.3'), [])
    expect(coloured.screen).toContain('\x1b[36m')
  })

  test('sorts, filters and pauses by keys', async () => {
    const script = 'sleep 981 & read -t 20 < <(sleep 980); :'
    const end = await alloc8OnTerminal(shell(script), [
      { awaits: 'sleep 981', types: 's' },
      { awaits: 'LIVE▾', types: 'r' },
      { awaits: 'LIVE▴', types: '/981' },
      { awaits: 'filter: .*981', types: '\r' },
      { awaits: '\\[981\\]', types: ' ' },
      { awaits: 'paused', types: ' ' },
      { awaits: 'bash', types: '\x03' },
    ])
    expectRestored(end)
  })

  test('a terminal that goes away takes the program along, as without a view', async () => {
    const marker = uniqueMarker()
    const end = await alloc8OnTerminal(shell('exec -a "$0" sleep 979', marker), [{ awaits: drawn, hangUp: true }])
    // Ended by it, as whatever has its terminal taken away.
    expect(end.status).toBe(-1)
    await gone(marker)
  })

  test('what the program writes without end does not make it wait', async () => {
    const script = 'head -c 4000000 /dev/zero | tr "\\0" "x" | fold -w 99; echo all'
    const end = await alloc8OnTerminal(shell(script), [])
    expectRestored(end)
    expect(count(end.after, '\n')).toBe(40_405)
    expect(end.after).toMatch(/x\r?\nall\r\n$|xall\r\n$/)
  })

  test('its stdin is empty, or what is no terminal', async () => {
    const empty = await alloc8OnTerminal(shell('read -r line; echo "<$line>"'), [])
    expect(empty.after).toBe('<>\r\n')
    buildCli()
    const words = shell('read -r line; echo "<$line>"; read -t 20 < <(sleep 978)').map((word) => `'${word}'`)
    const piped = `echo words | '${process.execPath}' '${cliPath}' ${words.join(' ')}`
    // Keys still come from the terminal.
    const end = await onTerminal(
      ['/bin/bash', '-c', piped],
      [
        { awaits: drawn, types: 'o' },
        { awaits: '<words>', types: 'q' },
        // A terminal drops at Ctrl-C what it has not yet shown.
        { awaits: 'view has ended.*<words>', types: '\x03' },
      ],
    )
    expectRestored(end)
    expect(end.after).toContain('<words>\r\n')
  })

  test.each([
    [['run', '--watch', '--', 'true'], '--watch=json'],
    [['run', '--interval', '1s', '--', 'true'], 'together with --watch'],
    [['run', '--watch=json', '--json', '-', '--', 'true'], 'name a file'],
    [['run', '--watch=yaml', '--', 'true'], 'Expected nothing or json'],
    [['run', '--watch', 'true'], 'a program goes behind --'],
  ])('%j without a terminal is wrong usage', async (words, advice) => {
    const { status, stdout, stderr } = await alloc8(words)
    expect([status, stdout]).toEqual([125, ''])
    expect(stderr).toContain(advice)
  })
})

test('a view that fails gives the terminal back', async () => {
  buildCli()
  const live = join(cliPath, '../../live/index.js')
  const program = join(folder, 'failing.mjs')
  const paint = '(text) => text'
  writeFileSync(
    program,
    `
import { showView } from ${JSON.stringify(live)}
const kind = process.argv[2]
const session = { async *watch() { if (kind === 'watch') throw new Error('no luck'); for (;;) { yield null; await new Promise((done) => setTimeout(done, 50)) } } }
const paints = Object.fromEntries(['bold', 'dim', 'red', 'green', 'yellow', 'cyan', 'inverse'].map((name) => [name, ${paint}]))
if (kind === 'process') setTimeout(() => { throw new Error('no luck') }, 200)
if (kind === 'exit') setTimeout(() => process.exit(5), 200)
const options = { session, title: 'x', intervalMs: 50, unicode: true, paints, recentOutput: null, onInterrupt() {}, input: process.stdin, output: process.stdout }
if (kind === 'process' || kind === 'exit') session.watch = async function* () { await new Promise((done) => setTimeout(done, 9000)) }
await showView(options).catch((error) => { console.log('failed: ' + error.message); process.exitCode = 9 })
`,
  )
  for (const [kind, status, said] of [
    ['watch', 9, 'failed: no luck'],
    ['draw', 9, 'failed: Cannot'],
    ['process', 1, 'no luck'],
    ['exit', 5, ''],
  ] as const) {
    const end = await onTerminal([process.execPath, program, kind], [])
    expectRestored(end)
    expect(end.status, kind).toBe(status)
    expect(end.after).toContain(said)
  }
})

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SessionSnapshot)

describe('run --watch=json', () => {
  const json = (...command: string[]) => ['run', '--watch=json', '--interval', '50ms', '--no-summary', '--', ...command]

  test('has one snapshot a line on stdout, the last when it has ended, and the target’s stdout on stderr', async () => {
    const { status, stdout, stderr } = await alloc8(json('bash', '-c', 'echo words; read -t 0.4 < <(sleep 5); exit 5'))
    expect([status, stderr]).toEqual([5, 'words\n'])
    const snapshots = lines(stdout)
    expect(snapshots.length).toBeGreaterThan(3)
    expect(snapshots.map(({ state }) => state).slice(-2)).toEqual(['running', 'ended'])
    for (const snapshot of snapshots) expect(schemaProblems('snapshot', snapshot)).toEqual([])
  })

  test('a reader that goes away ends the lines and not the program', async () => {
    buildCli()
    const words = json('bash', '-c', 'read -t 0.5 < <(sleep 5); echo done >&2; exit 5').map((word) => `'${word}'`)
    const script = `'${process.execPath}' '${cliPath}' ${words.join(' ')} | head -n 1 | wc -l; echo "\${PIPESTATUS[0]}"`
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    await once(child, 'close')
    expect([stdout, stderr]).toEqual(['1\n5\n', 'done\n'])
  })

  test('a reader that is slow misses lines, whole ones, and holds up nothing', async () => {
    buildCli()
    const mark = join(folder, 'ended')
    // So many processes that a few snapshots fill the pipe.
    const script = `for i in $(seq 150); do sleep 0 & done; wait; read -t 0.5 < <(sleep 5); date > ${mark}`
    const words = ['run', '--watch=json', '--interval', '10ms', '--no-summary', '--', 'bash', '-c', script]
    const child = spawn(process.execPath, [cliPath, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.pause()
    await until(() => readQuietly(mark) !== '', 'the end of the program')
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    child.stdout.resume()
    const [status] = await once(child, 'close')
    expect(status).toBe(0)
    const snapshots = lines(text)
    expect(snapshots.at(-1)?.state).toBe('ended')
    expect(snapshots.at(-1)?.totals.processes).toBeGreaterThan(150)
  })
})

const readQuietly = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

describe('watch', () => {
  /** A session under way that another command starts, and the number of its target. */
  async function underWay() {
    const marker = uniqueMarker()
    const running = start(['run', '--probe', 'live', '--no-summary', '--', 'bash', '-c', 'sleep 977; :', marker])
    await started(marker)
    const list = async () => (await alloc8(['watch'])).stdout.split('\n').find((line) => line.includes(marker))
    const [, pid = '', directory = ''] = /^ *(\d+) {2}(\S+)/.exec((await list()) ?? '') ?? []
    return { running, pid, directory, marker }
  }

  test('lists sessions, and opens one by its controller or folder until it ends', async () => {
    const { running, pid, directory, marker } = await underWay()
    expect(pid).toBe(String(running.child.pid))
    const byPid = start(['watch', pid, '--json', '--interval', '50ms'])
    const byFolder = start(['watch', directory, '--json', '--interval', '50ms'])
    const listed = JSON.parse((await alloc8(['watch', '--json'])).stdout)
    expect(listed.sessions).toContainEqual(
      expect.objectContaining({ directory, controllerPid: Number(pid), probed: true }),
    )
    await new Promise((resolve) => setTimeout(resolve, 1500))
    running.signalGroup('SIGTERM')
    expect((await running.end).status).toBe(143)
    for (const { end } of [byPid, byFolder]) {
      const { status, stdout } = await end
      expect(status).toBe(0)
      const all = lines(stdout)
      expect(all.length).toBeGreaterThan(2)
      expect(all.at(-1)?.state).toBe('ended')
      expect(all.at(-1)?.totals.calls).toBeGreaterThan(0)
    }
    await gone(marker)
  })

  test('on a terminal, until q, Ctrl-C or the end; the program knows nothing of it', async () => {
    const { running, pid, marker } = await underWay()
    const quit = await alloc8OnTerminal(
      ['watch', pid, '--interval', '50ms'],
      [{ awaits: `sleep 977.*${drawn}`, types: 'q' }],
    )
    expectRestored(quit)
    expect([quit.status, quit.after]).toEqual([0, ''])
    const stopped = await alloc8OnTerminal(['watch', pid], [{ awaits: drawn, types: '\x03' }])
    expectRestored(stopped)
    expect(stopped.status).toBe(130)
    const killed = await alloc8OnTerminal(['watch', pid], [{ awaits: drawn, signal: 'SIGTERM' }])
    expectRestored(killed)
    expect(killed.status).toBe(143)
    expect(running.child.exitCode).toBe(null)
    running.signalGroup('SIGTERM')
    expect((await running.end).status).toBe(143)
    await gone(marker)
  })

  test('shows one that has ended once', async () => {
    const directory = join(folder, 'kept')
    await alloc8(['run', '--probe', 'live', '--no-summary', '--session', directory, '--', 'ls', '/'])
    const shown = await alloc8(['watch', directory])
    expect([shown.status, shown.stderr]).toEqual([0, ''])
    expect(shown.stdout).toMatch(/ended/)
    expect(shown.stdout).toMatch(/sizes of \d+ ls/)
    const asJson = await alloc8(['watch', directory, '--json'])
    expect(lines(asJson.stdout)).toHaveLength(1)
  })

  test.each([
    ['/nonexistent', 2, 'it does not exist'],
    ['/etc', 2, 'no process has left anything in it'],
    ['999999999', 1, 'there is no process 999999999'],
    [String(process.ppid), 2, 'of no session'],
  ])('%s is status %i', async (word, status, said) => {
    const end = await alloc8(['watch', word])
    expect(end.status).toBe(status)
    expect(end.stderr).toContain(said)
  })
})
