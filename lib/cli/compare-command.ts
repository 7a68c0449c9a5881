/** `alloc8 compare`: which heap runs a program, or a suite of them, best. */

import { Command, Option } from 'commander'
import { compareBase, isStoredResult, readBase } from '../api/base.ts'
import { compare } from '../api/compare.ts'
import { compareSuite, hasFailedWorkload, loadSuite, type SuiteOverrides } from '../api/suite.ts'
import { Alloc8Error, usageError } from '../errors.ts'
import { splitHeapList } from '../heaps/index.ts'
import { probeLevels } from '../launch/probe-settings.ts'
import type { Alloc8Config, CompareResult, Pairing, ProbeLevel } from '../types.ts'
import {
  compareAndShow,
  isHeapMissing,
  openReports,
  type ReportFlags,
  reproduction,
  type Watch,
  withReportOptions,
} from './comparing.ts'
import { guardStatus, withoutExit } from './guard.ts'
import { collect, commandText, duration, levelList, share, wholeNumber } from './options.ts'

/** What `compare` and `ci` can be told alike. */
export interface CompareFlags extends ReportFlags {
  heaps?: string
  heap?: string[]
  blocks?: number
  warmupBlocks?: number
  maxTime?: number
  seed?: number
  metric?: string[]
  higherIsBetter?: string[]
  threshold?: number
  prepare?: string
  timeout?: number
  pairing?: Pairing
  probe?: ProbeLevel[]
  untilDecided?: boolean
  ignoreFailure?: boolean
  showOutput?: boolean
  suite?: string
  workload?: string[]
  against?: string
}

/** Adds the options that change what is run. */
export function withRunOptions(command: Command): Command {
  return command
    .option('--heaps <list>', 'heaps to compare, the first being the baseline (system,jemalloc:narenas=2,./libmine.so)')
    .option('--heap <heap>', 'one heap to compare; may be repeated, for paths with commas', collect)
    .option('--workload <name>', 'of a suite, run this one only; may be repeated', collect)
    .option('--blocks <n>', 'how often every heap is run, in random order (default: 15)', wholeNumber(1))
    .option('--warmup-blocks <n>', 'blocks that are run first and not counted (default: 1)', wholeNumber(0))
    .option('--max-time <time>', 'begin no block that would end later than this (30, 500ms, 10m)', duration)
    .option(
      '--metric <metric>',
      'wall, user, sys, cpu, peak-rss, faults, instructions, of services rss-mean, rss-peak, rss-after, of the probe peak-live, allocations, allocated, waste, alloc-p50, alloc-p99, alloc-p99.9, free-p50, free-p99, free-p99.9, or NAME=/REGEX/; may be repeated',
      collect,
    )
    .option('--higher-is-better <name>', 'a metric NAME that should grow; may be repeated', collect)
    .option('--threshold <share>', 'what counts as a difference (default: 0.01)', share)
    .addOption(
      new Option(
        '--pairing <how>',
        'measure CPU time beside the baseline (duet) or one after the other (alone)',
      ).choices(['duet', 'alone']),
    )
    .option(
      '--probe <levels>',
      `add what the probe counts as metrics: ${probeLevels.join(', ')}, or several`,
      levelList,
    )
    .option('--until-decided', 'add blocks, up to four times as many, until each verdict is decided')
    .option('--prepare <command>', 'a shell command to run, untimed, before each run')
    .option('--timeout <time>', 'end a run after this; it counts as failed', duration)
    .option('--ignore-failure', 'take runs that exit with another status than 0 for good')
    .option('--seed <n>', 'make the random order repeatable', wholeNumber(0))
    .option('--show-output', 'pass what the program prints on to stderr')
}

/** The command with its options. */
export function compareCommand(): Command {
  const command = new Command('compare')
    .description('Say which heap runs a program, or a suite of them, best, by how much and how sure.')
    .argument('[command...]', 'the program and its arguments, after --; its stdin is empty')
    .option('--suite <suite>', "classic, alloc8's own workloads, or a configuration such as alloc8.config.ts")
    .option('--against <what>', "the baseline: an earlier build ('./old --fast'), or a saved result (base.json)")
  return withReportOptions(withRunOptions(command))
    .option('--save <file>', 'keep the result, to compare later ones with by --against')
    .passThroughOptions()
    .addHelpText('after', help)
    .action(execute)
}

const help = `
CPU time (user, sys, cpu) of a program that is busy is measured in duets: beside the baseline, at the same moment on the
same cores, so that both meet the same noise. Two instances then run at once; use --pairing alone where they would get
in each other's way, or to take a third of the time.

With --probe, or a metric of the probe's, it runs in front of each heap alike, default and system too, and costs some
nanoseconds a call: peak-live, the highest of live bytes; allocations; allocated, the bytes asked for; waste, the usable
bytes over those; alloc-p50 to free-p99.9, how long the heap took for all but a share of the calls, where an eighth is
the least that counts as a difference. Of a service it counts from the server's start to its stop. Times are then not
what they are without it, which a warning says.

Without --heaps: system, the built-in heaps and all that are found, and the program untouched where it brings an
allocator of its own. Ctrl-C ends with what the complete blocks gave.

With --suite the workloads are run one after another, each with its setup before and its teardown after it, also after
Ctrl-C or a failure. A workload whose setup fails is named and left out, and the others are run. Options given here go
before what the suite says; --max-time is for the whole suite, an equal part of what is left for each workload.

With --against a program the two are run side by side under one heap (the program untouched, unless --heap names
another). With --against a saved result each heap's ratio to the baseline is compared with what it was: only on the same
machine, for the same commands and the same library of the baseline, and less certain, as it was another hour.

Exit status: 0; 3 when a heap was not in effect; 1 when nothing could be compared; 2 wrong usage or configuration; 125
when a workload of a suite could not be made ready; 126 or 127 when the program could not be executed or found; 130
interrupted.

Examples:
  alloc8 compare -- node build.js
  alloc8 compare --heaps system,jemalloc,mimalloc --blocks 30 -- ./bench --threads 4
  alloc8 compare --heap ./old.so --heap ./new.so -- ./bench
  alloc8 compare --against './old/server --bench' -- ./new/server --bench
  alloc8 compare --probe live --heaps system,hoard,mimalloc -- ./bench
  alloc8 compare --suite classic --workload larson --html report.html
  alloc8 compare --metric 'rps=/Requests per second:\\s+([\\d.]+)/' --higher-is-better rps -- ./load.sh`

async function execute(command: string[], flags: CompareFlags): Promise<void> {
  if (flags.suite === undefined && command.length === 0) {
    throw new Alloc8Error('USAGE', 'compare: expected a program after --, or --suite, got neither')
  }
  if (flags.suite !== undefined && command.length > 0) {
    const both = `--suite ${flags.suite} and ${command[0]}`
    throw new Alloc8Error('USAGE', `compare: expected a program after --, or --suite, got ${both}`)
  }
  if (flags.suite === undefined && flags.workload !== undefined) {
    throw usageError('--workload', 'a suite (--suite) to choose from', flags.workload.join(', '))
  }
  const { suite } = flags
  if (suite === undefined) return compareWith(commandRun(command, flags), flags)
  await guardStatus(`compare --suite ${suite}`, async () => compareWith((await suiteRun(suite, flags)).run, flags))
}

async function compareWith(run: (watch: Watch) => Promise<CompareResult>, flags: CompareFlags): Promise<void> {
  const reports = openReports(flags)
  const { result, interrupted } = await compareAndShow((watch) => withBase(flags, () => run(watch)), {
    reports,
    showOutput: flags.showOutput === true,
    adopt: flags.suite === undefined,
  })
  process.exitCode = exitStatus(result, interrupted)
}

/** What is said for a comparison of any kind. */
export function overridesOf(flags: CompareFlags): SuiteOverrides & { maxTimeMs: number | undefined } {
  const listed = flags.heaps === undefined ? [] : splitHeapList(flags.heaps)
  const heaps = [...listed, ...(flags.heap ?? [])]
  return {
    heaps: heaps.length === 0 ? undefined : heaps,
    blocks: flags.blocks,
    warmupBlocks: flags.warmupBlocks,
    maxTimeMs: flags.maxTime,
    seed: flags.seed,
    pairing: flags.pairing,
    probe: flags.probe,
    untilDecided: flags.untilDecided,
    metrics: flags.metric,
    higherIsBetter: flags.higherIsBetter,
    threshold: flags.threshold,
    prepare: flags.prepare,
    timeoutMs: flags.timeout,
    ignoreFailure: flags.ignoreFailure,
  }
}

function commandRun(command: string[], flags: CompareFlags): (watch: Watch) => Promise<CompareResult> {
  const seed = flags.seed ?? Date.now() % 2 ** 31
  const { against } = flags
  const before = against === undefined || isStoredResult(against) ? undefined : commandText('--against', against)
  const reproduce = reproduction(seed, flags.seed === undefined)
  return (watch) => compare({ ...overridesOf(flags), command, against: before, seed, reproduce, ...watch })
}

/** Loads a suite by its name, or the one in the working folder where it has none. Gives how to run it. */
export async function suiteRun(
  suite: string | undefined,
  flags: CompareFlags,
): Promise<{ config: Alloc8Config; run: (watch: Watch) => Promise<CompareResult> }> {
  if (flags.against !== undefined && !isStoredResult(flags.against)) {
    throw usageError('--against', 'a saved result (a workload names its earlier build itself: against)', flags.against)
  }
  const { config, folder } = await withoutExit(() => loadSuite(suite))
  const seed = flags.seed ?? config.seed ?? Date.now() % 2 ** 31
  const reproduce = reproduction(seed, flags.seed === undefined && config.seed === undefined)
  const options = { ...overridesOf(flags), folder, seed, workloads: flags.workload, reproduce }
  return { config, run: (watch) => compareSuite(config, { ...options, ...watch }) }
}

/** A comparison, held against a saved result where one is named; that is read first, as it may be none. */
export async function withBase({ against }: CompareFlags, run: () => Promise<CompareResult>): Promise<CompareResult> {
  if (against === undefined || !isStoredResult(against)) return run()
  const base = readBase(against)
  const result = await run()
  try {
    return compareBase(result, base)
  } catch (error) {
    if (!(error instanceof Alloc8Error) || error.code !== 'BASE') throw error
    // What was measured stands, and may be hours of work.
    const message = [error.message, ...(error.hint ?? '').split('\n')].filter((part) => part !== '').join('; ')
    return { ...result, warnings: [...result.warnings, { code: BASE_REFUSED, message }] }
  }
}

const BASE_REFUSED = 'base-refused'

/** Whether a stored result was named with which this one cannot be compared. */
export function isBaseRefused({ warnings }: CompareResult): boolean {
  return warnings.some(({ code }) => code === BASE_REFUSED)
}

function exitStatus(result: CompareResult, interrupted: boolean): number {
  if (interrupted) return 130
  if (hasFailedWorkload(result)) return 125
  if (isBaseRefused(result)) return 2
  if (isHeapMissing(result)) return 3
  return result.cells.some((cell) => cell.runs.some((run) => run !== null)) ? 0 : 1
}
