/**
 * Memory against speed: a point per heap with its intervals both ways, and the line along the heaps that no other
 * beats in both. It is the picture for those who have to give one to get the other.
 */

import type { CompareResult, ParetoSet } from '../../types.ts'
import { clean, cutMiddle } from '../layout.ts'
import { signsOf } from '../style.ts'
import { cellsOf, heapLabels, type Interval, isDecided, overallOf } from '../view.ts'
import { metricNoun, ratioTexts } from '../words.ts'
import { type LogAxis, percent, positionOn, ratioAxis, ratioTicks, tickText } from './axis.ts'
import { howToRead } from './how-to-read.ts'
import { placeLabels } from './labels.ts'
import { html, type Markup } from './markup.ts'
import { direction } from './metric-sections.ts'
import { heapClass, plot } from './plot.ts'

const HEIGHT = 340
/** The width for which names are placed: that of the narrowest page. In a wider one they stand further apart. */
const NARROWEST = 290

/** A heap in the picture. */
interface Point {
  heap: number
  label: string
  speed: Interval
  memory: Interval
  isBest: boolean
}

const unity: Interval = { ratio: 1, low: 1, high: 1 }

/** The ratios of all heaps by a metric, in one workload or over all. */
function ratiosOf(result: CompareResult, metric: string, workload: string | null) {
  if (workload !== null) return cellsOf(result, metric, workload)
  return overallOf(result, metric)
}

function pointsOf(result: CompareResult, set: ParetoSet): Point[] {
  const speeds = ratiosOf(result, set.speed, set.workload)
  const memories = ratiosOf(result, set.memory, set.workload)
  return heapLabels(result).flatMap((label, heap) => {
    if (result.heaps[heap]?.state === 'inactive') return []
    const [speed, memory] = heap === 0 ? [unity, unity] : [speeds[heap], memories[heap]]
    if (!isDecided(speed) || !isDecided(memory)) return []
    return [{ heap, label, speed, memory, isBest: set.heaps.includes(heap) }]
  })
}

interface Axes {
  x: LogAxis
  y: LogAxis
}

const at = ({ x, y }: Axes, { speed, memory }: Point) => ({
  x: positionOn(x, speed.ratio),
  y: 100 - positionOn(y, memory.ratio),
})

function pointMarkup(axes: Axes, point: Point): Markup {
  const { speed, memory, heap, isBest } = point
  const place = at(axes, point)
  const [x, y] = [percent(place.x), percent(place.y)]
  const [left, right] = [percent(positionOn(axes.x, speed.low)), percent(positionOn(axes.x, speed.high))]
  const [low, high] = [percent(100 - positionOn(axes.y, memory.low)), percent(100 - positionOn(axes.y, memory.high))]
  const bars =
    heap > 0 &&
    html`<line class="bar" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/><line class="bar" x1="${x}" x2="${x}" y1="${low}" y2="${high}"/>`
  return html`<g class="point ${heapClass(heap)}${isBest && ' is-best'}" data-row data-heap="${heap}">${bars}<circle cx="${x}" cy="${y}" r="${isBest ? 6 : 5}"/></g>`
}

/** The line along the best, as steps: between two of them no heap is better than the corner. */
function frontMarkup(axes: Axes, points: readonly Point[]): Markup {
  const best = points
    .filter(({ isBest }) => isBest)
    .map((point) => at(axes, point))
    .sort((a, b) => a.x - b.x || a.y - b.y)
  const steps = best.slice(1).map((to, index) => {
    const from = best[index] ?? to
    return html`<line class="front" x1="${percent(from.x)}" x2="${percent(to.x)}" y1="${percent(from.y)}" y2="${percent(from.y)}"/><line class="front" x1="${percent(to.x)}" x2="${percent(to.x)}" y1="${percent(from.y)}" y2="${percent(to.y)}"/>`
  })
  return html`${steps}`
}

function labelMarkup(axes: Axes, points: readonly Point[]): Markup {
  const names = points.map((point) => {
    const place = at(axes, point)
    const text = cutMiddle(point.label, 22, signsOf({ unicode: true }))
    return { text, x: (place.x / 100) * NARROWEST, y: (place.y / 100) * HEIGHT }
  })
  const places = placeLabels(names, NARROWEST, HEIGHT)
  return html`${points.map((point, index) => {
    const place = places[index]
    if (place === null || place === undefined) return null
    const { x, y } = at(axes, point)
    return html`<svg x="${percent(x)}" y="${percent(y)}" overflow="visible" data-row data-heap="${point.heap}"><text class="name${point.isBest && ' is-best'}" x="${place.dx}" y="${place.dy}" text-anchor="${place.anchor}">${names[index]?.text}</text></svg>`
  })}`
}

function textOf({ heap, label, speed, memory, isBest }: Point, set: ParetoSet): string {
  const signs = signsOf({ unicode: true })
  if (heap === 0) return `${label}: the baseline${isBest ? ' (to choose from)' : ''}`
  const words = `${label}: ${ratioTexts(speed, signs).ratio} ${metricNoun(set.speed)}, ${ratioTexts(memory, signs).ratio} ${metricNoun(set.memory)}`
  return clean(words) + (isBest ? ' (to choose from)' : '')
}

function figure(result: CompareResult, set: ParetoSet): Markup | null {
  const points = pointsOf(result, set)
  if (points.length < 2) return null
  const higher = result.cells.find(({ metric }) => metric === set.speed)?.higherIsBetter === true
  const threshold = result.threshold
  const axes = {
    x: ratioAxis(
      points.map(({ speed }) => speed),
      threshold,
    ),
    y: ratioAxis(
      points.map(({ memory }) => memory),
      threshold,
    ),
  }
  const ticks = (axis: LogAxis) =>
    ratioTicks(axis).map((value) => ({ at: positionOn(axis, value), text: tickText(value) }))
  const baseline = heapLabels(result)[0] ?? ''
  const title = set.workload === null ? 'over all workloads' : clean(set.workload)
  const list = points.map(
    (point) =>
      html`<li data-row data-heap="${point.heap}"><span class="swatch ${heapClass(point.heap)}${point.isBest && ' is-best'}"></span>${textOf(point, set)}</li>`,
  )
  return html`<figure class="pareto"><figcaption>${title}</figcaption>${plot({
    description: `Memory against speed, ${title}. ${points.map((point) => textOf(point, set)).join('; ')}.`,
    height: HEIGHT,
    x: { title: `${clean(metricNoun(set.speed))}, ratio to ${baseline}, ${direction(higher)}`, ticks: ticks(axes.x) },
    y: { title: `${clean(metricNoun(set.memory))}, ratio to ${baseline}, ${direction(false)}`, ticks: ticks(axes.y) },
    body: [frontMarkup(axes, points), points.map((point) => pointMarkup(axes, point)), labelMarkup(axes, points)],
  })}<ul class="legend">${list}</ul></figure>`
}

/** The section: what holds over all workloads in front, each workload folded behind; null where there is nothing to draw. */
export function paretoSection(result: CompareResult): Markup | null {
  const drawn = result.pareto.flatMap((set) => {
    const picture = figure(result, set)
    return picture === null ? [] : [{ set, picture }]
  })
  const first = drawn.find(({ set }) => set.workload === null) ?? drawn[0]
  if (first === undefined) return null
  const others = drawn.filter((each) => each !== first)
  const folded =
    others.length > 0 &&
    html`<details class="more"><summary>By workload</summary><div class="pictures">${others.map(({ picture }) => picture)}</div></details>`
  return html`<section id="pareto" data-section aria-labelledby="pareto-title"><h2 id="pareto-title">Memory against speed</h2>${first.picture}
${howToRead(
  'Each dot is a heap: the further down, the less memory; where less time is better, the further left, the faster. The lines through it are its 95 % intervals.',
  'The heaps on the dashed line are the ones to choose from: no other is as good in both and better in one. A heap off the line is beaten in speed and in memory by one on it. Which of those on the line is right depends on what memory costs you.',
)}${folded}</section>`
}
