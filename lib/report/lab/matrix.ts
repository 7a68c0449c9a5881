/** A number for each pair as a picture: shades from little to much, the number on each where there is room. */

import type { LabMatrix } from '../../types.ts'
import { html } from '../html/markup.ts'
import { STEPS } from './colours.ts'
import { fitted, widthOf, words } from './letters.ts'
import { unitSuffix, valueText } from './scale.ts'
import { box, lineFrom, MARGIN, px, Sheet, textAt } from './sheet.ts'

const MOST_CELL = 26
/** Thinner rows have no room for letters. */
const LEAST_NAMED = 12

/** How values become shades. */
interface Shades {
  of(value: number): number
  low: number
  high: number
  logarithmic: boolean
}

/** Even steps, or logarithmic where everything is above 0 and the most is a hundred times the least. */
function shadesOf(values: readonly number[]): Shades {
  const low = values.reduce((least, value) => Math.min(least, value), values[0] ?? 0)
  const high = values.reduce((most, value) => Math.max(most, value), low)
  const logarithmic = low > 0 && high / low >= 100
  const place = logarithmic ? Math.log : (value: number) => value
  const range = place(high) - place(low)
  const of = (value: number) =>
    range === 0
      ? high === 0
        ? 0
        : STEPS >> 1
      : Math.min(STEPS - 1, Math.floor(((place(value) - place(low)) / range) * STEPS))
  return { of, low, high, logarithmic }
}

/** The picture. */
export function matrixSvg(matrix: LabMatrix, width: number): string {
  const { rows, columns, values, unit } = matrix
  const sheet = new Sheet(matrix.title, width)
  const numbers = values.flat().filter((value): value is number => value !== null && Number.isFinite(value))
  const shades = shadesOf(numbers)
  const widest = Math.max(0, ...rows.map((row) => widthOf(words(row))))
  const gutter = Math.min(widest, sheet.inside * 0.42) + 8
  const left = MARGIN + gutter
  const cellWidth = Math.min(96, (sheet.width - MARGIN - left) / Math.max(1, columns.length))
  const cellHeight = Math.max(4, Math.min(MOST_CELL, 640 / Math.max(1, rows.length)))
  sheet.paragraph(`${matrix.rowTitle} (rows) by ${matrix.columnTitle} (columns)${unitSuffix(unit, matrix.title)}`)
  drawScale(sheet, shades, unit, numbers.length < values.flat().length)
  drawColumns(sheet, columns, left, cellWidth)
  const top = sheet.y
  // Numbers stand in all cells or in none: a few without would look like nothing measured.
  const texts = values.map((row) =>
    row.map((value) => (value === null || !Number.isFinite(value) ? '' : valueText(value, unit))),
  )
  const longest = Math.max(0, ...texts.flat().map((text) => widthOf(text)))
  const numbered = longest + 4 <= cellWidth && cellHeight >= LEAST_NAMED + 2
  for (const [r, row] of rows.entries()) {
    const y = top + r * cellHeight
    if (cellHeight >= LEAST_NAMED || r % Math.ceil(LEAST_NAMED / cellHeight) === 0) {
      sheet.add(
        textAt(fitted(row, gutter - 8), { x: left - 8, y: y + Math.min(cellHeight, 20) / 2 + 4.5, anchor: 'end' }),
      )
    }
    for (const c of columns.keys()) {
      const value = values[r]?.[c] ?? null
      const x = left + c * cellWidth
      const room = [x + 0.5, y + 0.5, cellWidth - 1, cellHeight - 1] as const
      if (value === null || !Number.isFinite(value)) {
        sheet.add(
          html`<rect class="unknown" fill="url(#hatch)" x="${px(room[0])}" y="${px(room[1])}" width="${px(room[2])}" height="${px(room[3])}"/>`,
        )
        continue
      }
      const shade = shades.of(value)
      sheet.add(box(`q${shade}`, ...room))
      if (!numbered) continue
      sheet.add(
        textAt(texts[r]?.[c] ?? '', {
          x: x + cellWidth / 2,
          y: y + cellHeight / 2 + 4,
          kind: `small on-q${shade}`,
          anchor: 'middle',
        }),
      )
    }
  }
  sheet.y = top + rows.length * cellHeight
  return sheet.toSvg(describe(matrix, numbers))
}

function describe(
  { rows, columns, values, unit, rowTitle, columnTitle, title }: LabMatrix,
  numbers: readonly number[],
): string {
  if (numbers.length === 0) return `${rowTitle} by ${columnTitle}: nothing was measured.`
  const highest = numbers.reduce((most, value) => Math.max(most, value))
  const at = values.findIndex((row) => row.includes(highest))
  const where = `${rows[at] ?? ''}, ${columns[values[at]?.indexOf(highest) ?? 0] ?? ''}`
  return `${rows.length} by ${columns.length}: ${rowTitle} by ${columnTitle}${unitSuffix(unit, title)}. The highest is ${valueText(highest, unit)} (${where}).`
}

/** The shades from the least to the most. */
function drawScale(sheet: Sheet, { low, high, logarithmic }: Shades, unit: string, gaps: boolean): void {
  const wide = 10
  const lowText = valueText(low, unit)
  sheet.y += 4
  let x = MARGIN
  sheet.add(textAt(lowText, { x, y: sheet.y + 10, kind: 'soft small' }))
  x += widthOf(lowText) + 4
  for (let step = 0; step < STEPS; ++step) sheet.add(box(`q${step}`, x + step * wide, sheet.y, wide, 12))
  x += STEPS * wide + 5
  const highText = `${valueText(high, unit)}${logarithmic ? ' (logarithmic)' : ''}`
  sheet.add(textAt(highText, { x, y: sheet.y + 10, kind: 'soft small' }))
  x += widthOf(highText) + 10
  if (gaps) {
    if (x + 120 > sheet.width) {
      x = MARGIN
      sheet.y += 17
    }
    sheet.add(html`<rect class="unknown" fill="url(#hatch)" x="${px(x)}" y="${px(sheet.y)}" width="16" height="12"/>`)
    sheet.add(textAt('not measured', { x: x + 21, y: sheet.y + 10, kind: 'soft small' }))
  }
  sheet.y += 22
}

/** Names over the columns: level where they fit, else slanting; of very many every few. */
function drawColumns(sheet: Sheet, columns: readonly string[], left: number, cellWidth: number): void {
  const longest = Math.max(0, ...columns.map((column) => widthOf(words(column))))
  const every = Math.max(1, Math.ceil(LEAST_NAMED / cellWidth))
  const level = longest + 6 <= cellWidth
  const shown = columns.map((column) => (level ? words(column) : fitted(column, 150)))
  const rise = level ? 14 : Math.max(0, ...shown.map((text) => widthOf(text))) + 4
  for (const [at, text] of shown.entries()) {
    if (at % every !== 0) continue
    const [x, y] = [left + (at + 0.5) * cellWidth, sheet.y + rise - 4]
    if (level) sheet.add(textAt(text, { x, y, anchor: 'middle' }))
    else
      sheet.add(html`<g transform="translate(${px(x + 4)} ${px(y)}) rotate(-90)">${textAt(text, { x: 0, y: 0 })}</g>`)
  }
  if (columns.length > 0 && every > 1) {
    sheet.add(lineFrom('grid', left, sheet.y + rise - 1, left + columns.length * cellWidth, sheet.y + rise - 1))
  }
  sheet.y += rise
}
