/** A number for each of some things as a picture: bars with their numbers; of very many things, a histogram's columns. */

import type { LabBars } from '../../types.ts'
import { fitted, widthOf, words } from './letters.ts'
import { linearScale, unitSuffix, valueText } from './scale.ts'
import { box, lineFrom, MARGIN, Sheet, textAt } from './sheet.ts'

const PITCH = 20
const HEIGHT = 200
/** More than these stand upright, so that the picture stays on one screen. */
const MOST_ROWS = 30

/** The picture. */
export function barsSvg(bars: LabBars, width: number): string {
  const sheet = new Sheet(bars.title, width)
  const real = bars.bars.map(({ label, value }) => ({ label, value: Number.isFinite(value) ? value : 0 }))
  if (real.length === 0) sheet.paragraph('There is nothing to show.')
  else if (real.length <= MOST_ROWS) lying(sheet, { ...bars, bars: real })
  else upright(sheet, { ...bars, bars: real })
  return sheet.toSvg(describe({ ...bars, bars: real }))
}

function describe({ bars, xTitle, yTitle, unit }: LabBars): string {
  const [first] = bars
  if (first === undefined) return `${yTitle}${xTitle === '' ? '' : ` by ${xTitle}`}: nothing.`
  const all = bars.map(({ label, value }) => `${label}: ${valueText(value, unit)}`)
  if (bars.length <= MOST_ROWS)
    return `${yTitle}${xTitle === '' ? '' : ` by ${xTitle}`}${unitSuffix(unit, yTitle)}. ${all.join('; ')}.`
  const highest = bars.reduce((most, each) => (each.value > most.value ? each : most), first)
  return `${yTitle}${xTitle === '' ? '' : ` by ${xTitle}`}${unitSuffix(unit, yTitle)}, ${bars.length} of them. The highest is ${highest.label}: ${valueText(highest.value, unit)}.`
}

/** A row for each, with its number behind the bar. */
function lying(sheet: Sheet, { bars, xTitle, yTitle, unit }: LabBars): void {
  const values = bars.map(({ value }) => value)
  const texts = values.map((value) => valueText(value, unit))
  const gutter = Math.min(sheet.inside * 0.45, Math.max(...bars.map(({ label }) => widthOf(words(label)))))
  const behind = Math.max(...texts.map((text) => widthOf(text))) + 6
  const left = MARGIN + gutter + 8
  const width = sheet.width - MARGIN - behind - left
  const scale = linearScale(values, unit, 4)
  sheet.paragraph(`${yTitle}${unitSuffix(unit, yTitle)}${xTitle === '' ? '' : `, by ${xTitle}`}`)
  sheet.y += 4
  const top = sheet.y
  const zero = left + scale.at(0) * width
  for (const [at, { label, value }] of bars.entries()) {
    const y = top + at * PITCH
    const end = left + scale.at(value) * width
    sheet.add(textAt(fitted(label, gutter), { x: left - 8, y: y + 13, anchor: 'end' }))
    sheet.add(box('bar', Math.min(zero, end), y + 2, Math.abs(end - zero), PITCH - 5))
    sheet.add(textAt(texts[at] ?? '', { x: Math.max(zero, end) + 5, y: y + 13, kind: 'soft' }))
  }
  sheet.add(lineFrom('event', zero, top, zero, top + bars.length * PITCH))
  sheet.y = top + bars.length * PITCH + 2
}

/** Columns beside each other, with an axis for their numbers and every few of their names. */
function upright(sheet: Sheet, { bars, xTitle, yTitle, unit }: LabBars): void {
  const values = bars.map(({ value }) => value)
  const scale = linearScale(values, unit, 5)
  const texts = scale.ticks.map((tick) => valueText(tick, unit))
  const left = MARGIN + Math.max(...texts.map((text) => widthOf(text))) + 6
  const width = sheet.width - MARGIN - left
  const longest = Math.max(...bars.map(({ label }) => widthOf(fitted(label, 80))))
  const every = Math.ceil((longest + 10) / (width / bars.length))
  sheet.paragraph(`${yTitle}${unitSuffix(unit, yTitle)}`)
  sheet.y += 6
  const top = sheet.y
  const yOf = (value: number) => top + (1 - scale.at(value)) * HEIGHT
  for (const [at, tick] of scale.ticks.entries()) {
    sheet.add(lineFrom('grid', left, yOf(tick), sheet.width - MARGIN, yOf(tick)))
    sheet.add(textAt(texts[at] ?? '', { x: left - 6, y: yOf(tick) + 4, kind: 'soft', anchor: 'end' }))
  }
  const pitch = width / bars.length
  for (const [at, { label, value }] of bars.entries()) {
    const x = left + at * pitch
    const [low, high] = [Math.max(yOf(0), yOf(value)), Math.min(yOf(0), yOf(value))]
    sheet.add(box('bar', x + pitch * 0.1, high, Math.max(0.8, pitch * 0.8), low - high))
    if (at % every !== 0 || x + longest / 2 > sheet.width) continue
    sheet.add(lineFrom('event', x + pitch / 2, top + HEIGHT, x + pitch / 2, top + HEIGHT + 4))
    sheet.add(textAt(fitted(label, 80), { x: x + pitch / 2, y: top + HEIGHT + 17, kind: 'soft', anchor: 'middle' }))
  }
  sheet.y = top + HEIGHT + 36
  sheet.add(textAt(fitted(xTitle, width), { x: sheet.width - MARGIN, y: sheet.y - 2, kind: 'soft', anchor: 'end' }))
}
