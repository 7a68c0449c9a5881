/**
 * The result of a comparison from what its blocks gave.
 */

import { median } from '../stats/index.ts'
import type { CompareResult, DuetFacts, RunFailure, Verdict } from '../types.ts'
import { withTests } from './cell-tests.ts'
import { comparedHeap, comparisonCells, controlCells, type RatioOptions } from './cells.ts'
import type { Looks } from './looks.ts'
import { paretoSets } from './pareto.ts'
import { type Row, type Steps, subjectRuns } from './rows.ts'
import type { ComparisonOptions, Stop, SubjectRuns } from './types.ts'
import { comparisonWarnings } from './warnings.ts'

/** All that a comparison has when it ends. */
export interface ComparisonEnd {
  options: ComparisonOptions
  rows: readonly Row[]
  steps: Steps
  duet: DuetFacts | null
  looks: Looks | null
  ratioOptions: RatioOptions
  /** Per heap, of every run that ended. */
  verdicts: readonly (readonly Verdict[])[]
  warmupFailures: readonly { heap: string; failure: Omit<RunFailure, 'block'> }[]
  started: Date
  stopped: Stop | null
}

/** The median share of a pair's time in which both ran. */
function overlapOf(rows: readonly Row[]): number | null {
  const overlaps = rows.flatMap(({ pairs }) => pairs.flatMap((pair) => pair?.overlap ?? []))
  return overlaps.length === 0 ? null : median(overlaps)
}

/** The result; `partial` where it was stopped before its last block. */
export function comparisonResult(end: ComparisonEnd): CompareResult {
  const { options, rows, stopped, looks } = end
  const blocks = rows.length
  const runs = subjectRuns(options, rows, end.steps)
  const controlRuns = runs.pop() as SubjectRuns
  const heaps = options.heaps.map((heap, index) => comparedHeap(heap, end.verdicts[index] ?? []))
  const cells = withTests(comparisonCells(options, runs, end.ratioOptions))
  const control = controlCells(options, controlRuns, runs[0] as SubjectRuns, end.ratioOptions)
  const duet = end.duet === null ? null : { ...end.duet, overlap: overlapOf(rows) }
  const { warmupBlocks, seed, threshold, machine } = options
  const decided = cells.every(({ verdict }, index) => index % heaps.length === 0 || verdict !== 'inconclusive')
  const { warmupFailures } = end
  const facts = { options, heaps, runs, controlRuns, control, blocks, stopped, warmupFailures, duet, looks, decided }
  return {
    schema: 1,
    alloc8: options.version ?? '',
    started: end.started.toISOString(),
    reproduce: options.reproduce ?? null,
    command: [...options.command],
    workloads: [
      {
        name: options.workload,
        kind: 'command',
        command: [...options.command],
        load: null,
        blocks,
        requestedBlocks: options.blocks,
        threshold,
        duet,
        looks: looks === null ? null : { ...looks, planned: looks.blocks, done: looksDone(looks, blocks) },
      },
    ],
    baseline: controlRuns.spec,
    heaps,
    blocks,
    requestedBlocks: options.blocks,
    warmupBlocks,
    seed,
    threshold,
    partial: stopped !== null,
    machine,
    control,
    warnings: comparisonWarnings(facts),
    cells,
    overall: [],
    pareto: paretoSets({ heaps, cells, overall: [] }),
    timelines: [],
  }
}

const looksDone = (looks: Looks, blocks: number) => looks.blocks.filter((planned) => planned <= blocks).length
