/** `--watch` of `alloc8 run`, and what `alloc8 watch` shares with it: the terminal, the view, JSON by the line. */

import { openSync } from 'node:fs'
import { isatty, ReadStream, type WriteStream } from 'node:tty'
import { InvalidArgumentError } from 'commander'
import picocolors from 'picocolors'
import type { RunOptions } from '../api/run.ts'
import { type StartedRun, start } from '../api/session.ts'
import { Alloc8Error } from '../errors.ts'
import type { Paints, ViewEnd } from '../live/index.ts'
import type { LiveSession, RunResult, SessionSnapshot } from '../types.ts'
import { printError } from './failure.ts'
import { JsonLines } from './json-lines.ts'
import { KeptOutput } from './kept-output.ts'
import { knowsUnicode, wantsColour } from './terminal.ts'

/** How a run is watched: by a view, or by JSON. */
export type WatchMode = true | 'json'

/** The value of `--watch`. */
export function watchMode(text: string): WatchMode {
  if (text === 'json') return text
  throw new InvalidArgumentError(
    `Expected nothing or json, got ${JSON.stringify(text)}; a program goes behind --, as in: --watch -- ${text}`,
  )
}

/** Snapshots are taken this often unless --interval says otherwise. */
export const usualIntervalMs = 1000

/** The terminal that a view is drawn on and hears keys from. */
export interface Terminal {
  input: ReadStream
  output: WriteStream
  /** Ends what was opened for it. */
  close(): void
}

/**
 * The terminal on stderr, so that stdout may go elsewhere.
 * @throws Alloc8Error USAGE where there is none
 */
export function openTerminal(instead: string): Terminal {
  const output = process.stderr
  if (output.isTTY !== true || process.env['TERM'] === 'dumb') {
    const what = output.isTTY === true ? 'this one can do too little (TERM=dumb)' : 'stderr is none'
    throw new Alloc8Error('USAGE', `--watch: expected a terminal to draw on, but ${what}`, { hint: instead })
  }
  process.once('exit', endWithTerminal)
  if (process.stdin.isTTY === true) return { input: process.stdin as ReadStream, output, close: () => {} }
  try {
    const input = new ReadStream(openSync('/dev/tty', 'r'))
    return { input, output, close: () => input.destroy() }
  } catch (cause) {
    const message = '--watch: expected a terminal for its keys: stdin is none, and /dev/tty cannot be opened'
    throw new Alloc8Error('USAGE', message, { hint: instead, cause })
  }
}

/**
 * Node crashes at its end where it wants to put a terminal in order that has gone away. So the hang-up ends this process,
 * as it ends others, once all else is done.
 */
function endWithTerminal(): void {
  if (isatty(process.stderr.fd)) return
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

/** Runs a program as `run()` does, and shows or streams what it does meanwhile. */
export function runWatched(options: RunOptions, mode: WatchMode, intervalMs: number): Promise<RunResult> {
  return mode === 'json' ? runStreamed(options, intervalMs) : runShown(options, intervalMs)
}

async function runStreamed(options: RunOptions, intervalMs: number): Promise<RunResult> {
  const lines = new JsonLines()
  const run = await start({ ...options, stdout: 'stderr' })
  await stream(run.session, lines, intervalMs)
  return run.result
}

/** Streams a session to its end, or until nobody reads it or `signal` is aborted. */
export async function stream(
  session: LiveSession,
  lines: JsonLines,
  intervalMs: number,
  signal?: AbortSignal,
): Promise<void> {
  let last: SessionSnapshot | null = null
  for await (const snapshot of session.watch({ intervalMs, signal })) {
    last = snapshot.state === 'ended' ? snapshot : null
    if (last !== null || lines.gone) break
    lines.write(snapshot)
  }
  await lines.end(last)
}

async function runShown(options: RunOptions, intervalMs: number): Promise<RunResult> {
  const terminal = openTerminal('without one, --watch=json streams lines of JSON')
  const kept = new KeptOutput()
  const keep = (fd: 1 | 2) => (chunk: Buffer) => kept.take(fd, chunk)
  const own = process.stdout.isTTY === true ? keep(1) : (options.stdout ?? 'inherit')
  try {
    const run = await start({
      ...options,
      // Keys are the view's; a pipe or a file is the program's.
      stdin: process.stdin.isTTY === true ? 'ignore' : 'inherit',
      stdout: options.stdout === 'stderr' ? keep(2) : own,
      stderr: keep(2),
    })
    kept.open(run.session.directory)
    await showRun(run, terminal, kept, options.command, intervalMs)
    kept.release()
    return await run.result
  } finally {
    kept.release()
    terminal.close()
  }
}

/** A view that fails is told of; the program goes on. */
async function showRun(
  run: StartedRun,
  terminal: Terminal,
  kept: KeptOutput,
  command: readonly string[],
  intervalMs: number,
): Promise<void> {
  try {
    const end = await show(run.session, terminal, {
      title: command.join(' '),
      intervalMs,
      recentOutput: () => kept.recent(),
      // As the terminal does it where its keys are not ours: to everything in the foreground.
      onInterrupt: (signal) => process.kill(0, signal),
    })
    if (end === 'quit') process.stderr.write('alloc8: the view has ended, the program goes on\n')
  } catch (error) {
    printError(error)
    process.stderr.write('alloc8: the view has failed, the program goes on\n')
  }
}

/** What `show` is told besides the session and the terminal. */
export interface Shown {
  title: string
  intervalMs: number
  recentOutput: (() => readonly string[]) | null
  onInterrupt(signal: 'SIGINT' | 'SIGQUIT'): void
  signal?: AbortSignal | undefined
}

/** Shows a session in a view. The view's code is loaded only here. */
export async function show(session: LiveSession, { input, output }: Terminal, shown: Shown): Promise<ViewEnd> {
  const { showView } = await import('../live/index.ts')
  return showView({ ...shown, session, input, output, unicode: knowsUnicode(), paints: paintsFor(output) })
}

/** Without colours what is chosen is told by reverse video alone, which is none. */
function paintsFor(output: WriteStream): Paints {
  const { bold, dim, red, green, yellow, cyan } = picocolors.createColors(wantsColour(output))
  return { bold, dim, red, green, yellow, cyan, inverse: picocolors.createColors(true).inverse }
}
