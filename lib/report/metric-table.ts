/**
 * The table of one metric: each heap's median, its ratio to the baseline with the interval in numbers and as a
 * whisker, and the verdict; the control stands below as the noise floor.
 */

import type { CompareResult } from '../types.ts'
import { type ColumnShape, clean, cutMiddle, type Field, row, widest } from './layout.ts'
import { CONTROL, type ColumnName, type TableRow } from './metric-rows.ts'
import { signsOf, type TextStyle } from './style.ts'
import { cellsOf } from './view.ts'
import { axisFor, drawLabels, drawWhisker } from './whiskers.ts'
import { metricNoun } from './words.ts'

/** The columns that fit, with their widths, and the space between them. */
export interface TableShape {
  columns: (ColumnShape & { name: ColumnName })[]
  gap: number
}

/** How far the rows of a table are set in. */
export const INDENT = 2
const LEAST_WHISKER = 11
const MOST_WHISKER = 32
const TITLES = { median: 'median', ratio: 'ratio', numbers: '95 % interval' }

/**
 * Fits the columns of all tables into the width, in one shape, so that they stand below each other: whiskers as wide
 * as there is room for, else names cut in their middle, else no whiskers, else no medians. The ratio, its interval
 * and the verdict always stay.
 */
export function tableShape(all: readonly TableRow[], width: number): TableShape {
  const rows = all.filter(({ isHeading }) => !isHeading)
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

  const room = free([median, ratio, numbers, verdict], 2) - 2
  if (room >= CONTROL.length + LEAST_WHISKER) {
    const whisker = Math.min(MOST_WHISKER, Math.max(LEAST_WHISKER, room - label))
    const drawn = { name: 'whisker', width: whisker, align: 'left' } as const
    return shape(room - whisker, [median, ratio, numbers, drawn, verdict], 2)
  }
  if (room + 2 >= CONTROL.length) return shape(room + 2, [median, ratio, numbers, verdict], 2)
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
  const threshold = cellsOf(result, metric)[0]?.threshold ?? result.threshold
  const axis = axisFor(intervals, threshold, intervals.length === 0 ? 0 : (whisker?.width ?? 0))
  const room = (shape.columns[0]?.width ?? 0) - INDENT
  const lines = rows.map(({ fields, interval, paint, isHeading }) => {
    if (isHeading) {
      const name = cutMiddle(fields.label.text, style.width - INDENT, signs)
      return ' '.repeat(INDENT) + (fields.label.paint?.(name) ?? name)
    }
    const label = { ...fields.label, text: ' '.repeat(INDENT) + cutMiddle(fields.label.text, room, signs) }
    return drawRow({ ...fields, label, whisker: { text: drawWhisker(axis, interval, signs), paint } }, shape)
  })
  const labels = { text: drawLabels(axis), paint: style.palette.dim }
  const foot = axis.width === 0 ? [] : [drawRow({ whisker: labels }, shape)]
  return [...headLines(result, metric, shape, style), ...lines, ...foot]
}
