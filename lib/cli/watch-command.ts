/** `alloc8 watch`: a window on a session of another terminal, or on one that was kept. */

import { Command } from 'commander'
import { openSession, runningSessions } from '../api/session.ts'
import { Alloc8Error } from '../errors.ts'
import { probeLevels } from '../launch/probe-settings.ts'
import { onceText } from '../live/once.ts'
import { clean } from '../report/layout.ts'
import { countOf } from '../report/units.ts'
import type { LiveSession, ProbeLevel, RunningSession } from '../types.ts'
import { JsonLines } from './json-lines.ts'
import { duration, levelListOrOff } from './options.ts'
import { toJson } from './output.ts'
import { knowsUnicode, styleFor } from './terminal.ts'
import { openTerminal, show, stream, usualIntervalMs } from './watching.ts'

interface WatchFlags {
  json?: boolean
  interval?: number
  set?: ProbeLevel[]
}

/** The command with its options. */
export function watchCommand(): Command {
  return new Command('watch')
    .description('Watch a session that runs elsewhere. Without one, list those that run.')
    .argument('[session]', "a session's folder, or the number of a process that controls it or runs in it")
    .option('--json', 'lines of JSON, one for each look; of the list one object')
    .option('--interval <time>', 'how often to look (1s unless given)', duration)
    .option(
      '--set <levels>',
      `instead of watching, change what the probe does in it: ${probeLevels.join(', ')}, several, or off`,
      levelListOrOff,
    )
    .addHelpText(
      'after',
      `
A session that has ended and was kept (\`alloc8 run --session\`) is shown once. The program knows nothing of it.

--set holds for all processes of the session, from their next call on, and for those that begin later. The session must
have been started with --probe or --watch. What was not counted from the start is then told as a difference.

Exit status: 0; 1 when there is no such process; 2 when it is of no session, or wrong usage; 130 when interrupted.

Examples:
  alloc8 watch
  alloc8 watch 4711
  alloc8 watch ./session --json --interval 500ms
  alloc8 watch 4711 --set live,sample`,
    )
    .action(execute)
}

async function execute(word: string | undefined, flags: WatchFlags): Promise<void> {
  if (flags.set !== undefined && (word === undefined || flags.json === true || flags.interval !== undefined)) {
    throw new Alloc8Error('USAGE', '--set: expected a session and no other option', {
      hint: '`alloc8 watch` lists the sessions that are under way',
    })
  }
  if (word === undefined) return list(flags.json === true)
  // A folder that is named as a number can be written ./123.
  const session = openSession(/^[1-9]\d*$/.test(word) ? Number(word) : word)
  try {
    if (flags.set !== undefined) change(session, flags.set)
    else if (flags.json === true) await streamed(session, flags.interval ?? usualIntervalMs)
    else await shown(session, flags.interval ?? usualIntervalMs)
  } finally {
    session.close()
  }
}

function change(session: LiveSession, levels: readonly ProbeLevel[]): void {
  session.setLevels(levels)
  const { totals, processes } = session.snapshot()
  const now = probeLevels.filter((level) => levels.length > 0 && (level === 'counts' || levels.includes(level)))
  const old = processes.filter(({ state, levels: own }) => state === 'running' && own.join() !== now.join()).length
  const where = countOf(totals.running, 'running process', 'running processes')
  process.stdout.write(`${now.length === 0 ? 'off' : now.join(', ')} in ${where}\n`)
  if (old > 0) {
    const some = countOf(old, 'process', 'processes')
    process.stderr.write(`alloc8: ${some} cannot be told (no way to the session's folder) and go on as they began\n`)
  }
}

function list(json: boolean): void {
  const sessions = runningSessions()
  if (json) process.stdout.write(toJson({ schema: 1, sessions }))
  else if (sessions.length === 0) process.stdout.write('no session runs\n')
  else for (const session of sessions) process.stdout.write(`${sessionLine(session)}\n`)
}

function sessionLine({ controllerPid, directory, command, probed }: RunningSession): string {
  const note = probed ? '' : '  (without a probe: nothing to watch)'
  return clean(`${String(controllerPid).padStart(7)}  ${directory}  ${command.join(' ')}${note}`)
}

async function streamed(session: LiveSession, intervalMs: number): Promise<void> {
  await interruptible((signal) => stream(session, new JsonLines(), intervalMs, signal))
}

async function shown(session: LiveSession, intervalMs: number): Promise<void> {
  const under = runningSessions().find(({ directory }) => directory === session.directory)
  const title = under?.command.join(' ') ?? session.directory
  if (session.snapshot().state === 'running') {
    const terminal = openTerminal('without one, `alloc8 watch SESSION --json` streams lines of JSON')
    try {
      const end = await interruptible((signal, interrupt) =>
        show(session, terminal, { title, intervalMs, recentOutput: null, onInterrupt: interrupt, signal }),
      )
      if (end !== 'ended') return
    } finally {
      terminal.close()
    }
  }
  const { width } = styleFor(process.stdout)
  process.stdout.write(onceText(session.snapshot(), title, width, knowsUnicode()))
}

/** Does `work` until a signal stops it, which gives the status that a shell gives to it. */
async function interruptible<T>(work: (signal: AbortSignal, interrupt: () => void) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const
  const stop = (name: NodeJS.Signals) => {
    process.exitCode = 128 + (numbers[name as keyof typeof numbers] ?? 0)
    controller.abort()
  }
  const names = Object.keys(numbers) as (keyof typeof numbers)[]
  for (const name of names) process.on(name, stop)
  try {
    return await work(controller.signal, () => stop('SIGINT'))
  } finally {
    for (const name of names) process.off(name, stop)
  }
}
