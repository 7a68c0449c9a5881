/**
 * The frame of a picture with two axes: grid, ticks and titles. The picture itself is drawn in per cent of the frame,
 * so that it fits every width, and letters and dots keep their size.
 */

import { percent } from './axis.ts'
import { html, type Markup, type Part } from './markup.ts'

/** A tick: where it is, in per cent from the left or from the bottom, and what it is called. */
export interface Tick {
  at: number
  text: string
}

/** What a frame is made of. */
export interface Frame {
  /** For those who do not see it: the whole picture in words. */
  description: string
  height: number
  x: { title: string; ticks: readonly Tick[] }
  y: { title: string; ticks: readonly Tick[] }
  body: Part
}

/** The colour of a heap, by its position. */
export const heapClass = (heap: number) => `heap-${heap % 8}`

/** The frame with what is in it. */
export function plot({ description, height, x, y, body }: Frame): Markup {
  const down = x.ticks.map(
    ({ at, text }) =>
      html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="100%"/><svg x="${percent(at)}" y="100%" overflow="visible"><text class="tick" y="17" text-anchor="middle">${text}</text></svg>`,
  )
  const across = y.ticks.map(
    ({ at, text }) =>
      html`<line class="grid" x1="0" x2="100%" y1="${percent(100 - at)}" y2="${percent(100 - at)}"/><svg x="0" y="${percent(100 - at)}" overflow="visible"><text class="tick" x="-8" y="4" text-anchor="end">${text}</text></svg>`,
  )
  return html`<div class="plot"><p class="axis-y">${y.title}</p><svg class="area" width="100%" height="${height}" role="img" aria-label="${description}">${down}${across}<rect class="frame" width="100%" height="100%"/>${body}</svg><p class="axis-x">${x.title}</p></div>`
}
