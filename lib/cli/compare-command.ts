/** `alloc8 compare`: which heap runs a program best. */

import { Command, Option } from 'commander'
import { type CompareOptions, compare } from '../api/compare.ts'
import { resolveHeap, splitHeapList } from '../heaps/index.ts'
import { adoptText, bestHeap, compareText, shellWord, type TextStyle } from '../report/index.ts'
import type { ComparedHeap, CompareResult, Pairing } from '../types.ts'
import { collect, duration, share, wholeNumber } from './options.ts'
import { openReport, toJson } from './output.ts'
import { progressLine } from './progress.ts'
import { styleFor } from './terminal.ts'

interface CompareFlags {
  heaps?: string
  heap?: string[]
  blocks: number
  warmupBlocks: number
  maxTime?: number
  seed?: number
  metric?: string[]
  higherIsBetter?: string[]
  threshold: number
  prepare?: string
  timeout?: number
  pairing?: Pairing
  untilDecided?: boolean
  ignoreFailure?: boolean
  showOutput?: boolean
  json?: string
}

/** The command with its options. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('Say which heap runs a program best, by how much and how sure.')
    .argument('<command...>', 'the program and its arguments, after --; its stdin is empty')
    .option('--heaps <list>', 'heaps to compare, the first being the baseline (system,jemalloc:narenas=2,./libmine.so)')
    .option('--heap <heap>', 'one heap to compare; may be repeated, for paths with commas', collect)
    .option('--blocks <n>', 'how often every heap is run, in random order', wholeNumber(1), 15)
    .option('--warmup-blocks <n>', 'blocks that are run first and not counted', wholeNumber(0), 1)
    .option('--max-time <time>', 'begin no block that would end later than this (30, 500ms, 10m)', duration)
    .option(
      '--metric <metric>',
      'wall, user, sys, cpu, peak-rss, faults, instructions, or NAME=/REGEX/; may be repeated',
      collect,
    )
    .option('--higher-is-better <name>', 'a metric NAME that should grow; may be repeated', collect)
    .option('--threshold <share>', 'what counts as a difference', share, 0.01)
    .addOption(
      new Option(
        '--pairing <how>',
        'measure CPU time beside the baseline (duet) or one after the other (alone)',
      ).choices(['duet', 'alone']),
    )
    .option('--until-decided', 'add blocks, up to four times as many, until each verdict is decided')
    .option('--prepare <command>', 'a shell command to run, untimed, before each run')
    .option('--timeout <time>', 'end a run after this; it counts as failed', duration)
    .option('--ignore-failure', 'take runs that exit with another status than 0 for good')
    .option('--seed <n>', 'make the random order repeatable', wholeNumber(0))
    .option('--show-output', 'pass what the program prints on to stderr')
    .option('--json <file>', 'write the result as JSON (- for stdout, and the table to stderr)')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
CPU time (user, sys, cpu) of a program that is busy is measured in duets: beside the baseline, at the same moment on the
same cores, so that both meet the same noise. Two instances then run at once; use --pairing alone where they would get
in each other's way, or to take a third of the time.

Without --heaps: system, the built-in heaps and all that are found, and the program untouched where it brings an
allocator of its own. Ctrl-C ends with what the complete blocks gave.

Exit status: 0; 3 when a heap was not in effect; 1 when nothing could be compared; 2 wrong usage; 130 interrupted.

Examples:
  alloc8 compare -- node build.js
  alloc8 compare --heaps system,jemalloc,mimalloc --blocks 30 -- ./bench --threads 4
  alloc8 compare --metric 'rps=/Requests per second:\\s+([\\d.]+)/' --higher-is-better rps -- ./load.sh`,
    )
    .action(execute)
}

async function execute(command: string[], flags: CompareFlags): Promise<void> {
  const report = flags.json === undefined ? null : openReport(flags.json)
  const progress = progressLine(process.stderr)
  const interrupt = interruption(
    () => {
      progress.end()
      process.stderr.write('alloc8: stopping with the blocks that there are; once more ends it at once\n')
    },
    () => {
      progress.end()
      report?.abandon()
    },
  )
  let result: CompareResult
  try {
    result = await compare({
      ...toOptions(command, flags),
      signal: interrupt.signal,
      onProgress: progress.update,
      onOutput: flags.showOutput === true ? progress.print : undefined,
    })
  } catch (error) {
    report?.abandon()
    throw error
  } finally {
    progress.end()
    interrupt.end()
  }
  const stream = flags.json === '-' ? process.stderr : process.stdout
  const style = styleFor(stream)
  // First to the terminal: a report that cannot be written must not take the result along.
  stream.write(compareText(result, style))
  stream.write(await adoption(result, style))
  report?.write(toJson(result))
  process.exitCode = exitStatus(result, interrupt.signal.aborted)
}

function toOptions(command: string[], flags: CompareFlags): CompareOptions {
  const listed = flags.heaps === undefined ? [] : splitHeapList(flags.heaps)
  const heaps = [...listed, ...(flags.heap ?? [])]
  const seed = flags.seed ?? Date.now() % 2 ** 31
  return {
    command,
    heaps: heaps.length === 0 ? undefined : heaps,
    blocks: flags.blocks,
    warmupBlocks: flags.warmupBlocks,
    maxTimeMs: flags.maxTime,
    seed,
    pairing: flags.pairing,
    untilDecided: flags.untilDecided,
    reproduce: reproduction(seed, flags.seed === undefined),
    metrics: flags.metric,
    higherIsBetter: flags.higherIsBetter,
    threshold: flags.threshold,
    prepare: flags.prepare,
    timeoutMs: flags.timeout,
    ignoreFailure: flags.ignoreFailure,
  }
}

/** The command line that does it again: the words of this one, with the seed where it had none. */
function reproduction(seed: number, added: boolean): string {
  const words = process.argv.slice(2)
  return ['alloc8', words[0] ?? '', ...(added ? ['--seed', String(seed)] : []), ...words.slice(1)]
    .map(shellWord)
    .join(' ')
}

/**
 * The first Ctrl-C ends the comparison with what there is, after `first`; the second ends the process at once, after
 * `second`.
 */
function interruption(first: () => void, second: () => void): { signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) {
      second()
      process.exit(130)
    }
    first()
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  return {
    signal: controller.signal,
    end: () => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, stop)
    },
  }
}

/** No run came so far that anything could be seen of it. */
function isUnknown({ reasons }: ComparedHeap): boolean {
  return reasons.some(({ code }) => code === 'not-run')
}

function exitStatus(result: CompareResult, interrupted: boolean): number {
  if (interrupted) return 130
  if (result.heaps.some((heap) => heap.state !== 'active' && !isUnknown(heap))) return 3
  return result.cells.some((cell) => cell.runs.some((run) => run !== null)) ? 0 : 1
}

/** The lines that put the best heap to use; nothing where no heap is better than what runs already. */
async function adoption(result: CompareResult, style: TextStyle): Promise<string> {
  const best = result.heaps[bestHeap(result)?.index ?? -1]
  if (best === undefined) return ''
  return `\n${adoptText(await resolveHeap(best.spec), result.command, style)}`
}
