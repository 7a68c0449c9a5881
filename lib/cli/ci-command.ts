/** `alloc8 ci`: a suite as a gate. Its status says whether anything got worse, and is never decided by noise. */

import { appendFileSync, closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { Command } from 'commander'
import { hasFailedWorkload } from '../api/suite.ts'
import { gateResult } from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import { compareMarkdown, gateText, plainPalette } from '../report/index.ts'
import type { CompareResult, GateResult } from '../types.ts'
import { type CompareFlags, isBaseRefused, suiteRun, withBase, withRunOptions } from './compare-command.ts'
import { compareAndShow, isHeapMissing, openReports, withReportOptions } from './comparing.ts'
import { harmless } from './failure.ts'
import { guardStatus } from './guard.ts'
import { styleFor } from './terminal.ts'

/** The command with its options. */
export function ciCommand(): Command {
  const command = new Command('ci')
    .description('Run the suite of alloc8.config.ts and end with a status that says whether anything got worse.')
    .option(
      '--config <file>',
      'the configuration (default: alloc8.config.ts, .mts, .js, .mjs or .json here), or classic',
    )
    .option('--against <base.json>', 'a saved result of this machine to be held against, too')
  return withReportOptions(withRunOptions(command))
    .option('--save <file>', 'keep the result, to compare later ones with by --against')
    .addHelpText('after', help)
    .action((flags: CiFlags) => guardStatus('ci', () => execute(flags)))
}

const help = `
The gate looks at every cell (workload, heap, metric) but the baseline's, or at the metrics that the configuration names
(gate: ['peak-rss']). Each passes, fails or is inconclusive:
  fail          the whole interval lies beyond the threshold on the worse side, or most runs failed and more than the
                baseline's; the interval is wider than in the table, so that of all cells together 5 % at most are
                false alarms
  pass          the interval excludes that it is worse by more than the threshold, and no more runs failed than the
                baseline's
  inconclusive  neither: more blocks, a longer program or a larger threshold decide it
With --against each cell's change since the stored result is judged, too, within the same 5 %. How the machine itself
drifted from that hour to this one is not in them: two builds in one session are the surer gate (against, two heaps).

Where GITHUB_STEP_SUMMARY is set, the report is added to that file as Markdown.

Exit status: 0 all pass; 1 one fails; 4 none fails and one is inconclusive; 3 a heap was not in effect; 125 a workload
could not be made ready (the others were run); 126 or 127 a program could not be executed or found; 2 wrong
configuration or usage, or a saved result that this one cannot be held against; 130 interrupted.

Examples:
  alloc8 ci
  alloc8 ci --config bench/alloc8.config.ts --junit junit.xml --html report.html
  alloc8 ci --config classic --heap ./old.so --heap ./new.so`

interface CiFlags extends CompareFlags {
  config?: string
}

async function execute(flags: CiFlags): Promise<void> {
  const { config, run } = await suiteRun(flags.config, flags)
  checkSummary()
  const reports = openReports(flags, (result) => gateResult(result, config.gate))
  const { result, interrupted } = await compareAndShow((watch) => withBase(flags, () => run(watch)), {
    reports,
    showOutput: flags.showOutput === true,
    adopt: false,
  })
  const gate = gateResult(result, config.gate)
  const stream = reports.onStdout ? process.stderr : process.stdout
  stream.write(`\n${gateText(gate, result, styleFor(stream))}`)
  addSummary(result, gate)
  process.exitCode = exitStatus(result, gate, interrupted)
}

/** The file of the summary of a step of GitHub Actions, where there is one. */
const summaryPath = () => process.env['GITHUB_STEP_SUMMARY'] || undefined

const whyOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error))

/** Throws where the summary cannot be written, before hours of work. */
function checkSummary(): void {
  const path = summaryPath()
  if (path === undefined) return
  const existed = existsSync(path)
  try {
    closeSync(openSync(path, 'a'))
    if (!existed) rmSync(path, { force: true })
  } catch (cause) {
    const hint = 'unset GITHUB_STEP_SUMMARY, or let it name a file that may be written'
    const message = `GITHUB_STEP_SUMMARY: ${path}: cannot be written (${whyOf(cause)})`
    throw new Alloc8Error('OUTPUT_PATH', message, { hint, cause })
  }
}

/** Adds the report to the summary, which takes Markdown. Where that fails by now, what the gate said still stands. */
function addSummary(result: CompareResult, gate: GateResult): void {
  const path = summaryPath()
  if (path === undefined) return
  try {
    const words = gateText(gate, result, { width: 100, unicode: true, palette: plainPalette })
    appendFileSync(path, `${compareMarkdown(result)}\n\`\`\`text\n${words}\`\`\`\n`)
  } catch (error) {
    process.stderr.write(
      `${harmless(`alloc8: warning: GITHUB_STEP_SUMMARY: ${path}: could not be written (${whyOf(error)})`)}\n`,
    )
  }
}

const statuses = { pass: 0, fail: 1, inconclusive: 4 } as const

function exitStatus(result: CompareResult, { outcome }: GateResult, interrupted: boolean): number {
  if (interrupted) return 130
  if (hasFailedWorkload(result)) return 125
  // Half of what the gate was to look at is not there.
  if (isBaseRefused(result)) return 2
  return isHeapMissing(result) ? 3 : statuses[outcome]
}
