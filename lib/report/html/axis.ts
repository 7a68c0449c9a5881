/**
 * Logarithmic axes for pictures: half and twice are equally far from 1. Positions are shares in per cent, which SVG
 * takes as coordinates, so that a picture fits every width and its letters keep their size.
 */

import { formatRatio } from '../units.ts'
import type { Interval } from '../view.ts'

/** An axis from `low` to `high`, both above 0. */
export interface LogAxis {
  low: number
  high: number
}

/** What lies beyond these is drawn as an arrow: one wild heap must not squeeze all others together. */
const LEAST = 1 / 5
const MOST = 5
/** Room at both ends, as a share of the axis. */
const MARGIN = 0.04

/** The axis that holds the intervals, 1, and the threshold on both sides (or noise of 0.1 % would fill the width). */
export function ratioAxis(intervals: readonly Interval[], threshold: number): LogAxis {
  const reach = 1 + Math.max(threshold, 0.005) * 1.5
  const near = intervals.filter(({ ratio }) => ratio > LEAST && ratio < MOST)
  const low = Math.max(LEAST, Math.min(1 / reach, ...near.map((interval) => interval.low)))
  const high = Math.min(MOST, Math.max(reach, ...near.map((interval) => interval.high)))
  const margin = (high / low) ** MARGIN
  return { low: low / margin, high: high * margin }
}

/** Where a value is on an axis: 0 at its low end, 100 at its high one; what lies beyond is at the end. */
export function positionOn(axis: LogAxis, value: number): number {
  const inside = Math.min(Math.max(value, axis.low), axis.high)
  return (Math.log(inside / axis.low) / Math.log(axis.high / axis.low)) * 100
}

/** A share in per cent as SVG takes it. */
export function percent(share: number): string {
  return `${Number(share.toFixed(2))}%`
}

const COARSE = [0.2, 0.25, 1 / 3, 0.5, 2 / 3, 1, 1.5, 2, 3, 4, 5]
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
const MOST_TICKS = 7

/** Ratios to name on an axis, 1 among them, at most seven. */
export function ratioTicks(axis: LogAxis): number[] {
  const inside = (value: number) => value >= axis.low && value <= axis.high
  if (axis.high / axis.low > 2.4) return COARSE.filter(inside)
  for (const step of STEPS) {
    const first = Math.ceil((axis.low - 1) / step)
    const last = Math.floor((axis.high - 1) / step)
    if (last - first + 1 > MOST_TICKS) continue
    return Array.from({ length: last - first + 1 }, (_, index) => 1 + (first + index) * step).filter(inside)
  }
  return [1]
}

/** Those ticks, 1 first and then outwards, that are at least `gap` per cent of the axis apart: their names need room. */
export function thinned(axis: LogAxis, ticks: readonly number[], gap: number): number[] {
  const outwards = (values: readonly number[]) => {
    let last = positionOn(axis, 1)
    return values.filter((value) => {
      const at = positionOn(axis, value)
      if (Math.abs(at - last) < gap) return false
      last = at
      return true
    })
  }
  const below = outwards(ticks.filter((value) => value < 1).reverse()).reverse()
  return [...below, 1, ...outwards(ticks.filter((value) => value > 1))]
}

/** A tick as text: as many digits as it needs and no more. */
export function tickText(value: number): string {
  const digits = Math.abs(value * 100 - Math.round(value * 100)) < 0.01 || value < 0.7 ? 2 : 3
  return formatRatio(value, digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}
