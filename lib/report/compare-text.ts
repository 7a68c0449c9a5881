/**
 * A comparison for a terminal: the answer first, then for each metric a table with the intervals as numbers and as
 * whiskers on one axis, then what failed and what casts doubt on it.
 */

import type { CompareResult } from '../types.ts'
import { shellWord } from './adopt.ts'
import { blocksPhrase, thresholdPhrase } from './conditions.ts'
import { failureLines } from './failures.ts'
import { type ColumnShape, clean, cutMiddle, cutStart, row, wrap, wrapHanging } from './layout.ts'
import { CONTROL, tableRows } from './metric-rows.ts'
import { INDENT, tableLines, tableShape } from './metric-table.ts'
import { pairingSentences } from './pairing.ts'
import { sinceLines } from './since-text.ts'
import { signsOf, type TextStyle } from './style.ts'
import { comparisonSummary } from './summary.ts'
import { countOf, formatValue } from './units.ts'
import { heapLabels, metricsOf, stateWord, workloadsOf } from './view.ts'

const GAP = 2

/** Which library each heap was and whether it was in effect. */
function heapSection(result: CompareResult, style: TextStyle): string[] {
  const signs = signsOf(style)
  const { bold, dim, green, yellow, red } = style.palette
  const labels = heapLabels(result)
  const paints = { active: green, partial: yellow, inactive: red, 'not run': yellow }
  const longest = Math.max(CONTROL.length, ...labels.map((label) => label.length))
  const columns: ColumnShape[] = [
    { width: INDENT + Math.min(longest, Math.floor(style.width / 2) - 12), align: 'left' },
    { width: 'partial !'.length, align: 'left' },
    { width: Math.max(7, ...result.heaps.map(({ version }) => version?.length ?? 0)), align: 'left' },
  ]
  const used = columns.reduce((sum, { width }) => sum + width + GAP, 0)
  const lines = [
    row(
      [{ text: 'heaps', paint: bold }, ...['state', 'version', 'library'].map((text) => ({ text, paint: dim }))],
      columns,
    ),
  ]
  for (const [index, heap] of result.heaps.entries()) {
    const label = labels[index] ?? ''
    const room = (columns[0]?.width ?? 0) - INDENT
    const word = stateWord(heap)
    const state = { text: word + (word === 'partial' ? ' !' : ''), paint: paints[word] }
    const path = heap.path === null ? '(unchanged)' : cutStart(clean(heap.path), style.width - used, signs)
    const name = { text: ' '.repeat(INDENT) + cutMiddle(label, room, signs) }
    lines.push(row([name, state, { text: clean(heap.version ?? signs.none) }, { text: path, paint: dim }], columns))
    if (label.length > room) lines.push(dim(`${' '.repeat(INDENT * 2)}${label}`))
  }
  return lines
}

/** What ran: the command; of a suite how many workloads. */
function subjectOf(result: CompareResult): string {
  const count = workloadsOf(result).length
  return count > 1 ? countOf(count, 'workload') : result.command.map(shellWord).join(' ')
}

function footer(result: CompareResult, style: TextStyle): string[] {
  const { machine } = result
  const command = cutMiddle(subjectOf(result), style.width, signsOf(style))
  const text =
    `${command}: ${blocksPhrase(result)}` +
    ` after ${countOf(result.warmupBlocks, 'warm-up block')}, seed ${result.seed}, threshold ` +
    `${thresholdPhrase(result.cells, result.threshold)}; ${machine.cpu}, ${countOf(machine.cores, 'core')}, ` +
    `${formatValue(machine.memoryBytes, 'bytes')}, kernel ${machine.kernel}, ${machine.libc}`
  return wrap(clean(text), style.width).map(style.palette.dim)
}

/** How the runs were paired, dim as the rest of what stands at the end. */
function pairingLines(result: CompareResult, style: TextStyle): string[] {
  return pairingSentences(result).flatMap((sentence) => wrap(sentence, style.width).map(style.palette.dim))
}

/** Warnings one below the other; failures have a section of their own, so that they are not told twice. */
function warningLines(result: CompareResult, style: TextStyle): string[] {
  return result.warnings
    .filter(({ code }) => code !== 'runs-failed')
    .flatMap(({ message }) =>
      wrapHanging('  ! ', clean(message), style.width).map((line, index) =>
        index === 0 ? line.replace('!', style.palette.yellow('!')) : line,
      ),
    )
}

/** The whole report, ending with a line break. */
export function compareText(result: CompareResult, style: TextStyle): string {
  const { bold } = style.palette
  const metrics = metricsOf(result)
  const tables = metrics.map((metric) => tableRows(result, metric, style))
  const shape = tableShape(tables.flat(), style.width)
  const failures = failureLines(result, style)
  const warnings = warningLines(result, style)
  const sections = [
    wrap(comparisonSummary(result, signsOf(style)), style.width).map(bold),
    ...metrics.map((metric, index) => tableLines(result, metric, tables[index] ?? [], shape, style)),
    ...sinceLines(result, style),
    heapSection(result, style),
    ...(failures.length > 0 ? [[bold('failures'), ...failures]] : []),
    ...(warnings.length > 0 ? [[bold('warnings'), ...warnings]] : []),
    [...pairingLines(result, style), ...footer(result, style)],
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}
