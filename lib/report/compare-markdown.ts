/**
 * A comparison as Markdown for a CI's summary or a comment: the answer first, a table per metric, and all that is long
 * folded. A summary on GitHub may have 1 MiB; what goes beyond is left out from the end, with a word about it.
 */

import type { CompareResult } from '../types.ts'
import { shellWord } from './adopt.ts'
import { blocksPhrase, thresholdPhrase } from './conditions.ts'
import { type FailureGroup, failureGroups, failureSentence } from './failures.ts'
import { byteLength, cutBytes, type Markdown, mdBlock, mdCode, mdFold, mdPlain, mdTable, mdText } from './markdown.ts'
import { pairingSentences } from './pairing.ts'
import { sinceWords } from './since-text.ts'
import { type Signs, signsOf } from './style.ts'
import { comparisonSummary } from './summary.ts'
import { countOf, formatBytes, formatValue } from './units.ts'
import {
  type CellWord,
  cellsOf,
  cellWord,
  controlOf,
  heapLabels,
  isDecided,
  medianOf,
  metricsOf,
  overallOf,
  overallWord,
  stateWord,
  workloadsOf,
} from './view.ts'
import { metricNoun, ratioTexts } from './words.ts'

/** How the report may look. */
export interface MarkdownOptions {
  /** The most bytes that it may have; 1,000,000 unless given, as GitHub takes 1,048,576. */
  maxBytes?: number
}

const MAX_BYTES = 1_000_000
/** The most of one failed run's output that is shown. */
const MAX_OUTPUT = 8 * 1024

const marks: Record<CellWord, string> = {
  better: '🟢 better',
  worse: '🔴 worse',
  same: '⚪ same',
  inconclusive: '🟡 inconclusive',
  baseline: 'baseline',
  failed: '🔴 failed',
  'not active': '🔴 not active',
  'not run': '🟡 not run',
}

const ratioFields = (value: { ratio: number | null; low: number | null; high: number | null }, signs: Signs) => {
  if (!isDecided(value)) return [signs.none, '']
  const { ratio, interval } = ratioTexts(value, signs)
  return [ratio, mdPlain(interval)]
}

/** The rows of a metric in one workload: the heaps, then the noise floor. */
function metricRows(result: CompareResult, metric: string, workload: string, signs: Signs): Markdown[][] {
  const labels = heapLabels(result)
  const cells = cellsOf(result, metric, workload)
  const unit = cells[0]?.unit ?? ''
  const middle = (runs: readonly (number | null)[]) => {
    const value = medianOf(runs)
    return value === null ? signs.none : formatValue(value, unit, signs)
  }
  const rows = cells.map((cell, heap) => {
    const word = cellWord(result, cell, heap)
    const partly = word === cell.verdict && result.heaps[heap]?.state === 'partial' ? ', only partly in effect' : ''
    const ratio = heap === 0 ? [`1${signs.times}`, ''] : ratioFields(cell, signs)
    return [mdCode(labels[heap] ?? ''), middle(cell.runs), ...ratio, marks[word] + partly]
  })
  const control = controlOf(result, metric, workload)
  if (control === undefined) return rows
  return [...rows, ['<i>noise floor</i>', middle(control.runs), ...ratioFields(control, signs), '']]
}

function metricTable(result: CompareResult, metric: string, signs: Signs): Markdown {
  const several = workloadsOf(result).length > 1
  const rows = workloadsOf(result).flatMap((workload) =>
    metricRows(result, metric, workload, signs).map((row) => (several ? [mdText(workload), ...row] : row)),
  )
  const titles = ['heap', 'median', 'ratio', '95 % interval', 'verdict']
  const right = several ? [2, 3] : [1, 2]
  return mdTable(several ? ['workload', ...titles] : titles, rows, right)
}

function metricTitle(result: CompareResult, metric: string): Markdown {
  const higher = cellsOf(result, metric)[0]?.higherIsBetter === true
  return mdText(metricNoun(metric)) + (higher ? ' (higher is better)' : '')
}

/** The tables of all metrics: open where there is one workload, folded under the overall table where there are several. */
function metricSections(result: CompareResult, signs: Signs): Markdown[] {
  const several = workloadsOf(result).length > 1
  return metricsOf(result).map((metric) => {
    const title = metricTitle(result, metric)
    const table = metricTable(result, metric, signs)
    return several ? mdFold(`<b>${title}</b> by workload`, table) : `### ${title}\n\n${table}`
  })
}

function overallSection(result: CompareResult, signs: Signs): Markdown[] {
  if (result.overall.length === 0) return []
  const labels = heapLabels(result)
  const rows = metricsOf(result).flatMap((metric) =>
    overallOf(result, metric).flatMap((each, heap) =>
      heap === 0
        ? []
        : [
            [
              mdText(metricNoun(metric)),
              mdCode(labels[heap] ?? ''),
              ...ratioFields(each, signs),
              marks[overallWord(result, each, heap)],
            ],
          ],
    ),
  )
  const words = 'Geometric mean over the workloads, each counting alike:'
  return [`### Overall\n\n${words}\n\n${mdTable(['metric', 'heap', 'ratio', '95 % interval', 'verdict'], rows, [2])}`]
}

/** What has changed since a stored result, folded: it is the less certain part. */
function sinceSections(result: CompareResult, signs: Signs): Markdown[] {
  const { since } = result
  if (since === undefined) return []
  const labels = heapLabels(result)
  const rows = since.cells.map((cell) => [
    mdText(cell.workload),
    mdCode(labels[cell.heapIndex] ?? ''),
    mdText(metricNoun(cell.metric)),
    ...ratioFields(cell, signs),
    marks[cell.verdict],
  ])
  const table = mdTable(['workload', 'heap', 'metric', 'now over then', '95 % interval', 'verdict'], rows, [3])
  const words = `Now over then, by ${mdText(sinceWords(result, since))}; not side by side, so less certain.`
  return [mdFold(`<b>since ${mdText(since.file)}</b>`, `${words}\n\n${table}`)]
}

function outputOf(group: FailureGroup): Markdown {
  const told = group.failures.find(({ output }) => output.trim() !== '')
  if (told === undefined) return ''
  const tail = told.output.length > MAX_OUTPUT ? told.output.slice(-MAX_OUTPUT) : told.output
  const words = told.output.length > MAX_OUTPUT ? 'The last it printed' : 'What it printed'
  return `\n\n${words} in block ${told.block + 1}:\n\n${mdBlock(tail)}`
}

function failureSections(result: CompareResult): Markdown[] {
  const labels = heapLabels(result)
  const several = workloadsOf(result).length > 1
  return failureGroups(result).map((group) => {
    const workload = several ? `${mdText(group.workload)}, ` : ''
    const summary = `failures: ${workload}${mdCode(labels[group.heap] ?? '')}: ${mdText(failureSentence(group))}`
    return mdFold(
      summary,
      `${group.failures.map(({ block, message }) => `- block ${block + 1}: ${mdText(message)}`).join('\n')}${outputOf(group)}`,
    )
  })
}

function warningSection(result: CompareResult): Markdown[] {
  const told = result.warnings.filter(({ code }) => code !== 'runs-failed')
  if (told.length === 0) return []
  const list = told.map(({ message }) => `- ${mdText(message)}`).join('\n')
  return [told.length > 3 ? mdFold(countOf(told.length, 'warning'), list) : `**Warnings**\n\n${list}`]
}

function heapSection(result: CompareResult, signs: Signs): Markdown {
  const labels = heapLabels(result)
  const rows = result.heaps.map(({ state, version, path, sha256, reasons }, index) => [
    mdCode(labels[index] ?? ''),
    stateWord({ state, reasons }) +
      (reasons.length === 0 ? '' : `: ${reasons.map(({ message }) => mdText(message)).join('; ')}`),
    mdText(version ?? signs.none),
    path === null ? 'unchanged' : mdCode(path),
    sha256 === null ? signs.none : mdCode(sha256),
  ])
  return mdTable(['heap', 'state', 'version', 'library', 'SHA-256'], rows, [])
}

function footer(result: CompareResult, signs: Signs): Markdown {
  const { machine } = result
  const command = result.command.map(shellWord).join(' ')
  const facts = [
    `${machine.cpu}, ${countOf(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}`,
    `kernel ${machine.kernel}, ${machine.libc}`,
    `${blocksPhrase(result)} after ${countOf(result.warmupBlocks, 'warm-up block')}, seed ${result.seed}`,
    `threshold ${thresholdPhrase(result.cells, result.threshold)}`,
    `alloc8 ${result.alloc8}, ${result.started}`,
    ...pairingSentences(result),
  ]
  const again = result.reproduce === null ? '' : `\n\nTo do it again:\n\n${mdBlock(result.reproduce)}`
  const body = `${heapSection(result, signs)}\n\n${facts.map((fact) => `- ${mdText(fact)}`).join('\n')}\n\nCommand: ${mdCode(command)}${again}`
  return mdFold('libraries, machine, how to do it again', body)
}

/** Joins the sections for as long as they fit; the first is cut rather than left out. */
function joinWithin(sections: readonly Markdown[], maxBytes: number): string {
  const note =
    '\n\n*Left out here, as it would be too long for this place: the rest of the report. The JSON has it all.*\n'
  const whole = `${sections.join('\n\n')}\n`
  if (byteLength(whole) <= maxBytes) return whole
  const most = maxBytes - byteLength(note)
  let text = ''
  for (const section of sections) {
    const next = text === '' ? section : `${text}\n\n${section}`
    if (byteLength(next) > most) return `${text === '' ? cutBytes(section, most) : text}${note}`
    text = next
  }
  return whole
}

/** The whole report, ending with a line break. */
export function compareMarkdown(result: CompareResult, options: MarkdownOptions = {}): string {
  const signs = signsOf({ unicode: true })
  const names = workloadsOf(result)
  const title = names.length === 1 ? (names[0] ?? '') : countOf(names.length, 'workload')
  const sections = [
    `## alloc8: ${mdText(title)}\n\n**${mdText(comparisonSummary(result, signs))}**`,
    ...overallSection(result, signs),
    ...metricSections(result, signs),
    ...sinceSections(result, signs),
    ...warningSection(result),
    footer(result, signs),
    ...failureSections(result),
  ]
  return joinWithin(sections, options.maxBytes ?? MAX_BYTES)
}
