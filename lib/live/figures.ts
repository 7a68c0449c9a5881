/** Numbers, names and small pictures for columns: always of a known width, as a screen is made of cells. */

import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

/** How a line may be drawn. */
export interface LiveStyle {
  /** Cells of the screen. */
  width: number
  height: number
  /** Whether letters outside ASCII may be used. */
  unicode: boolean
}

/** A value in at most five cells: 0, 999, 1.2K, 12.3M, 999G. `base` is 1024 for bytes and 1000 for counts. */
export function compact(value: number | null, base: 1000 | 1024): string {
  if (value === null || !Number.isFinite(value)) return '-'
  if (value < 0) return `-${compact(-value, base)}`
  const units = base === 1024 ? ['', 'K', 'M', 'G', 'T', 'P'] : ['', 'k', 'M', 'G', 'T', 'P']
  let scaled = value
  let unit = 0
  while (Math.round(scaled) >= (unit === 0 ? base : 1000) && unit < units.length - 1) {
    scaled /= base
    unit++
  }
  const text = unit === 0 || scaled >= 99.95 ? String(Math.round(scaled)) : scaled.toFixed(1)
  return `${text}${units[unit]}`
}

/** Nanoseconds in at most six cells. */
export function compactNs(ns: number, unicode: boolean): string {
  const micro = unicode ? 'µs' : 'us'
  for (const [unit, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    [micro, 1e3],
  ] as const) {
    if (ns >= size) return `${ns / size >= 99.95 ? Math.round(ns / size) : (ns / size).toFixed(1)}${unit}`
  }
  return `${Math.round(ns)}ns`
}

/** Hours, minutes and seconds: 0:07, 12:34, 1:02:03. */
export function clock(ns: number): string {
  const seconds = Math.floor(ns / 1e9)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** A text from a target without what could move the cursor, break a line or turn it round. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
}

/** The cells that a text takes. */
export function cells(text: string): number {
  // Most texts are plain.
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text)
}

/** A text cut to at most `width` cells, with a sign where something was cut. */
export function cut(text: string, width: number, { unicode }: Pick<LiveStyle, 'unicode'>): string {
  if (cells(text) <= width) return text
  if (width <= 0) return ''
  let left = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const wide = cells(segment)
    if (used + wide > width - 1) break
    left += segment
    used += wide
  }
  return left + (unicode ? '…' : '~')
}

const segmenter = new Intl.Segmenter()

/** A text in exactly `width` cells. */
export function padTo(
  text: string,
  width: number,
  style: Pick<LiveStyle, 'unicode'>,
  align: 'left' | 'right' = 'left',
) {
  const short = cut(text, width, style)
  const space = ' '.repeat(Math.max(0, width - cells(short)))
  return align === 'left' ? short + space : space + short
}

const unicodeBars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const asciiBars = ['_', '.', '-', '=', '+', '*', '%', '#']

/** The last values as bars from zero to the largest, the newest at the right, in exactly `width` cells. */
export function sparkline(values: readonly number[], width: number, unicode: boolean): string {
  if (width <= 0) return ''
  const bars = unicode ? unicodeBars : asciiBars
  const shown = values.slice(-width)
  const most = shown.reduce((all, value) => Math.max(all, value), 0)
  const bar = (value: number) => bars[most <= 0 ? 0 : Math.min(7, Math.floor((Math.max(0, value) / most) * 7.999))]
  return shown.map(bar).join('').padStart(width)
}

/** A bar of at most `width` cells; what is not nothing shows at least one. */
export function bar(value: number, most: number, width: number, unicode: boolean): string {
  if (value <= 0 || most <= 0 || width <= 0) return ''
  return (unicode ? '█' : '#').repeat(Math.max(1, Math.min(width, Math.round((value / most) * width))))
}
