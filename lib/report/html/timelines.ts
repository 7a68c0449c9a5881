/**
 * Resident memory over time of a service's server: a line per run, the heaps by colour, the time under load shaded. It
 * shows what a peak cannot: whether memory is given back once the load is over.
 */

import type { CompareResult, Timeline } from '../../types.ts'
import { clean } from '../layout.ts'
import { formatBytes, formatDuration } from '../units.ts'
import { heapLabels, medianOf, workloadsOf } from '../view.ts'
import { percent } from './axis.ts'
import { howToRead } from './how-to-read.ts'
import { html, type Markup } from './markup.ts'
import { heapClass, plot, type Tick } from './plot.ts'

const HEIGHT = 280
/** The most points of a line; more cannot be told apart. */
const MOST_POINTS = 300

type Point = readonly [ms: number, bytes: number]

/** A line of fewer points: of each stretch its highest and its lowest, so that no peak is lost. */
export function thinned(points: readonly Point[], most = MOST_POINTS): readonly Point[] {
  if (points.length <= most) return points
  const size = Math.ceil(points.length / (most / 2))
  const kept: Point[] = []
  for (let from = 0; from < points.length; from += size) {
    const stretch = points.slice(from, from + size).sort((a, b) => a[1] - b[1])
    const [low, high] = [stretch[0], stretch.at(-1)]
    if (low === undefined || high === undefined) continue
    kept.push(...(low === high ? [low] : [low, high].sort((a, b) => a[0] - b[0])))
  }
  return kept
}

/** Round values from 0 to `most`, at most `count`. */
function roundTicks(most: number, count: number, bases: readonly number[]): number[] {
  const base = bases.find((each) => most / each <= count) ?? most
  return Array.from({ length: Math.floor(most / base) + 1 }, (_, index) => index * base)
}

const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power)
const MS_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5,
]

function secondsText(ms: number): string {
  return ms === 0 ? '0' : ms < 100e3 ? `${Number((ms / 1000).toPrecision(3))} s` : formatDuration(ms * 1e6)
}

function bytesText(bytes: number): string {
  const [number = '', unit = ''] = formatBytes(bytes).split(' ')
  return bytes === 0 ? '0' : `${Number(number)} ${unit}`
}

/** A line in a system of its own from 0 to 1000 both ways, stretched over the frame. */
function line({ heapIndex, block, points }: Timeline, toMs: number, toBytes: number, isMiddle: boolean): Markup {
  const path = thinned(points)
    .map(([ms, bytes]) => `${Math.round((ms / toMs) * 1000)},${Math.round(1000 - (bytes / toBytes) * 1000)}`)
    .join(' ')
  return html`<g data-row data-heap="${heapIndex}"><polyline class="rss ${heapClass(heapIndex)}${heapIndex >= 8 && ' is-second'}${isMiddle && ' is-middle'}" data-block="${block}" points="${path}" vector-effect="non-scaling-stroke"/></g>`
}

const meanOf = ({ points }: Timeline) => points.reduce((sum, [, bytes]) => sum + bytes, 0) / Math.max(1, points.length)

/** The run of a heap that is drawn heavier: that of the middle mean. */
function middleRun(lines: readonly Timeline[]): Timeline | undefined {
  const sorted = lines.toSorted((a, b) => meanOf(a) - meanOf(b))
  return sorted[Math.floor((sorted.length - 1) / 2)]
}

function described(label: string, lines: readonly Timeline[]): string {
  const peak = medianOf(lines.map(({ points }) => Math.max(0, ...points.map(([, bytes]) => bytes))))
  const last = medianOf(lines.map(({ points }) => points.at(-1)?.[1] ?? null))
  return `${label}: peak ${formatBytes(peak ?? 0)}, ${formatBytes(last ?? 0)} at the end`
}

function loadBand(lines: readonly Timeline[], toMs: number): Markup | false {
  const from = medianOf(lines.map(({ loadFromMs }) => loadFromMs))
  const to = medianOf(lines.map(({ loadToMs }) => loadToMs))
  if (from === null || to === null || to <= from) return false
  const [left, width] = [(from / toMs) * 100, ((to - from) / toMs) * 100]
  return html`<rect class="load" x="${percent(left)}" width="${percent(width)}" y="0" height="100%"/><text class="tick" x="${percent(left + width / 2)}" y="14" text-anchor="middle">load</text>`
}

function figure(result: CompareResult, workload: string): Markup | null {
  const lines = result.timelines.filter((each) => each.workload === workload && each.points.length > 1)
  if (lines.length === 0) return null
  const labels = heapLabels(result)
  const toMs = Math.max(1, ...lines.map(({ points }) => points.at(-1)?.[0] ?? 0))
  const toBytes = Math.max(1, ...lines.flatMap(({ points }) => thinned(points).map(([, bytes]) => bytes))) * 1.05
  const byHeap = labels.map((_, heap) => lines.filter(({ heapIndex }) => heapIndex === heap))
  const ticks = (values: number[], most: number, text: (value: number) => string): Tick[] =>
    values.map((value) => ({ at: (value / most) * 100, text: text(value) }))
  const texts = byHeap.flatMap((own, heap) =>
    own.length === 0 ? [] : [{ heap, text: described(labels[heap] ?? '', own) }],
  )
  const drawn = byHeap.flatMap((own) => {
    const middle = middleRun(own)
    return own
      .map((each) => ({ each, isMiddle: each === middle }))
      .sort((a, b) => Number(a.isMiddle) - Number(b.isMiddle))
  })
  const body = [
    loadBand(lines, toMs),
    html`<svg width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none">${drawn.map(({ each, isMiddle }) => line(each, toMs, toBytes, isMiddle))}</svg>`,
  ]
  const title = clean(workload)
  const list = texts.map(
    ({ heap, text }) =>
      html`<li data-row data-heap="${heap}"><span class="swatch is-line ${heapClass(heap)}"></span>${text}</li>`,
  )
  return html`<figure class="timeline" data-workload="${workloadsOf(result).indexOf(workload)}"><figcaption>${title}</figcaption>${plot(
    {
      description: `Resident memory of ${title} over time. ${texts.map(({ text }) => text).join('; ')}.`,
      height: HEIGHT,
      x: { title: 'time since the server was started', ticks: ticks(roundTicks(toMs, 7, MS_STEPS), toMs, secondsText) },
      y: { title: 'resident memory', ticks: ticks(roundTicks(toBytes, 6, BYTE_STEPS), toBytes, bytesText) },
      body,
    },
  )}<ul class="legend">${list}</ul></figure>`
}

/** The section; null where no service was compared. */
export function timelineSection(result: CompareResult): Markup | null {
  const figures = workloadsOf(result).flatMap((workload) => figure(result, workload) ?? [])
  if (figures.length === 0) return null
  return html`<section id="timelines" data-section aria-labelledby="timelines-title"><h2 id="timelines-title">Memory over time</h2><div class="pictures">${figures}</div>
${howToRead('Each line is the resident memory of one run of the server, its child processes included; the heavy line of each heap is the run of its middle mean. The shaded part is the time under load.', 'What stays after the load is memory that the heap keeps for itself. It is no leak, but other programs cannot have it.')}</section>`
}
