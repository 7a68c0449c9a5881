/**
 * Numbers over time, or over something else, as a picture. Lines differ by colour, by their dashes and by the signs on
 * them, so that two of these may be lost.
 */

import type { LabLines } from '../../types.ts'
import { html, type Markup } from '../html/markup.ts'
import { thinned } from '../html/timelines.ts'
import { SERIES } from './colours.ts'
import { fitted, widthOf } from './letters.ts'
import { linearScale, logScale, type Scale, unitSuffix, valueText } from './scale.ts'
import { lineFrom, MARGIN, px, Sheet, textAt } from './sheet.ts'

const HEIGHT = 220
/** How many signs a line has at most. */
const MOST_MARKS = 12

type Point = readonly [x: number, y: number]
type Series = LabLines['series'][number]

/** The signs, around 0. */
const MARKS: readonly string[] = [
  'M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z',
  'M-3-3h6v6h-6z',
  'M0-4L4 3H-4z',
  'M0-4.5L4 0L0 4.5L-4 0z',
  'M-3.5-3.5L3.5 3.5M-3.5 3.5L3.5-3.5',
  'M0 4L4-3H-4z',
  'M-4 0H4M0-4V4',
  'M-4-1.5h8v3h-8z',
]

/** The picture. */
export function linesSvg(lines: LabLines, width: number): string {
  const sheet = new Sheet(lines.title, width)
  const fits = (value: number, log: boolean | undefined) => Number.isFinite(value) && (log !== true || value > 0)
  const series = lines.series.map(({ name, points }) => ({
    name,
    points: points.filter(([x, y]) => fits(x, lines.logX) && fits(y, lines.logY)).toSorted((a, b) => a[0] - b[0]),
  }))
  const lost = lines.series.some(({ points }, at) => points.length > (series[at]?.points.length ?? 0))
  sheet.legend(series.map(({ name }, at) => ({ sign: sample(at), text: name })))
  if (series.every(({ points }) => points.length === 0)) sheet.paragraph('There is nothing to show.')
  else draw(sheet, { ...lines, series })
  if (lost) sheet.paragraph('Values that have no place on a logarithmic axis, or are none, are left out.')
  return sheet.toSvg(describe(lines, series))
}

/** A piece of a line, as the legend shows it. */
function sample(at: number): Markup {
  const own = at % SERIES
  return html`<path class="line l${own}" d="M0 5H16"/><path class="mark m${own}" transform="translate(8 5)" d="${MARKS[own]}"/>`
}

function describe({ xTitle, yTitle, xUnit, yUnit, events }: LabLines, series: readonly Series[]): string {
  const each = series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)]
    if (first === undefined || last === undefined) return `${name}: nothing`
    const highest = points.reduce((most, point) => Math.max(most, point[1]), first[1])
    return `${name}: from ${valueText(first[1], yUnit)} to ${valueText(last[1], yUnit)}, at most ${valueText(highest, yUnit)}`
  })
  const marked = events?.length
    ? ` Marked: ${events.map(({ x, label }) => `${label} at ${valueText(x, xUnit)}`).join('; ')}.`
    : ''
  return `${yTitle}${unitSuffix(yUnit, yTitle)} over ${xTitle}${unitSuffix(xUnit, xTitle)}. ${each.join('; ')}.${marked}`
}

function draw(sheet: Sheet, lines: LabLines): void {
  const { series, xUnit, yUnit, logX, logY, steps } = lines
  const all = series.flatMap(({ points }) => points)
  const xs = [...all.map(([x]) => x), ...(lines.events ?? []).map(({ x }) => x).filter((x) => logX !== true || x > 0)]
  const y = (logY ? logScale : linearScale)(
    all.map((point) => point[1]),
    yUnit,
    6,
  )
  const texts = y.ticks.map((tick) => valueText(tick, yUnit))
  const left = MARGIN + Math.max(0, ...texts.map((text) => widthOf(text))) + 8
  const width = sheet.width - MARGIN - 6 - left
  const most = Math.max(2, Math.floor(width / 80))
  const x = logX
    ? logScale(xs, xUnit, most)
    : linearScale(xs, xUnit, most, xs.every((value) => value >= 0) && startsNearZero(xs))
  sheet.paragraph(`${lines.yTitle}${unitSuffix(yUnit, lines.yTitle)}`)
  sheet.y += 6
  const top = sheet.y
  const place = ([px, py]: Point): [number, number] => [left + x.at(px) * width, top + (1 - y.at(py)) * HEIGHT]
  drawAxes(sheet, { x, y, texts, xUnit, left, width, top })
  drawEvents(sheet, lines, (value) => left + x.at(value) * width, top)
  for (const [at, { points }] of series.entries()) {
    const own = at % SERIES
    const shown = thinned(points).map(place)
    const path = shown.map(([px1, py1], index) =>
      index === 0 ? `M${px(px1)} ${px(py1)}` : steps ? `H${px(px1)}V${px(py1)}` : `L${px(px1)} ${px(py1)}`,
    )
    sheet.add(html`<path class="line l${own}" d="${path.join('')}"/>`)
    // Signs of two lines that lie on each other are not on the same points.
    const every = Math.max(1, Math.ceil(shown.length / MOST_MARKS))
    const marks = shown.filter((_, index) => index % every === (at * 2) % every)
    sheet.add(
      html`${marks.map(([px1, py1]) => html`<path class="mark m${own}" transform="translate(${px(px1)} ${px(py1)})" d="${MARKS[own]}"/>`)}`,
    )
  }
  sheet.y = top + HEIGHT + 36
  const title = fitted(`${lines.xTitle}${unitSuffix(xUnit, lines.xTitle)}`, width)
  sheet.add(textAt(title, { x: sheet.width - MARGIN, y: sheet.y - 2, kind: 'soft', anchor: 'end' }))
  sheet.y += 4
  const events = lines.events ?? []
  for (const [at, { x: when, label }] of events.entries())
    sheet.paragraph(`${at + 1}  ${label}, at ${valueText(when, xUnit)}`)
}

/** An axis of times begins at 0 where that costs little room. */
function startsNearZero(values: readonly number[]): boolean {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const high = values.reduce((most, value) => Math.max(most, value), 0)
  return low <= high / 3
}

function drawAxes(
  sheet: Sheet,
  {
    x,
    y,
    texts,
    xUnit,
    left,
    width,
    top,
  }: {
    x: Scale
    y: Scale
    texts: readonly string[]
    xUnit: string
    left: number
    width: number
    top: number
  },
): void {
  for (const [at, tick] of y.ticks.entries()) {
    const level = top + (1 - y.at(tick)) * HEIGHT
    sheet.add(lineFrom('grid', left, level, left + width, level))
    sheet.add(textAt(texts[at] ?? '', { x: left - 8, y: level + 4, kind: 'soft', anchor: 'end' }))
  }
  let free = Number.NEGATIVE_INFINITY
  for (const tick of x.ticks) {
    const across = left + x.at(tick) * width
    const text = valueText(tick, xUnit)
    const half = widthOf(text) / 2
    sheet.add(lineFrom('grid', across, top, across, top + HEIGHT + 4))
    const middle = Math.min(across, sheet.width - 4 - half)
    if (middle - half < free) continue
    sheet.add(textAt(text, { x: middle, y: top + HEIGHT + 17, kind: 'soft', anchor: 'middle' }))
    free = middle + half + 8
  }
}

/** Numbers at the top, and what they mean below: names of their own would lie on each other. */
function drawEvents(sheet: Sheet, { events = [] }: LabLines, at: (x: number) => number, top: number): void {
  for (const [index, { x }] of events.entries()) {
    sheet.add(lineFrom('event', at(x), top, at(x), top + HEIGHT))
    sheet.add(textAt(String(index + 1), { x: at(x) + 3, y: top + 10 + (index % 3) * 12, kind: 'small' }))
  }
}
