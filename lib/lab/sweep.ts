/**
 * A grid of a heap's tunables: one puppet for each pair of settings, the same work in each, and what it took. Which of a
 * heap's tunables stands for a dimension is told by the tunables that it has.
 */

import type { LabMatrix } from '../types.ts'
import type { Lab } from './experiment.ts'
import type { Puppet } from './puppet.ts'

/** Something that heaps let one set, each under a name of its own; settings from least to most. */
export interface Dimension {
  name: string
  keys: readonly { key: string; values: readonly string[] }[]
}

/** A dimension as the heap at hand has it. */
export interface Axis {
  dimension: string
  /** Null where the heap has no tunable for it: then there is one setting, as it is. */
  key: string | null
  values: readonly string[]
}

/** What some work took. */
export interface Cost {
  ns: number
  /** Memory that is resident after it and was not before. */
  bytes: number
}

/** What a grid has shown, by row and column; null where the puppet could not be started so. */
export interface Grid {
  rows: Axis
  columns: Axis
  cells: (Cost | null)[][]
}

/** The heap's axis for a dimension. */
export function axisOf(dimension: Dimension, tunables: readonly string[]): Axis {
  const found = dimension.keys.find(({ key }) => tunables.includes(key))
  return { dimension: dimension.name, key: found?.key ?? null, values: found?.values ?? ['as it is'] }
}

/** Runs the work at each pair of settings, in a puppet of its own each time. */
export async function sweep(
  lab: Lab,
  rows: Axis,
  columns: Axis,
  options: { threads: number; work(p: Puppet): Promise<Cost> },
): Promise<Grid> {
  const cells: Grid['cells'] = []
  for (const row of rows.values) {
    const line: (Cost | null)[] = []
    for (const column of columns.values) {
      const settings: Record<string, string> = {}
      if (rows.key !== null) settings[rows.key] = row
      if (columns.key !== null) settings[columns.key] = column
      const p = await lab.tuned(settings, { threads: options.threads })
      line.push(p === null ? null : await options.work(p))
      await p?.close()
    }
    cells.push(line)
  }
  return { rows, columns, cells }
}

/** How a setting is written: `arena_max=2`. */
export function settingText(axis: Axis, value: string | undefined): string {
  return axis.key === null ? axis.dimension : `${axis.key}=${value ?? ''}`
}

/** Both axes' settings of the cell that has least, or most, of something. */
export function extreme(grid: Grid, measure: keyof Cost, most: boolean): { value: number; setting: string } | null {
  let found: { value: number; setting: string } | null = null
  for (const [i, line] of grid.cells.entries()) {
    for (const [j, cell] of line.entries()) {
      if (cell === null) continue
      const value = cell[measure]
      if (found !== null && (most ? value <= found.value : value >= found.value)) continue
      const settings = [
        { axis: grid.rows, value: grid.rows.values[i] },
        { axis: grid.columns, value: grid.columns.values[j] },
      ]
      const words = settings.filter(({ axis }) => axis.key !== null).map((each) => settingText(each.axis, each.value))
      found = { value, setting: words.join(' ') || 'as it is' }
    }
  }
  return found
}

/**
 * What there is with the first setting of an axis, and with its last: of the times the least that the other axis allows,
 * of the bytes the most. Null where the axis has but one setting.
 */
export function endsOf(
  grid: Grid,
  axis: 'rows' | 'columns',
  measure: keyof Cost,
): { first: number; last: number } | null {
  const count = grid[axis].values.length
  if (count < 2) return null
  const at = (index: number) => {
    const cells = axis === 'rows' ? (grid.cells[index] ?? []) : grid.cells.map((line) => line[index] ?? null)
    const values = cells.flatMap((cell) => (cell === null ? [] : [cell[measure]]))
    if (values.length === 0) return null
    return measure === 'ns' ? Math.min(...values) : Math.max(...values)
  }
  const [first, last] = [at(0), at(count - 1)]
  return first === null || last === null ? null : { first, last }
}

/** Its heat map of one measure. */
export function heatMap(grid: Grid, measure: keyof Cost, title: string): LabMatrix {
  const titleOf = (axis: Axis) => axis.key ?? axis.dimension
  return {
    ...{ kind: 'matrix', title, unit: measure === 'ns' ? 'ns' : 'B' },
    ...{ rowTitle: titleOf(grid.rows), columnTitle: titleOf(grid.columns) },
    ...{ rows: [...grid.rows.values], columns: [...grid.columns.values] },
    values: grid.cells.map((line) => line.map((cell) => cell?.[measure] ?? null)),
  }
}
