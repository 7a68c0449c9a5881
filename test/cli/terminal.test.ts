/** On a terminal: the progress bar comes and goes, the cursor comes back, and Ctrl-C is typed, not sent. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { alloc8, buildCli, cliPath, gone, uniqueMarker } from '../support/cli.ts'
import { pythonPath } from '../support/launching.ts'

/**
 * Runs alloc8 in the foreground of a terminal of its own, 100 columns wide. Each act waits until the screen has had
 * `awaits` (a regular expression, sought after the place of the last one) and then types. Returns all that the screen
 * got, and the status.
 */
function inTerminal(
  words: string[],
  acts: { awaits: string; types: string; afterMs?: number }[],
): { screen: string; status: number } {
  buildCli()
  const program = `
import fcntl, json, os, pty, re, struct, sys, termios, time
acts = json.loads(sys.argv[1])
child, master = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
screen, place = b"", 0
def more():
    global screen
    try: data = os.read(master, 10000)
    except OSError: data = b""
    screen += data
    return data != b""
for act in acts:
    while True:
        found = re.compile(act["awaits"].encode()).search(screen, place)
        if found: break
        if not more(): sys.exit("the command ended before " + act["awaits"] + ": " + screen.decode())
    place = found.end()
    time.sleep(act.get("afterMs", 0) / 1000)
    os.write(master, act["types"].encode())
while more(): pass
status = os.waitpid(child, 0)[1]
print(json.dumps({"screen": screen.decode(), "status": os.waitstatus_to_exitcode(status)}))
`
  const temporary = mkdtempSync(join(tmpdir(), 'alloc8-terminal-test-'))
  const env: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm', LC_ALL: 'C.UTF-8', TMPDIR: temporary }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'CI']) delete env[name]
  const args = ['-c', program, JSON.stringify(acts), process.execPath, cliPath, ...words]
  const output = execFileSync(pythonPath(), args, { encoding: 'utf8', timeout: 300_000, env })
  expect(readdirSync(temporary)).toEqual([])
  rmSync(temporary, { recursive: true })
  return JSON.parse(output)
}

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const interrupt = '\x03'

describe('compare', () => {
  const words = ['compare', '--heaps', 'system,simple', '--warmup-blocks', '0']

  test('shows how far it is, and takes it away before the table', () => {
    const { screen, status } = inTerminal([...words, '--blocks', '5', '--', 'sleep', '0.05'], [])
    expect(status).toBe(0)
    // Fifteen runs in blocks, and up to three before them, by which duets are decided.
    expect(screen).toMatch(/ \d+\/1[5-8] +block \d +(system|simple) +\d+ s left/)
    expect(screen).toContain('wall time')
    expect(screen.lastIndexOf(showCursor)).toBeGreaterThan(screen.lastIndexOf(hideCursor))
    expect(screen.lastIndexOf('left')).toBeLessThan(screen.indexOf('wall time'))
  })

  test('Ctrl-C leaves what there is, and the cursor', async () => {
    const acts = [{ awaits: 'block 3', types: interrupt }]
    const { screen, status } = inTerminal([...words, '--blocks', '900', '--', 'sleep', '0.03'], acts)
    expect(status).toBe(130)
    expect(screen).toContain('wall time')
    expect(screen).toMatch(/2 (of 900 )?blocks/)
    expect(screen.lastIndexOf(showCursor)).toBeGreaterThan(screen.lastIndexOf(hideCursor))
  })

  test('a second one ends it at once, and leaves the cursor too', async () => {
    const marker = uniqueMarker()
    const stubborn = ['bash', '-c', 'trap "" INT TERM HUP; echo ready; while :; do sleep 0.05; done', marker]
    const acts = [
      { awaits: 'ready', types: interrupt },
      // Two at the same moment are one to the system.
      { awaits: '\\^C', afterMs: 300, types: interrupt },
    ]
    const { screen, status } = inTerminal([...words, '--show-output', '--', ...stubborn], acts)
    expect(status).toBe(130)
    expect(screen).not.toContain('wall time')
    expect(screen.lastIndexOf(showCursor)).toBeGreaterThan(screen.lastIndexOf(hideCursor))
    await gone(marker)
  })
})

describe('run', () => {
  test('the target has the terminal', () => {
    const script = 'test -t 0 && test -t 1 && test -t 2 && echo ready && read -r line && echo "got <$line>"'
    const acts = [{ awaits: 'ready', types: 'some words\n' }]
    const { screen, status } = inTerminal(['run', '--heap', 'simple', '--', 'bash', '-c', script], acts)
    expect(screen).toContain('got <some words>')
    expect(status).toBe(0)
  })

  test('a long hint is broken between words; in a pipe it stays whole', async () => {
    const words = ['run', '--heap', 'nothing-like-it', '--', 'true']
    const { screen, status } = inTerminal(words, [])
    const plain = stripVTControlCharacters(screen).split('\r\n')
    const piped = (await alloc8(words)).stderr
    expect(status).toBe(125)
    expect(Math.max(...piped.split('\n').map((line) => line.length))).toBeGreaterThan(100)
    expect(Math.max(...plain.map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(plain.join(' ').replaceAll(/\s+/g, ' ')).toBe(piped.replaceAll(/\s+/g, ' '))
  })

  test('Ctrl-C ends it, with its status and the summary', async () => {
    const marker = uniqueMarker()
    const words = ['run', '--heap', 'simple', '--', 'bash', '-c', 'echo ready; exec -a "$0" sleep 875', marker]
    const { screen, status } = inTerminal(words, [{ awaits: 'ready', types: interrupt }])
    expect(status).toBe(130)
    expect(screen).toContain('killed by SIGINT')
    await gone(marker)
  })

  test('an editor may take Ctrl-C for itself', () => {
    // A shell that traps Ctrl-C may begin to read between the signal and the trap, and then waits for both.
    const editor = `
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
print("caught", flush=True)
print(f"end <{input()}>")
raise SystemExit(5)
`
    const acts = [
      { awaits: 'ready', types: interrupt },
      { awaits: 'caught', types: 'some words\n' },
    ]
    const { screen, status } = inTerminal(['run', '--', pythonPath(), '-c', editor], acts)
    expect(screen).toContain('end <some words>')
    expect(status).toBe(5)
  })
})
