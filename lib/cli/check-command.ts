/** `alloc8 check`: what an allocator does right and wrong, by the programs of the conformance kit. */

import { Command } from 'commander'
import { allHeaps, check, conformanceCases } from '../api/check.ts'
import { Alloc8Error } from '../errors.ts'
import { casesText, checkJunit, checkMarkdown, checkText } from '../report/index.ts'
import type { CheckResult } from '../types.ts'
import { watched } from './interruption.ts'
import { collect, duration, wholeNumber } from './options.ts'
import { toJson } from './output.ts'
import { checkProgress } from './progress.ts'
import { openAll } from './reports.ts'
import { styleFor } from './terminal.ts'

interface CheckFlags {
  all?: boolean
  group?: string[]
  case?: string[]
  list?: boolean
  jobs?: number
  stress?: number
  timeout?: number
  json?: string
  junit?: string
  markdown?: string
}

/** The command with its options. */
export function checkCommand(): Command {
  return new Command('check')
    .description('Say what an allocator does not do right, with a reproducer for each finding.')
    .argument('[heap...]', 'heaps to check: hoard, jemalloc:narenas=2, ./libmine.so')
    .option('--all', "check libc's malloc, the built-in heaps and all that are found")
    .option('--group <group>', 'run the cases of this group only; may be repeated', collect)
    .option('--case <id>', 'run this case only (GROUP/NAME); may be repeated', collect)
    .option('--list', 'list the cases, each with what it expects and by which standard, and run nothing')
    .option('--jobs <n>', 'programs that run at once (default: the number of cores)', wholeNumber(1))
    .option(
      '--stress <time>',
      'how long the random stress runs (30, 90s, 10m; default: a fixed number of steps)',
      duration,
    )
    .option('--timeout <time>', 'how long a case may take (default: 30 s)', duration)
    .option('--json <file>', 'write the result as JSON (- for stdout)')
    .option('--junit <file>', 'write JUnit XML, for a CI server')
    .option('--markdown <file>', 'write Markdown, for a README or a pull request')
    .addHelpText('after', help)
    .action(execute)
}

const help = `
Each case is a small program, run in a process of its own under the heap; alloc8 itself never runs under it. Misuse
(overflows, double frees, wrong pointers) is no case that fails: it is scored as stopped (the program was ended), masked
(no harm was done) or silent (harm was done, and nobody was told).

Exit status: 0 when no case failed, 1 when one did, 2 for wrong use, 3 when a heap could not be loaded, 130 interrupted.

Examples:
  alloc8 check hoard
  alloc8 check ./libmine.so --group fork --group threads
  alloc8 check jemalloc --case align/tiny-malloc
  alloc8 check ./libmine.so --group stress --stress 10m
  alloc8 check --all --markdown conformance.md`

async function execute(heaps: string[], flags: CheckFlags): Promise<void> {
  const selection = { groups: flags.group, cases: flags.case }
  if (flags.list === true) {
    const beside = heaps.length > 0 || flags.all || flags.json || flags.junit || flags.markdown
    if (beside) throw new Alloc8Error('USAGE', 'check: --list runs nothing: expected no heaps and no reports beside it')
    const { stdout } = process
    stdout.write(casesText(conformanceCases(selection), styleFor(stdout)))
    return
  }
  if (flags.all === true && heaps.length > 0) {
    throw new Alloc8Error('USAGE', `check: expected heaps or --all, got --all and ${heaps.join(', ')}`)
  }
  if (flags.all !== true && heaps.length === 0) {
    throw new Alloc8Error('USAGE', 'check: expected a heap, got none', {
      hint: 'alloc8 check hoard, alloc8 check ./libmine.so or alloc8 check --all; the heaps are listed by alloc8 heaps',
    })
  }
  const wanted = flags.all === true ? await allHeaps() : heaps
  const { result, interrupted } = await checkAndShow(flags, (watch) =>
    check({
      heaps: wanted,
      ...selection,
      jobs: flags.jobs,
      stressMs: flags.stress,
      timeoutMs: flags.timeout,
      ...watch,
    }),
  )
  process.exitCode = interrupted ? 130 : exitStatus(result)
}

type Watch = Pick<Parameters<typeof check>[0], 'signal' | 'onProgress'>

async function checkAndShow(flags: CheckFlags, work: (watch: Watch) => Promise<CheckResult>) {
  const formats = { json: toJson, junit: checkJunit, markdown: checkMarkdown }
  const reports = openAll<CheckResult>(
    (['json', 'junit', 'markdown'] as const).flatMap((name) => {
      const path = flags[name]
      return path === undefined ? [] : { path, format: formats[name] }
    }),
  )
  const progress = checkProgress(process.stderr)
  const stopping = 'stopping with what was found'
  const { result, interrupted } = await watched({ progress, reports, stopping }, (signal) =>
    work({ signal, onProgress: progress.update }),
  )
  const stream = reports.onStdout ? process.stderr : process.stdout
  // First to the terminal: a report that cannot be written must not take the result along.
  stream.write(checkText(result, styleFor(stream)))
  reports.write(result)
  return { result, interrupted }
}

function exitStatus({ heaps, holds }: CheckResult): number {
  const unloaded = heaps.some(({ problem }) => problem?.code === 'not-loaded' || problem?.code === 'not-in-effect')
  return unloaded ? 3 : holds ? 0 : 1
}
