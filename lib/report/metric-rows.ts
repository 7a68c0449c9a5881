/**
 * The rows of one metric's table: the heaps in their order with the control as the noise floor below; of a suite
 * workload by workload, and what holds over all of them at the end.
 */

import type { Cell, CompareResult, Control, Overall } from '../types.ts'
import { clean, type Field } from './layout.ts'
import { type Paint, type Palette, signsOf, type TextStyle } from './style.ts'
import { countOf, formatValue, ratioDigits } from './units.ts'
import {
  type CellWord,
  cellsOf,
  cellWord,
  controlOf,
  heapLabels,
  type Interval,
  isDecided,
  medianOf,
  overallOf,
  overallWord,
  workloadsOf,
} from './view.ts'
import { ratioTexts } from './words.ts'

/** The columns of a table. */
export type ColumnName = 'label' | 'median' | 'ratio' | 'numbers' | 'whisker' | 'verdict'

/** A row before it is drawn; `interval` is what the whisker shows, null where there is none. */
export interface TableRow {
  fields: Record<Exclude<ColumnName, 'whisker'>, Field>
  interval: Interval | null
  paint: Paint | undefined
  /** A line of its own above other rows. */
  isHeading: boolean
}

/** What the last row of each workload is called. */
export const CONTROL = 'noise floor'

const paintNames: Record<CellWord, keyof Palette> = {
  better: 'green',
  worse: 'red',
  same: 'cyan',
  inconclusive: 'yellow',
  baseline: 'dim',
  failed: 'red',
  'not active': 'red',
  'not run': 'yellow',
}

function verdictField(result: CompareResult, cell: Cell, index: number, { palette }: TextStyle): Field {
  const word = cellWord(result, cell, index)
  const partly = word === cell.verdict && result.heaps[index]?.state === 'partial'
  return { text: word + (partly ? ' !' : ''), paint: palette[paintNames[word]] }
}

const empty: Field = { text: '' }

function headingRow(text: string, { palette }: TextStyle): TableRow {
  const label = { text, paint: palette.bold }
  const fields = { label, median: empty, ratio: empty, numbers: empty, verdict: empty }
  return { fields, interval: null, paint: undefined, isHeading: true }
}

/** A row of what has a ratio. `median` is the text of its median. */
function rowOf(
  value: Pick<Cell | Control | Overall, 'ratio' | 'low' | 'high'>,
  {
    label,
    median,
    verdict,
    digits,
    paint,
  }: Record<'label' | 'verdict', Field> & {
    median: string
    digits: number
    paint?: Paint | undefined
  },
  style: TextStyle,
): TableRow {
  const signs = signsOf(style)
  const texts = isDecided(value) ? ratioTexts(value, signs, digits) : { ratio: signs.none, interval: '' }
  const [ratio, numbers] = [texts.ratio, texts.interval].map((text) => ({ text, paint })) as [Field, Field]
  const fields = { label, median: { text: median, paint }, ratio, numbers, verdict }
  return { fields, interval: isDecided(value) ? value : null, paint: paint ?? verdict.paint, isHeading: false }
}

/** The digits that all intervals of a group of rows get: those that the narrowest is worth. */
function digitsOf(values: readonly Pick<Cell | Control, 'ratio' | 'low' | 'high'>[]): number {
  return Math.max(2, ...values.filter((each) => isDecided(each)).map(({ low, high }) => ratioDigits(low, high)))
}

/** The rows of a metric in a workload: heaps in their order, the control last. */
function workloadRows(result: CompareResult, metric: string, workload: string, style: TextStyle): TableRow[] {
  const signs = signsOf(style)
  const { dim, bold } = style.palette
  const cells = cellsOf(result, metric, workload)
  const control = controlOf(result, metric, workload)
  const digits = digitsOf([...cells.slice(1), ...(control === undefined ? [] : [control])])
  const middle = (runs: Cell['runs']) => {
    const value = medianOf(runs)
    return value === null ? signs.none : formatValue(value, cells[0]?.unit ?? '', signs)
  }
  const labels = heapLabels(result)
  const rows = cells.map((cell, index) => {
    const label = { text: labels[index] ?? '', paint: index === 0 ? bold : undefined }
    const verdict = verdictField(result, cell, index, style)
    const made = rowOf(cell, { label, verdict, digits, median: middle(cell.runs) }, style)
    // What another allocator did is no interval of this heap.
    if (index > 0) return result.heaps[index]?.state === 'inactive' ? { ...made, interval: null } : made
    const fields = { ...made.fields, ratio: { text: `1${signs.times}`, paint: dim }, numbers: { text: '' } }
    return { ...made, fields, interval: null }
  })
  if (control === undefined) return rows
  const label = { text: CONTROL, paint: dim }
  const floor = { label, verdict: empty, digits, median: middle(control.runs), paint: dim }
  return [...rows, rowOf(control, floor, style)]
}

/** The rows of what holds over all workloads; the baseline is 1 everywhere and left out. */
function overallRows(result: CompareResult, metric: string, style: TextStyle): TableRow[] {
  const labels = heapLabels(result)
  const found = overallOf(result, metric)
  const digits = digitsOf(found.slice(1))
  const rows = found.flatMap((each, heap) => {
    if (heap === 0) return []
    const isIdle = result.heaps[heap]?.state === 'inactive'
    const word = overallWord(result, each, heap)
    const verdict = { text: word, paint: style.palette[paintNames[word]] }
    const made = rowOf(each, { label: { text: labels[heap] ?? '' }, verdict, digits, median: '' }, style)
    return [isIdle ? { ...made, interval: null } : made]
  })
  if (rows.length === 0) return []
  return [headingRow(`over ${countOf(found[0]?.workloads ?? 0, 'workload')}`, style), ...rows]
}

const nested = (row: TableRow): TableRow => {
  const label = { ...row.fields.label, text: `  ${row.fields.label.text}` }
  return row.isHeading ? row : { ...row, fields: { ...row.fields, label } }
}

/** The rows of a metric. */
export function tableRows(result: CompareResult, metric: string, style: TextStyle): TableRow[] {
  const workloads = workloadsOf(result)
  if (workloads.length < 2) return workloadRows(result, metric, workloads[0] ?? '', style)
  const groups = workloads.flatMap((workload) => {
    const rows = workloadRows(result, metric, workload, style)
    return rows.length === 0 ? [] : [headingRow(clean(workload), style), ...rows]
  })
  return [...groups, ...overallRows(result, metric, style)].map(nested)
}
