/** Axes of the lab's pictures: numbers with a unit to places, and round numbers to name on them. */

import { positionOn } from '../html/axis.ts'
import { formatBytes, formatDuration, formatNumber } from '../units.ts'

/** An axis from 0 to 1. */
export interface Scale {
  at(value: number): number
  ticks: readonly number[]
}

/** A value with its unit; an axis says the unit once, but bytes and times have it with each number. */
export function valueText(value: number, unit: string): string {
  if (unit === 'B' || unit === 'bytes') return withSign(value, (size) => shortened(formatBytes(size)))
  if (unit === 'ns') return withSign(value, (size) => shortened(formatDuration(size, signs)))
  if (Math.abs(value) >= 1e5) return withSign(value, thousands)
  return formatNumber(value)
}

/** The unit as an axis's title has it; nothing where each number has it, or the title already. */
export function unitSuffix(unit: string, title: string): string {
  if (
    title
      .toLowerCase()
      .split(/[^\p{L}%]+/u)
      .includes(unit.toLowerCase())
  )
    return ''
  return unit === '' || unit === 'B' || unit === 'bytes' || unit === 'ns' ? '' : `, ${unit}`
}

const signs = { micro: 'µ' } as Parameters<typeof formatDuration>[1]

function withSign(value: number, text: (size: number) => string): string {
  return value < 0 ? `-${text(-value)}` : text(value)
}

/** `1.00 MiB` as `1 MiB`. */
function shortened(text: string): string {
  return text.replace(/(\.\d*?)0+(?= )/, '$1').replace(/\.(?= )/, '')
}

/** 123456 as 123 k. */
function thousands(value: number): string {
  const [size, name] = value >= 1e12 ? [1e12, 'T'] : value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : [1e3, 'k']
  return `${Number((value / size).toPrecision(3))} ${name}`
}

const isNumber = (value: number) => Number.isFinite(value)

/** The steps of 1, 2 and 5 (of bytes: of two) of which at most `most` cover the range. */
function stepFor(range: number, unit: string, most: number, whole: boolean): number {
  if (unit === 'B' || unit === 'bytes') {
    const step = 2 ** Math.ceil(Math.log2(range / most))
    return Math.max(1, step)
  }
  const power = 10 ** Math.floor(Math.log10(range / most))
  const step = [1, 2, 5, 10].map((base) => base * power).find((each) => range / each <= most) ?? range
  // Of things that are counted there are no halves.
  return whole ? Math.max(1, step) : step
}

/** An even axis that begins at 0, or below where there are values below; `most` is how many ticks there is room for. */
export function linearScale(values: readonly number[], unit: string, most: number, fromZero = true): Scale {
  const real = values.filter(isNumber)
  const least = real.reduce((low, value) => Math.min(low, value), fromZero ? 0 : Number.POSITIVE_INFINITY)
  const largest = real.reduce((high, value) => Math.max(high, value), fromZero ? 0 : Number.NEGATIVE_INFINITY)
  const low = isNumber(least) ? least : 0
  const high = isNumber(largest) && largest > low ? largest : low + 1
  const step = stepFor(high - low, unit, most, real.every(Number.isInteger))
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  )
  return { at: (value) => Math.min(1, Math.max(0, (value - low) / (high - low))), ticks }
}

/** A logarithmic axis; values that are not above 0 have no place on it. */
export function logScale(values: readonly number[], unit: string, most: number): Scale {
  const real = values.filter((value) => isNumber(value) && value > 0)
  const low = real.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const high = real.reduce((largest, value) => Math.max(largest, value), 0)
  if (high === 0) return linearScale([], unit, most)
  const axis = low === high ? { low: low / 2, high: high * 2 } : { low, high }
  const base = unit === 'B' || unit === 'bytes' ? 2 : 10
  const powerOf = (value: number) => Math.log(value) / Math.log(base)
  const [from, to] = [Math.ceil(powerOf(axis.low) - 1e-9), Math.floor(powerOf(axis.high) + 1e-9)]
  const every = Math.max(1, Math.ceil((to - from + 1) / most))
  const ticks: number[] = []
  for (let power = from; power <= to; power += every) ticks.push(base ** power)
  return { at: (value) => (value > 0 ? positionOn(axis, value) / 100 : 0), ticks }
}
