/** `alloc8 report`: a stored result of a comparison as a page, Markdown, JUnit XML, or the table. */

import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { parseCompareResult } from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import { compareHtml, compareJunit, compareMarkdown, compareText } from '../report/index.ts'
import type { CompareResult } from '../types.ts'
import { openReport } from './output.ts'
import { styleFor } from './terminal.ts'

interface ReportFlags {
  html?: string
  markdown?: string
  junit?: string
}

/** The command with its options. */
export function reportCommand(): Command {
  return new Command('report')
    .description('Show a result that compare --json wrote: as the table, a page, Markdown or JUnit XML.')
    .argument('<file>', 'the result (- for stdin)')
    .option('--html <file>', 'write one self-contained HTML page (- for stdout)')
    .option('--markdown <file>', 'write Markdown for a summary or a comment (- for stdout)')
    .option('--junit <file>', 'write JUnit XML (- for stdout)')
    .addHelpText(
      'after',
      `
Without an option, the table that compare prints.

Exit status: 0; 2 where the file cannot be read or is no result of a comparison.

Examples:
  alloc8 report result.json --html result.html
  alloc8 report result.json --markdown - >> "$GITHUB_STEP_SUMMARY"`,
    )
    .action(execute)
}

function execute(file: string, flags: ReportFlags): void {
  const result = read(file)
  const wanted: [string | undefined, (result: CompareResult) => string][] = [
    [flags.html, compareHtml],
    [flags.markdown, compareMarkdown],
    [flags.junit, compareJunit],
  ]
  const places = wanted.flatMap(([place, report]) =>
    place === undefined ? [] : [{ place: openReport(place), report }],
  )
  for (const { place, report } of places) place.write(report(result))
  if (places.length === 0) process.stdout.write(compareText(result, styleFor(process.stdout)))
}

function read(file: string): CompareResult {
  const name = file === '-' ? 'stdin' : file
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const hint = 'name a file that alloc8 compare --json wrote'
    throw new Alloc8Error('RESULT_FILE', `${name}: cannot be read (${why})`, { hint, cause })
  }
  return parseCompareResult(text, name)
}
