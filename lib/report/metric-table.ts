/**
 * The table of one metric: each heap's median, its ratio to the baseline with the interval in numbers and as a
 * whisker, and the verdict; the control stands below as the noise floor.
 */

import type { Cell, CompareResult, Control } from '../types.ts'
import { type ColumnShape, clean, cutMiddle, type Field, row, widest } from './layout.ts'
import { type Paint, type Palette, signsOf, type TextStyle } from './style.ts'
import { formatValue, ratioDigits } from './units.ts'
import { type CellWord, cellsOf, cellWord, heapLabels, type Interval, isDecided, medianOf } from './view.ts'
import { axisFor, drawLabels, drawWhisker } from './whiskers.ts'
import { metricNoun, ratioTexts } from './words.ts'

type ColumnName = 'label' | 'median' | 'ratio' | 'numbers' | 'whisker' | 'verdict'

/** A row before it is drawn; `interval` is what the whisker shows, null where there is none. */
interface TableRow {
  fields: Record<Exclude<ColumnName, 'whisker'>, Field>
  interval: Interval | null
  paint: Paint | undefined
}

/** The columns that fit, with their widths, and the space between them. */
export interface TableShape {
  columns: (ColumnShape & { name: ColumnName })[]
  gap: number
}

/** What the last row of each table is called, and the narrowest that names get. */
export const CONTROL = 'noise floor'
export const INDENT = 2
const LEAST_WHISKER = 11
const MOST_WHISKER = 32
const TITLES = { median: 'median', ratio: 'ratio', numbers: '95 % interval' }

const paintNames: Record<CellWord, keyof Palette> = {
  better: 'green',
  worse: 'red',
  same: 'cyan',
  inconclusive: 'yellow',
  baseline: 'dim',
  failed: 'red',
  'not active': 'red',
}

function verdictField(result: CompareResult, cell: Cell, index: number, { palette }: TextStyle): Field {
  const word = cellWord(result, cell, index)
  const partly = word === cell.verdict && result.heaps[index]?.state === 'partial'
  return { text: word + (partly ? ' !' : ''), paint: palette[paintNames[word]] }
}

/** The rows of a metric: heaps in their order, the control last. */
export function tableRows(result: CompareResult, metric: string, style: TextStyle): TableRow[] {
  const signs = signsOf(style)
  const { dim, bold } = style.palette
  const cells = cellsOf(result, metric)
  const control = result.control.find((candidate) => candidate.metric === metric)
  const decided = [...cells.slice(1), ...(control === undefined ? [] : [control])].filter((each) => isDecided(each))
  const digits = Math.max(2, ...decided.map(({ low, high }) => ratioDigits(low, high)))
  const rowOf = (cell: Cell | Control, label: Field, verdict: Field, paint?: Paint): TableRow => {
    const value = medianOf(cell.runs)
    const median = value === null ? signs.none : formatValue(value, cells[0]?.unit ?? '', signs)
    const texts = isDecided(cell) ? ratioTexts(cell, signs, digits) : { ratio: signs.none, interval: '' }
    const ratio = { text: texts.ratio, paint }
    const numbers = { text: texts.interval, paint }
    const fields = { label, median: { text: median, paint }, ratio, numbers, verdict }
    return { fields, interval: isDecided(cell) ? cell : null, paint: paint ?? verdict.paint }
  }
  const labels = heapLabels(result)
  const rows = cells.map((cell, index) => {
    const label = { text: labels[index] ?? '', paint: index === 0 ? bold : undefined }
    const made = rowOf(cell, label, verdictField(result, cell, index, style))
    // What another allocator did is no interval of this heap.
    if (index > 0) return result.heaps[index]?.state === 'inactive' ? { ...made, interval: null } : made
    const fields = { ...made.fields, ratio: { text: `1${signs.times}`, paint: dim }, numbers: { text: '' } }
    return { ...made, fields, interval: null }
  })
  return control === undefined ? rows : [...rows, rowOf(control, { text: CONTROL, paint: dim }, { text: '' }, dim)]
}

/**
 * Fits the columns of all tables into the width, in one shape, so that they stand below each other: whiskers as wide
 * as there is room for, else names cut in their middle, else no whiskers, else no medians. The ratio, its interval
 * and the verdict always stay.
 */
export function tableShape(rows: readonly TableRow[], width: number): TableShape {
  const need = (name: 'median' | 'ratio' | 'numbers' | 'verdict') =>
    Math.max(name === 'verdict' ? 0 : TITLES[name].length, widest(rows.map(({ fields }) => fields[name])))
  const label = Math.max(CONTROL.length, widest(rows.map(({ fields }) => fields.label)))
  const median = { name: 'median', width: need('median'), align: 'right' } as const
  const ratio = { name: 'ratio', width: need('ratio'), align: 'right' } as const
  const numbers = { name: 'numbers', width: need('numbers'), align: 'left' } as const
  const verdict = { name: 'verdict', width: need('verdict'), align: 'left' } as const
  const shape = (free: number, columns: TableShape['columns'], gap: number): TableShape => {
    const most = Math.max(CONTROL.length, Math.min(label, free))
    return { columns: [{ name: 'label', width: INDENT + most, align: 'left' }, ...columns], gap }
  }
  const free = (columns: readonly ColumnShape[], gap: number) =>
    width - INDENT - columns.reduce((sum, column) => sum + column.width + gap, 0)

  const all = free([median, ratio, numbers, verdict], 2) - 2
  if (all >= CONTROL.length + LEAST_WHISKER) {
    const whisker = Math.min(MOST_WHISKER, Math.max(LEAST_WHISKER, all - label))
    const drawn = { name: 'whisker', width: whisker, align: 'left' } as const
    return shape(all - whisker, [median, ratio, numbers, drawn, verdict], 2)
  }
  if (all + 2 >= CONTROL.length) return shape(all + 2, [median, ratio, numbers, verdict], 2)
  return shape(free([ratio, numbers, verdict], 1), [ratio, numbers, verdict], 1)
}

const drawRow = (fields: Partial<Record<ColumnName, Field>>, { columns, gap }: TableShape): string =>
  row(
    columns.map(({ name }) => fields[name] ?? { text: '' }),
    columns,
    gap,
  )

/** The line above a table: the metric's name and the titles of the columns. A long name has a line of its own. */
function headLines(result: CompareResult, metric: string, shape: TableShape, { palette }: TextStyle): string[] {
  const { bold, dim } = palette
  const higher = cellsOf(result, metric)[0]?.higherIsBetter === true
  const title = clean(metricNoun(metric)) + (higher ? ', higher is better' : '')
  const own = title.length > (shape.columns[0]?.width ?? 0)
  const titles = {
    label: { text: own ? '' : title, paint: bold },
    median: { text: TITLES.median, paint: dim },
    ratio: { text: TITLES.ratio, paint: dim },
    numbers: { text: TITLES.numbers, paint: dim },
  }
  return own ? [bold(title), drawRow(titles, shape)] : [drawRow(titles, shape)]
}

/** The lines of a table. */
export function tableLines(
  result: CompareResult,
  metric: string,
  rows: readonly TableRow[],
  shape: TableShape,
  style: TextStyle,
): string[] {
  const signs = signsOf(style)
  const intervals = rows.flatMap(({ interval }) => interval ?? [])
  const whisker = shape.columns.find(({ name }) => name === 'whisker')
  const axis = axisFor(intervals, result.threshold, intervals.length === 0 ? 0 : (whisker?.width ?? 0))
  const room = (shape.columns[0]?.width ?? 0) - INDENT
  const lines = rows.map(({ fields, interval, paint }) => {
    const label = { ...fields.label, text: ' '.repeat(INDENT) + cutMiddle(fields.label.text, room, signs) }
    return drawRow({ ...fields, label, whisker: { text: drawWhisker(axis, interval, signs), paint } }, shape)
  })
  const labels = { text: drawLabels(axis), paint: style.palette.dim }
  const foot = axis.width === 0 ? [] : [drawRow({ whisker: labels }, shape)]
  return [...headLines(result, metric, shape, style), ...lines, ...foot]
}
