/**
 * Numbers for people: three digits and a unit, so that columns can be compared at a glance. Exact numbers are in the
 * JSON.
 */

import { type Signs, signsOf } from './style.ts'

const ascii = signsOf({ unicode: false })

/** The value in the first unit in which three digits stay below `limit`. */
function scaled(value: number, units: readonly [string, number][], limit: number): string {
  const last = units.length - 1
  const index = units.findIndex(([, size], i) => i === last || Number((value / size).toPrecision(3)) < limit)
  const [name, size] = units[index] ?? ['', 1]
  const shown = value / size
  return `${shown >= 999.5 ? grouped(Math.round(shown)) : threeDigits(shown)} ${name}`
}

const threeDigits = (value: number) => (value === 0 ? '0' : value.toPrecision(3))

/** An integer with its thousands apart: 1,234,567. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Nanoseconds as 12.3 ms, 4.56 s, 2 min 5 s or 3 h 20 min. */
export function formatDuration(ns: number, signs: Signs = ascii): string {
  const seconds = Math.round(ns / 1e9)
  if (seconds >= 3600) return `${grouped(Math.floor(seconds / 3600))} h ${Math.floor((seconds % 3600) / 60)} min`
  if (seconds >= 100) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  if (ns === 0) return '0 s'
  if (ns < 1000) return `${Number(ns.toPrecision(3))} ns`
  return scaled(
    ns,
    [
      [`${signs.micro}s`, 1e3],
      ['ms', 1e6],
      ['s', 1e9],
    ],
    1000,
  )
}

/** Bytes as 512 B, 1.50 KiB, 205 MiB and so on, in powers of 1024. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB'].map((name, i): [string, number] => [name, 1024 ** (i + 1)])
  return scaled(bytes, units, 1000)
}

/** A plain number: integers with their thousands apart, others with four digits. */
export function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e15) return (value < 0 ? '-' : '') + grouped(size)
  if (size >= 1000 && size < 1e15) return (value < 0 ? '-' : '') + grouped(Math.round(size))
  return String(Number(value.toPrecision(4)))
}

/** A value in a metric's unit: `ns`, `bytes`, `count`, or anything else for a plain number. */
export function formatValue(value: number, unit: string, signs: Signs = ascii): string {
  if (unit === 'ns') return formatDuration(value, signs)
  if (unit === 'bytes') return formatBytes(value)
  return formatNumber(unit === 'count' ? Math.round(value) : value)
}

/** A ratio with `digits` after the point; large ones with fewer, tiny ones with two that say something. */
export function formatRatio(ratio: number, digits = 2): string {
  if (ratio >= 1000) return grouped(Math.round(ratio))
  if (ratio >= 10) return ratio.toFixed(1)
  if (ratio > 0 && ratio < 0.05) return String(Number(ratio.toPrecision(2)))
  return ratio.toFixed(digits)
}

/** Digits after the point that an interval is worth: three when it is so narrow that two would hide it. */
export function ratioDigits(low: number, high: number): number {
  return high - low < 0.025 * low ? 3 : 2
}

/** A share as 1 %, 0.5 %, 12 %. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

/** A number of things: 1 block, 2 blocks, 3 processes. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(count)} ${count === 1 ? singular : plural}`
}
