/**
 * What the blocks of a comparison gave, run by run, and how that becomes the series of each heap: runs alone, duets,
 * and runs whose instructions were counted.
 */

import { duetMetrics } from './duet.ts'
import {
  type CompareMetric,
  type ComparisonOptions,
  INSTRUCTIONS,
  type PairSample,
  type RunSample,
  type SubjectRuns,
} from './types.ts'

/** One block: each list has one element per heap and the control last; what did not run is undefined. */
export interface Row {
  alone: (RunSample | undefined)[]
  pairs: (PairSample | undefined)[]
  counted: (RunSample | undefined)[]
}

/** A block that has not run yet. */
export const emptyRow = (): Row => ({ alone: [], pairs: [], counted: [] })

/** What runs a block is made of. */
export interface Steps {
  alone: boolean
  duets: boolean
  counted: boolean
}

/** The series of each heap, in order, and the control last. */
export function subjectRuns(options: ComparisonOptions, rows: readonly Row[], steps: Steps): SubjectRuns[] {
  const { heaps, metrics } = options
  const control = heaps.length
  const metricsOfDuets = steps.duets ? duetMetrics(metrics).names : null
  return [...heaps, heaps[0]].map((heap, column) => {
    const alone = rows.flatMap((row) => row.alone[column] ?? [])
    // The baseline has no duet with itself but the control's: its side of that one stands for it.
    const side = column === 0 ? 'baseline' : 'candidate'
    const pairs = rows.flatMap((row) => row.pairs[column === 0 ? control : column] ?? [])
    const own = pairs.map((pair) => pair[side])
    const partners = pairs.map((pair) => pair.baseline)
    // With its gaps: the blocks in which there was nothing left to count.
    const counted = rows.map((row) => row.counted[column])
    const samples = steps.alone ? alone : steps.duets ? own : counted.flatMap((sample) => sample ?? [])
    return {
      spec: heap?.spec ?? '',
      samples,
      duets: metricsOfDuets === null ? null : { own, partners, metrics: metricsOfDuets },
      counted: steps.counted ? counted : null,
    }
  })
}

/** The runs that a block needs for its metrics. */
export function stepsFor(metrics: readonly CompareMetric[], duets: boolean): Steps {
  const counted = metrics.some(isInstructions)
  const timed = metrics.filter((metric) => !isInstructions(metric))
  return { alone: timed.length > 0 && (!duets || duetMetrics(timed).alone), duets, counted }
}

const isInstructions = ({ name, pattern }: CompareMetric) => pattern === null && name === INSTRUCTIONS

/** After so many blocks instructions need not be counted again, where they differ by less than this share. */
const STEADY_BLOCKS = 5
const STEADY_SHARE = 0.001

/** Whether every subject's instructions were the same in each block, and often enough to say so. */
export function isSteady(rows: readonly Row[]): boolean {
  const counted = rows.map((row) => row.counted).filter((samples) => samples.length > 0)
  if (counted.length < STEADY_BLOCKS) return false
  return (counted[0] ?? []).every((_, column) => {
    const values = counted.map((samples) => samples[column]?.values[INSTRUCTIONS] ?? Number.NaN)
    return Math.max(...values) / Math.min(...values) - 1 <= STEADY_SHARE
  })
}
