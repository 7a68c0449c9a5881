/** What the lab's reports share: facts with their units, and facts of several heaps side by side. */

import type { LabFact, LabResult } from '../types.ts'
import { clean } from './layout.ts'
import { formatBytes, formatDuration, formatNumber } from './units.ts'

/** From here on digits are grouped; numbers of processes and threads are names and stay below. */
const LEAST_GROUPED = 1e7

/** A fact's value as text, its unit with it; bytes and times in the unit in which they are easy to read. */
export function factText({ value, unit }: Pick<LabFact, 'value' | 'unit'>): string {
  if (value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const suffix = unit === null ? '' : ` ${clean(unit)}`
  if (typeof value === 'string') return `${clean(value)}${suffix}`
  if (!Number.isFinite(value)) return `${value}${suffix}`
  const sign = value < 0 ? '-' : ''
  const size = Math.abs(value)
  if (unit === 'B') return sign + shortened(formatBytes(size))
  if (unit === 'ns') return sign + shortened(formatDuration(size))
  const digits = Number.isInteger(value) && size < LEAST_GROUPED ? String(size) : formatNumber(size)
  return `${sign}${digits}${suffix}`
}

/** `1.00 MiB` as `1 MiB`. */
function shortened(text: string): string {
  return text.replace(/(\.\d*?)0+(?= )/, '$1').replace(/\.(?= )/, '')
}

/** A fact of all heaps; undefined where a heap did not show it. */
export interface FactRow {
  name: string
  values: (LabFact | undefined)[]
}

/** The facts as rows, in the order in which they were seen; one that a heap has alone stands where that heap has it. */
export function factRows({ heaps }: LabResult): FactRow[] {
  const names: string[] = []
  for (const { facts } of heaps) {
    let place = 0
    for (const { name } of facts) {
      const known = names.indexOf(name)
      if (known >= 0) place = known + 1
      else names.splice(place++, 0, name)
    }
  }
  return names.map((name) => ({
    name: clean(name),
    values: heaps.map(({ facts }) => facts.find((fact) => fact.name === name)),
  }))
}
