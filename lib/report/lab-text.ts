/** An experiment for people at a terminal: the question, what was done, facts side by side, and what they mean. */

import type { LabHeap, LabResult } from '../types.ts'
import { type FactRow, factRows, factText } from './lab-view.ts'
import { type ColumnShape, clean, cutMiddle, type Field, row, widest, wrap, wrapHanging } from './layout.ts'
import { signsOf, type TextStyle } from './style.ts'
import { countOf } from './units.ts'

/** A column takes no more than this; longer texts are broken into lines. */
const WIDEST_VALUE = 18
const WIDEST_NAME = 36
const GAP = 2

/** The report, ending with a line break. */
export function labText(result: LabResult, style: TextStyle): string {
  const { bold, dim } = style.palette
  const lines = [
    bold(clean(result.name)),
    ...wrapHanging('  ', clean(result.question), style.width),
    ...wrapHanging('  ', clean(result.did), style.width).map(dim),
    '',
    ...tables(result, style),
    ...result.heaps.flatMap((heap) => [...meaningLines(heap, style), '']),
  ]
  return `${lines.join('\n').replace(/\n+$/, '')}\n`
}

/** One table of all heaps, or as many as there have to be so that each fits the width. */
function tables(result: LabResult, style: TextStyle): string[] {
  const rows = factRows(result)
  if (rows.length === 0) return []
  const nameWidth = Math.min(WIDEST_NAME, Math.max(...rows.map(({ name }) => name.length)), Math.floor(style.width / 2))
  const widths = result.heaps.map(({ heap }, at) =>
    columnWidth(clean(heap), rows, at, style.width - nameWidth - 2 - GAP),
  )
  const groups: number[][] = []
  let room = -1
  for (const [at, width] of widths.entries()) {
    room -= GAP + width
    if (room < 0) {
      groups.push([])
      room = style.width - 2 - nameWidth - GAP - width
    }
    groups.at(-1)?.push(at)
  }
  return groups.flatMap((group) => [...table(result, rows, group, { nameWidth, widths }, style), ''])
}

function columnWidth(heap: string, rows: readonly FactRow[], at: number, most: number): number {
  const texts = rows.map(({ values }) => ({ text: values[at] === undefined ? '' : factText(values[at]) }))
  const wanted = Math.max(Math.min(WIDEST_VALUE, widest([{ text: heap }])), Math.min(WIDEST_VALUE, widest(texts)))
  return Math.max(8, Math.min(wanted, most))
}

function table(
  { heaps }: LabResult,
  rows: readonly FactRow[],
  group: readonly number[],
  { nameWidth, widths }: { nameWidth: number; widths: readonly number[] },
  style: TextStyle,
): string[] {
  const { dim } = style.palette
  const signs = signsOf(style)
  const columns: ColumnShape[] = [
    { width: nameWidth + 2, align: 'left' },
    ...group.map((at): ColumnShape => ({ width: widths[at] ?? 0, align: 'right' })),
  ]
  const titles = group.map((at): Field => {
    return { text: cutMiddle(clean(heaps[at]?.heap ?? ''), widths[at] ?? 0, signs), paint: style.palette.bold }
  })
  return [
    row([{ text: '  seen', paint: dim }, ...titles], columns, GAP),
    ...rows.flatMap(({ name, values }) => {
      const names = wrap(name, nameWidth)
      const cells = group.map((at) => {
        const fact = values[at]
        return fact === undefined ? [signs.none] : broken(factText(fact), widths[at] ?? 0)
      })
      const height = Math.max(names.length, ...cells.map((lines) => lines.length))
      return Array.from({ length: height }, (_, line) =>
        row([{ text: `  ${names[line] ?? ''}` }, ...cells.map((lines) => ({ text: lines[line] ?? '' }))], columns, GAP),
      )
    }),
  ]
}

/** A text in lines that are not wider than that, whatever its words are. */
function broken(text: string, width: number): string[] {
  return wrap(text, width).flatMap((line) => line.match(new RegExp(`.{1,${Math.max(1, width)}}`, 'gu')) ?? [''])
}

function meaningLines({ heap, meaning, error, pictures }: LabHeap, style: TextStyle): string[] {
  const { bold, dim, red } = style.palette
  const [first = '', ...others] = wrapHanging('  ', clean(meaning), style.width)
  const paint = error === null ? (text: string) => text : red
  const drawn = pictures.map(({ title }) => clean(title)).join('; ')
  return [
    bold(clean(heap)),
    ...[first, ...others].map(paint),
    ...(pictures.length === 0
      ? []
      : wrapHanging('  ', `${countOf(pictures.length, 'picture')}: ${drawn}`, style.width).map(dim)),
  ]
}
