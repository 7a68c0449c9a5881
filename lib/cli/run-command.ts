/** `alloc8 run`: a program under a heap, as if it ran by itself, with a summary afterwards. */

import { Command } from 'commander'
import { type RunOptions, run } from '../api/run.ts'
import { Alloc8Error } from '../errors.ts'
import type { LauncherHandle } from '../launch/launch.ts'
import { probeLevels } from '../launch/probe-settings.ts'
import { shellStatus, yieldSignals } from '../launch/signals.ts'
import { shellWord } from '../report/index.ts'
import { runText } from '../report/run-text.ts'
import type { ProbeLevel, RunResult } from '../types.ts'
import { cpuList, duration, levelList, size, wholeNumber } from './options.ts'
import { toJson } from './output.ts'
import { addProfileOptions, type ProfileFlags, profileReports } from './profiling.ts'
import { openAll, type WantedReport } from './reports.ts'
import { styleFor } from './terminal.ts'
import { runWatched, usualIntervalMs, type WatchMode, watchMode } from './watching.ts'

interface RunFlags extends ProfileFlags {
  heap: string
  timeout?: number
  requireActive?: boolean
  probe?: ProbeLevel[]
  sampleBytes?: number
  latencyEvery?: number
  session?: string
  cpus?: number[]
  aslr: boolean
  endDescendants?: boolean
  watch?: WatchMode
  interval?: number
  summary: boolean
  json?: string
}

/** The command with its options. */
export function runCommand(): Command {
  const command = new Command('run')
    .description("Run a program under a heap. Its input, output and exit status are the program's own.")
    .argument('<command...>', 'the program and its arguments, after --')
    .option('--heap <heap>', 'a name from `alloc8 heaps`, with tunables, or the path of a library', 'default')
    .option('--require-active', 'end with status 3 unless the heap was in effect in every process')
    .option('--probe <levels>', `what to watch of its heap: ${probeLevels.join(', ')}, or several`, levelList)
    .option('--sample-bytes <size>', 'of sample: the mean distance of samples (512K unless given)', size)
    .option('--latency-every <n>', 'of latency: time one in n calls (each unless given)', wholeNumber(1))
    .option(
      '--watch [json]',
      'watch it on the whole screen while it runs; =json: as lines of JSON on stdout',
      watchMode,
    )
    .option('--interval <time>', 'of --watch: how often to look (1s unless given)', duration)
  return addProfileOptions(command)
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
--watch draws on stderr's terminal. The program's output is printed when the view has ended, and its stdin is empty
unless ours is no terminal; q ends the view and not the program. Watched, it is probed at \`live\` unless --probe says
otherwise. Under --watch=json its stdout goes to stderr.

Exit status: the program's own, 128+n when it died by signal n; 3 with --require-active when the heap was not in
effect; 125 when alloc8 failed, 126 when the program is not executable, 127 when it is not found.

Examples:
  alloc8 run --heap jemalloc -- node server.js
  alloc8 run --heap system:arena_max=1 --require-active -- ./server
  alloc8 run --heap ./libmine.so --json result.json -- python3 job.py
  alloc8 run --heap mimalloc --watch -- redis-server`,
    )
    .action(execute)
}

/** The result itself, and what was sampled in other formats. */
function wantedReports(flags: RunFlags): WantedReport<RunResult>[] {
  const stacks = profileReports(flags).map(({ path, format }): WantedReport<RunResult> => {
    return {
      path,
      format: ({ profile, command }) =>
        profile === null ? '' : format({ profile, name: command.map(shellWord).join(' ') }),
    }
  })
  return flags.json === undefined ? stacks : [{ path: flags.json, format: toJson }, ...stacks]
}

async function execute(command: string[], flags: RunFlags): Promise<void> {
  if (flags.interval !== undefined && flags.watch === undefined) {
    throw new Alloc8Error('USAGE', '--interval: expected together with --watch')
  }
  if (flags.watch === 'json' && flags.json === '-') {
    throw new Alloc8Error('USAGE', '--json -: stdout has the lines of --watch=json; name a file')
  }
  const reports = openAll(wantedReports(flags))
  const early = new AbortController()
  let launcher: LauncherHandle | null = null
  const restore = yieldSignals(
    () => launcher,
    () => early.abort(),
  )
  // What is to be written must be sampled.
  const exported = profileReports(flags).length > 0
  const levels: ProbeLevel[] | undefined = exported ? [...(flags.probe ?? []), 'sample'] : flags.probe
  const shows = flags.summary || flags.json !== undefined
  let result: RunResult
  try {
    const options: RunOptions = {
      command,
      heap: flags.heap,
      probe: levels && { levels, sampleBytes: flags.sampleBytes, latencyEvery: flags.latencyEvery },
      timeoutMs: flags.timeout,
      profile: exported || (shows && levels?.includes('sample') === true),
      sessionDirectory: flags.session,
      cpus: flags.cpus,
      aslr: flags.aslr,
      killTree: flags.endDescendants === true,
      stdout: reports.onStdout ? 'stderr' : 'inherit',
      signal: early.signal,
      onStart: (handle) => {
        launcher = handle
      },
    }
    const { watch, interval = usualIntervalMs } = flags
    result = watch === undefined ? await run(options) : await runWatched(options, watch, interval)
  } catch (error) {
    reports.abandon()
    throw error
  } finally {
    restore()
  }
  // First to the terminal: a report that cannot be written must not take the result along.
  if (flags.summary) process.stderr.write(runText(result, styleFor(process.stderr)))
  reports.write(result)
  const missed = flags.requireActive === true && result.verdict.state !== 'active'
  process.exitCode = missed ? 3 : shellStatus(result)
}
