/**
 * What the commands that compare have in common: a progress bar, Ctrl-C, reports in files that are opened before
 * anything runs, and the table for people at the end.
 */

import type { Command } from 'commander'
import type { WorkloadOptions } from '../api/compare.ts'
import { resolveHeap } from '../heaps/index.ts'
import {
  adoptText,
  bestHeap,
  compareHtml,
  compareJunit,
  compareMarkdown,
  compareText,
  shellWord,
  type TextStyle,
} from '../report/index.ts'
import type { ComparedHeap, CompareResult, GateResult } from '../types.ts'
import { watched } from './interruption.ts'
import { toJson } from './output.ts'
import { progressLine } from './progress.ts'
import { openAll, type Reports } from './reports.ts'
import { styleFor } from './terminal.ts'

type Format = (result: CompareResult, gate?: GateResult) => string

/** Each format with the function that makes it. */
const formats = {
  json: (result: CompareResult) => toJson(result),
  save: (result: CompareResult) => toJson(result),
  html: (result: CompareResult) => compareHtml(result),
  markdown: (result: CompareResult) => compareMarkdown(result),
  junit: (result: CompareResult, gate?: GateResult) => compareJunit(result, gate),
} satisfies Record<string, Format>

/** Where reports go, by format. */
export type ReportFlags = { [Format in keyof typeof formats]?: string | undefined }

/** Adds the options of reports. */
export function withReportOptions(command: Command): Command {
  return command
    .option('--json <file>', 'write the result as JSON (- for stdout, and the table to stderr)')
    .option('--html <file>', 'write a page to look at in a browser')
    .option('--markdown <file>', 'write Markdown, for a pull request')
    .option('--junit <file>', 'write JUnit XML, for a CI server')
}

/**
 * Opens all reports. What `gateOf` says is what a report counts as passed and failed, where there is a gate.
 */
export function openReports(
  flags: ReportFlags,
  gateOf?: (result: CompareResult) => GateResult,
): Reports<CompareResult> {
  const wanted = (Object.keys(formats) as (keyof typeof formats)[]).flatMap((name) => {
    const path = flags[name]
    const format = (result: CompareResult) => (formats[name] as Format)(result, gateOf?.(result))
    return path === undefined ? [] : { path, format }
  })
  return openAll(wanted)
}

/** What a comparison is told by the one who watches it. */
export type Watch = Pick<WorkloadOptions, 'signal' | 'onProgress' | 'onOutput'>

/**
 * Runs a comparison with a progress bar and Ctrl-C, shows its table and writes its reports. Gives the result, and
 * whether it was interrupted.
 */
export async function compareAndShow(
  work: (watch: Watch) => Promise<CompareResult>,
  { reports, showOutput, adopt }: { reports: Reports<CompareResult>; showOutput: boolean; adopt: boolean },
): Promise<{ result: CompareResult; interrupted: boolean }> {
  const progress = progressLine(process.stderr)
  const stopping = 'stopping with the blocks that there are'
  const { result, interrupted } = await watched({ progress, reports, stopping }, (signal) =>
    work({ signal, onProgress: progress.update, onOutput: showOutput ? progress.print : undefined }),
  )
  const stream = reports.onStdout ? process.stderr : process.stdout
  const style = styleFor(stream)
  // First to the terminal: a report that cannot be written must not take the result along.
  stream.write(compareText(result, style))
  if (adopt) stream.write(await adoption(result, style))
  reports.write(result)
  return { result, interrupted }
}

/** The command line that does it again: the words of this one, with the seed where it had none. */
export function reproduction(seed: number, added: boolean): string {
  const words = process.argv.slice(2)
  return ['alloc8', words[0] ?? '', ...(added ? ['--seed', String(seed)] : []), ...words.slice(1)]
    .map(shellWord)
    .join(' ')
}

/** No run came so far that anything could be seen of it. */
function isUnknown({ reasons }: ComparedHeap): boolean {
  return reasons.some(({ code }) => code === 'not-run')
}

/** Whether a heap ran and was not, or only partly, in effect. */
export function isHeapMissing({ heaps }: CompareResult): boolean {
  return heaps.some((heap) => heap.state !== 'active' && !isUnknown(heap))
}

/** The lines that put the best heap to use; nothing where no heap is better than what runs already. */
async function adoption(result: CompareResult, style: TextStyle): Promise<string> {
  const best = result.heaps[bestHeap(result)?.index ?? -1]
  // Of two builds the better one is kept by keeping it.
  if (best === undefined || best.command !== undefined) return ''
  return `\n${adoptText(await resolveHeap(best.spec), result.command, style)}`
}
