/**
 * Intervals drawn in text on one axis, so that the eye sees what the numbers say: which lie left of 1, which right,
 * and which across it. The axis is logarithmic: half and twice are equally far from 1.
 */

import type { Signs } from './style.ts'
import { formatRatio } from './units.ts'
import type { Interval } from './view.ts'

/** What lies beyond these is drawn as an arrow: one wild heap must not squeeze all others together. */
const LEAST = 1 / 3
const MOST = 3

/** A logarithmic axis over `width` columns; `low` is at column 0 and `high` at the last. */
export interface Axis {
  low: number
  high: number
  width: number
}

/** The axis that holds the intervals, 1, and the threshold on both sides (or noise of 0.1 % would fill the width). */
export function axisFor(intervals: readonly Interval[], threshold: number, width: number): Axis {
  const reach = 1 + Math.max(threshold, 0.005) * 1.5
  const near = intervals.filter(({ ratio }) => ratio > LEAST && ratio < MOST)
  const low = Math.max(LEAST, Math.min(1 / reach, ...near.map((interval) => interval.low)))
  const high = Math.min(MOST, Math.max(reach, ...near.map((interval) => interval.high)))
  return { low, high, width }
}

function columnOf(axis: Axis, ratio: number): number {
  const share = Math.log(Math.min(Math.max(ratio, axis.low), axis.high) / axis.low) / Math.log(axis.high / axis.low)
  return Math.round(share * (axis.width - 1))
}

/** An interval on its axis, with the reference at 1; null draws the reference alone. */
export function drawWhisker(axis: Axis, interval: Interval | null, signs: Signs): string {
  if (axis.width === 0) return ''
  const cells: string[] = Array(axis.width).fill(' ')
  const one = columnOf(axis, 1)
  cells[one] = signs.reference
  if (interval === null) return cells.join('')
  const { ratio, low, high } = interval
  if (ratio > axis.high) cells[axis.width - 1] = signs.beyondRight
  else if (ratio < axis.low) cells[0] = signs.beyondLeft
  if (ratio > axis.high || ratio < axis.low) return cells.join('')
  const from = columnOf(axis, low)
  const to = columnOf(axis, high)
  for (let column = from; column <= to; column++) cells[column] = column === one ? signs.cross : signs.line
  if (from < to) {
    cells[from] = signs.left
    cells[to] = signs.right
  }
  cells[columnOf(axis, ratio)] = signs.mark
  if (low < axis.low * 0.999) cells[0] = signs.beyondLeft
  if (high > axis.high * 1.001) cells[axis.width - 1] = signs.beyondRight
  return cells.join('')
}

/** The labels under an axis: 1 where it is, and the ends where there is room for them. */
export function drawLabels(axis: Axis): string {
  const one = columnOf(axis, 1)
  const digits = axis.high / axis.low < 1.1 ? 3 : 2
  const low = formatRatio(axis.low, digits)
  const high = formatRatio(axis.high, digits)
  const left = low.length < one ? low : ''
  const right = one + 1 + high.length < axis.width ? high : ''
  const middle = `${left.padEnd(one)}1`
  return middle + right.padStart(axis.width - middle.length)
}
