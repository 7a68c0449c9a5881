/**
 * What the commands that compare have in common: a progress bar, Ctrl-C, reports in files that are opened before
 * anything runs, and the table for people at the end.
 */

import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { WorkloadOptions } from '../api/compare.ts'
import { Alloc8Error, usageError } from '../errors.ts'
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
import { openReport, type ReportFile, toJson } from './output.ts'
import { progressLine } from './progress.ts'
import { styleFor } from './terminal.ts'

/** Each format with the function that makes it. */
const formats = {
  json: toJson,
  save: toJson,
  html: compareHtml,
  markdown: (result: CompareResult) => compareMarkdown(result),
  junit: (result: CompareResult, gate?: GateResult) => compareJunit(result, gate),
} as const

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

/** The reports that were asked for, open. */
export interface Reports {
  /** One of them goes to stdout, so that what is for people goes to stderr. */
  onStdout: boolean
  write(result: CompareResult): void
  abandon(): void
}

/**
 * Opens all reports, so that a path that cannot be written is found before hours of work. What `gateOf` says is what a
 * report counts as passed and failed, where there is a gate.
 */
export function openReports(flags: ReportFlags, gateOf?: (result: CompareResult) => GateResult): Reports {
  const wanted = (Object.keys(formats) as (keyof typeof formats)[]).flatMap((format) => {
    const path = flags[format]
    return path === undefined ? [] : { path, format: formats[format] }
  })
  const onStdout = wanted.filter(({ path }) => path === '-').length
  if (onStdout > 1) throw usageError('-', 'stdout for one report', `${onStdout} reports`)
  checkDistinct(wanted.map(({ path }) => path))
  const open: { file: ReportFile; format: (result: CompareResult, gate?: GateResult) => string }[] = []
  const abandon = () => {
    for (const { file } of open) file.abandon()
  }
  try {
    for (const { path, format } of wanted) open.push({ file: openReport(path), format })
  } catch (error) {
    abandon()
    throw error
  }
  return {
    onStdout: onStdout > 0,
    write: (result) => {
      for (const { file, format } of open) file.write(format(result, gateOf?.(result)))
    },
    abandon,
  }
}

/** Throws where two reports would go to one file, of which the first would be lost. */
function checkDistinct(paths: readonly string[]): void {
  const files = new Set<string>()
  for (const path of paths) {
    const stat = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false })
    // A device or a FIFO takes one after the other.
    if (path === '-' || (stat !== undefined && !stat.isFile())) continue
    const file = stat === undefined ? resolve(path) : realpathSync(path)
    if (files.has(file))
      throw new Alloc8Error('USAGE', `${path}: expected a file for each report, got two reports for it`)
    files.add(file)
  }
}

/** What a comparison is told by the one who watches it. */
export type Watch = Pick<WorkloadOptions, 'signal' | 'onProgress' | 'onOutput'>

/**
 * Runs a comparison with a progress bar and Ctrl-C, shows its table and writes its reports. Gives the result, and
 * whether it was interrupted.
 */
export async function compareAndShow(
  work: (watch: Watch) => Promise<CompareResult>,
  { reports, showOutput, adopt }: { reports: Reports; showOutput: boolean; adopt: boolean },
): Promise<{ result: CompareResult; interrupted: boolean }> {
  const progress = progressLine(process.stderr)
  const interrupt = interruption(
    () => {
      progress.end()
      process.stderr.write('alloc8: stopping with the blocks that there are; once more ends it at once\n')
    },
    () => {
      progress.end()
      reports.abandon()
    },
  )
  let result: CompareResult
  try {
    result = await work({
      signal: interrupt.signal,
      onProgress: progress.update,
      onOutput: showOutput ? progress.print : undefined,
    })
  } catch (error) {
    reports.abandon()
    throw error
  } finally {
    progress.end()
    interrupt.end()
  }
  const stream = reports.onStdout ? process.stderr : process.stdout
  const style = styleFor(stream)
  // First to the terminal: a report that cannot be written must not take the result along.
  stream.write(compareText(result, style))
  if (adopt) stream.write(await adoption(result, style))
  reports.write(result)
  return { result, interrupted: interrupt.signal.aborted }
}

/** The command line that does it again: the words of this one, with the seed where it had none. */
export function reproduction(seed: number, added: boolean): string {
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
