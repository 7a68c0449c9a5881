/**
 * The heaps that are the right choice for somebody: memory is what speed is bought with, so that the fastest heap and
 * the smallest are rarely one, and a heap that another beats in both is nobody's.
 */

import { paretoSet } from '../stats/index.ts'
import type { Cell, ComparedHeap, Overall, ParetoSet } from '../types.ts'
import { cellGroups } from './groups.ts'

/** One metric's ratios, one per heap. */
type Row = readonly Pick<Cell | Overall, 'metric' | 'higherIsBetter' | 'ratio'>[]

/** By what speed and memory are judged: the first of these that was measured. */
const SPEED = ['wall', 'cpu', 'user']
const MEMORY = ['peak-rss', 'rss-mean', 'rss-peak']

/** What only services have. */
const OF_SERVICES = ['rss-mean', 'rss-peak', 'rss-after']

/** What `paretoSets` takes. */
export interface ParetoOptions {
  heaps: readonly Pick<ComparedHeap, 'state'>[]
  cells: readonly Cell[]
  overall: readonly Overall[]
}

function rowOf(rows: readonly Row[], names: readonly string[]): Row | undefined {
  return names.flatMap((name) => rows.filter((row) => row[0]?.metric === name))[0]
}

/** The ratio as a cost: of a rate its inverse. */
function cost(row: Row, heap: number): number | null {
  const { ratio = null, higherIsBetter = false } = row[heap] ?? {}
  if (ratio === null || !higherIsBetter) return ratio
  return ratio > 0 ? 1 / ratio : null
}

function setOf(workload: string | null, rows: readonly Row[], heaps: ParetoOptions['heaps']): ParetoSet[] {
  // A rate comes last, because a program may call anything one. For a service it comes first: the time is its load's,
  // which often is made to last just so long.
  const rate = rows.find((row) => row[0]?.higherIsBetter)
  const isService = rowOf(rows, OF_SERVICES) !== undefined
  const speed = isService ? (rate ?? rowOf(rows, SPEED)) : (rowOf(rows, SPEED) ?? rate)
  const memory = rowOf(rows, MEMORY)
  if (speed?.[0] === undefined || memory?.[0] === undefined) return []
  const points = heaps.flatMap(({ state }, heap) => {
    const x = cost(speed, heap)
    const y = cost(memory, heap)
    return state === 'inactive' || x === null || y === null ? [] : { x, y, heap }
  })
  if (points.length === 0) return []
  const set = paretoSet(points).map((index) => points[index]?.heap as number)
  return [{ workload, speed: speed[0].metric, memory: memory[0].metric, heaps: set }]
}

/**
 * The Pareto set of each workload that has a metric of speed and one of memory, and of all workloads where there are
 * several and each has both. By the ratios as measured: heaps that differ by less than the noise may both be in it, or
 * one of them. Heaps that were not in effect, or have no ratio, are left out.
 */
export function paretoSets({ heaps, cells, overall }: ParetoOptions): ParetoSet[] {
  const groups = cellGroups(cells)
  const workloads = [...new Set(groups.map(({ workload }) => workload))]
  const single = workloads.flatMap((name) => {
    const rows = groups.filter(({ workload }) => workload === name).map((group) => group.cells)
    return setOf(name, rows, heaps)
  })
  const everywhere = overall.filter((row) => row.workloads === workloads.length)
  const metrics = [...new Set(everywhere.map(({ metric }) => metric))]
  const rows = metrics.map((name) => everywhere.filter(({ metric }) => metric === name))
  return [...single, ...setOf(null, rows, heaps)]
}
