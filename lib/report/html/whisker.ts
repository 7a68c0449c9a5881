/** One interval as a picture: the ratio as a dot, its interval as a bar, before the threshold's and the noise's bands. */

import type { CellWord, Interval } from '../view.ts'
import { type LogAxis, percent, positionOn, ratioTicks, thinned, tickText } from './axis.ts'
import { html, type Markup } from './markup.ts'

/** What a whisker shows. */
export interface WhiskerFacts {
  axis: LogAxis
  /** null where there is none: the bands are drawn alone. */
  interval: Interval | null
  /** The control's interval. */
  noise: Interval | null
  threshold: number
  word: CellWord
}

/** The name of a word in classes of CSS. */
export const wordClass = (word: CellWord) => `is-${word.replaceAll(' ', '-')}`

function band(axis: LogAxis, low: number, high: number, name: string): Markup {
  const from = positionOn(axis, low)
  const width = positionOn(axis, high) - from
  return html`<rect class="${name}" x="${percent(from)}" y="0" width="${percent(width)}" height="100%"/>`
}

/** An arrow at the end of the axis beyond which an interval lies. */
function arrow(side: 'left' | 'right'): Markup {
  const path = side === 'left' ? 'M2 14l8-5v10z' : 'M-2 14l-8-5v10z'
  return html`<svg x="${side === 'left' ? '0' : '100%'}" overflow="visible"><path class="mark" d="${path}"/></svg>`
}

function bar(axis: LogAxis, { ratio, low, high }: Interval): Markup {
  const [from, to] = [percent(positionOn(axis, low)), percent(positionOn(axis, high))]
  const isInside = ratio >= axis.low && ratio <= axis.high
  const cap = (at: string) => html`<line class="bar" x1="${at}" x2="${at}" y1="9" y2="19"/>`
  return html`<line class="bar" x1="${from}" x2="${to}" y1="14" y2="14"/>${low >= axis.low && low <= axis.high && cap(from)}${high <= axis.high && high >= axis.low && cap(to)}${low < axis.low && arrow('left')}${high > axis.high && arrow('right')}${isInside && html`<circle class="mark" cx="${percent(positionOn(axis, ratio))}" cy="14" r="5"/>`}`
}

/** The picture; its numbers stand as text beside it, so that it is hidden from those who listen. */
export function whisker({ axis, interval, noise, threshold, word }: WhiskerFacts): Markup {
  const one = percent(positionOn(axis, 1))
  return html`<svg class="whisker ${wordClass(word)}" width="100%" height="28" aria-hidden="true" focusable="false">${band(axis, 1 / (1 + threshold), 1 + threshold, 'threshold')}${noise !== null && band(axis, noise.low, noise.high, 'noise')}<line class="one" x1="${one}" x2="${one}" y1="0" y2="100%"/>${interval !== null && bar(axis, interval)}</svg>`
}

/** How far apart names must be, in per cent of the column: on a page of the usual width, and on a narrow one. */
const USUAL_GAP = 18
const NARROW_GAP = 42

/** The names of the axis's ticks, for the head of the column in which the whiskers stand. */
export function whiskerScale(axis: LogAxis): Markup {
  const usual = thinned(axis, ratioTicks(axis), USUAL_GAP)
  const narrow = thinned(axis, usual, NARROW_GAP)
  const ticks = usual.map((value) => {
    const at = positionOn(axis, value)
    const anchor = at < 6 ? 'start' : at > 94 ? 'end' : 'middle'
    const name = value === 1 ? html` class="unity"` : !narrow.includes(value) && html` class="if-wide"`
    return html`<text x="${percent(at)}" y="12" text-anchor="${anchor}"${name}>${tickText(value)}</text>`
  })
  return html`<svg class="scale" width="100%" height="16" aria-hidden="true" focusable="false">${ticks}</svg>`
}
