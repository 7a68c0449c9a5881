/** `alloc8 run`: a program under a heap, as if it ran by itself, with a summary afterwards. */

import { Command } from 'commander'
import { run } from '../api/run.ts'
import type { LauncherHandle } from '../launch/launch.ts'
import { shellStatus, yieldSignals } from '../launch/signals.ts'
import { runText } from '../report/run-text.ts'
import type { RunResult } from '../types.ts'
import { cpuList, duration } from './options.ts'
import { openReport, toJson } from './output.ts'
import { styleFor } from './terminal.ts'

interface RunFlags {
  heap: string
  timeout?: number
  requireActive?: boolean
  session?: string
  cpus?: number[]
  aslr: boolean
  endDescendants?: boolean
  summary: boolean
  json?: string
}

/** The command with its options. */
export function runCommand(): Command {
  return new Command('run')
    .description("Run a program under a heap. Its input, output and exit status are the program's own.")
    .argument('<command...>', 'the program and its arguments, after --')
    .option('--heap <heap>', 'a name from `alloc8 heaps`, with tunables, or the path of a library', 'default')
    .option('--require-active', 'end with status 3 unless the heap was in effect in every process')
    .option('--timeout <time>', 'end the program and all it started after this (30, 500ms, 10m)', duration)
    .option('--end-descendants', 'end what outlives the program instead of naming it')
    .option('--cpus <list>', 'bind the program to these CPUs (0,1 or 0-3)', cpuList)
    .option('--no-aslr', 'turn address space randomisation off for the program')
    .option('--session <folder>', 'keep the session in this folder, which must be absent or empty')
    .option('--no-summary', 'print no summary')
    .option('--json <file>', "write the result as JSON (-: to stdout, and the program's stdout to stderr)")
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Exit status: the program's own, 128+n when it died by signal n; 3 with --require-active when the heap was not in
effect; 125 when alloc8 failed, 126 when the program is not executable, 127 when it is not found.

Examples:
  alloc8 run --heap jemalloc -- node server.js
  alloc8 run --heap system:arena_max=1 --require-active -- ./server
  alloc8 run --heap ./libmine.so --json result.json -- python3 job.py`,
    )
    .action(execute)
}

async function execute(command: string[], flags: RunFlags): Promise<void> {
  const report = flags.json === undefined ? null : openReport(flags.json)
  const early = new AbortController()
  let launcher: LauncherHandle | null = null
  const restore = yieldSignals(
    () => launcher,
    () => early.abort(),
  )
  let result: RunResult
  try {
    result = await run({
      command,
      heap: flags.heap,
      timeoutMs: flags.timeout,
      sessionDirectory: flags.session,
      cpus: flags.cpus,
      aslr: flags.aslr,
      killTree: flags.endDescendants === true,
      stdout: flags.json === '-' ? 'stderr' : 'inherit',
      signal: early.signal,
      onStart: (handle) => {
        launcher = handle
      },
    })
  } catch (error) {
    report?.abandon()
    throw error
  } finally {
    restore()
  }
  // First to the terminal: a report that cannot be written must not take the result along.
  if (flags.summary) process.stderr.write(runText(result, styleFor(process.stderr)))
  report?.write(toJson(result))
  const missed = flags.requireActive === true && result.verdict.state !== 'active'
  process.exitCode = missed ? 3 : shellStatus(result)
}
