/**
 * The command line on a terminal of its own, made by Python, which the tests have anyway: keys are typed, the size is
 * changed, signals are sent, and it is seen whether the terminal is at the end what it was.
 */

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { buildCli, cliPath } from './cli.ts'
import { pythonPath } from './launching.ts'

/** One thing that happens on a terminal, once the screen has had `awaits`, sought after the place of the last one. */
export interface Act {
  /** A regular expression over the bytes that the screen gets. */
  awaits: string
  types?: string
  /** Columns and lines. */
  resize?: [number, number]
  /** To the command alone. */
  signal?: string
  /** The terminal is closed, as by a connection that breaks. */
  hangUp?: boolean
}

/** What became of it. */
export interface TerminalEnd {
  /** All that the screen got. */
  screen: string
  /** What it got after the view had left it. */
  after: string
  status: number
  /** Whether keys are echoed, lines collected and Ctrl-C a signal, as it was before. */
  asBefore: boolean
}

const player = `
import fcntl, json, os, pty, re, signal, struct, sys, termios, time
acts, columns, rows = json.loads(sys.argv[1])
def resize(fd, columns, rows): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
child, master = pty.fork()
if child == 0:
    resize(0, columns, rows)
    os.execv(sys.argv[2], sys.argv[2:])
before, last = termios.tcgetattr(master), None
screen, place, gone = b"", 0, False
def more():
    global screen, last
    try:
        data = os.read(master, 65536)
        last = termios.tcgetattr(master)
    except OSError: data = b""
    screen += data
    return data != b""
for act in acts:
    wanted = re.compile(act["awaits"].encode(), re.S)
    while not wanted.search(screen, place):
        if not more(): sys.exit("the command ended before " + act["awaits"] + ": " + screen.decode(errors="replace"))
    place = wanted.search(screen, place).end()
    if "types" in act: os.write(master, act["types"].encode())
    if "resize" in act: resize(master, *act["resize"])
    if "signal" in act: os.kill(child, getattr(signal, act["signal"]))
    if "hangUp" in act:
        os.close(master)
        gone = True
while not gone and more(): pass
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"screen": screen.decode(errors="replace"), "status": status, "asBefore": last is not None and last[3] == before[3]}))
`

/** Runs a program in the foreground of a terminal and does what the acts say. */
export async function onTerminal(
  program: readonly string[],
  acts: readonly Act[],
  { size = [80, 24], env = {} }: { size?: [number, number]; env?: NodeJS.ProcessEnv } = {},
): Promise<TerminalEnd> {
  const temporary = mkdtempSync(join(tmpdir(), 'alloc8-terminal-test-'))
  const own: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm', LC_ALL: 'C.UTF-8', TMPDIR: temporary }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'LD_PRELOAD', 'ALLOC8_SESSION', 'NODE_OPTIONS']) delete own[name]
  // What watches on a server's terminal watches all the same.
  own['CI'] = 'true'
  const args = ['-c', player, JSON.stringify([acts, ...size]), ...program]
  const { stdout } = await promisify(execFile)(pythonPath(), args, {
    timeout: 300_000,
    env: { ...own, ...env },
    maxBuffer: 64 << 20,
  })
  const end = JSON.parse(stdout) as TerminalEnd
  expect(readdirSync(temporary), 'left in the folder for temporary files').toEqual([])
  rmSync(temporary, { recursive: true })
  return { ...end, after: end.screen.slice(end.screen.lastIndexOf('\x1b[?1049l') + '\x1b[?1049l'.length) }
}

/** The same with `alloc8 WORDS`. */
export async function alloc8OnTerminal(
  words: readonly string[],
  acts: readonly Act[],
  options: Parameters<typeof onTerminal>[2] = {},
): Promise<TerminalEnd> {
  buildCli()
  return onTerminal([process.execPath, cliPath, ...words], acts, options)
}
