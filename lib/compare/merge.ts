/**
 * One result of several workloads' results: the cells of all, the heaps with the worst that was seen of each anywhere,
 * the warnings with the name of the workload that they are about, and what follows over all of them.
 */

import type { ComparedHeap, CompareResult, Reason, Warning, WorkloadProblem } from '../types.ts'
import { withTests } from './cell-tests.ts'
import { severity } from './cells.ts'
import { overallResults } from './overall.ts'
import { paretoSets } from './pareto.ts'

/** The result of one workload, and what went wrong around it. */
export interface WorkloadResult {
  result: CompareResult
  /** Set where it was not run at all, or not to its end. */
  problem?: WorkloadProblem | undefined
  /** What its runs leave to be said, beyond what the comparison found. */
  warnings?: readonly Warning[] | undefined
  /** Nothing of it was begun, because the suite was stopped before. */
  unreached?: boolean | undefined
}

/** What a suite knows of itself. */
export interface MergeOptions {
  seed: number
  threshold: number
  reproduce: string | null
}

/** Nothing was run under it, so that nothing is known of it. */
const isUnknown = ({ reasons }: ComparedHeap) => reasons.length > 0 && reasons.every(({ code }) => code === 'not-run')

/** One heap of all workloads: the worst state, each reason once. Where it did not run says nothing, if it ran somewhere. */
function mergedHeap(seen: readonly ComparedHeap[]): ComparedHeap {
  const known = seen.filter((heap) => !isUnknown(heap))
  const counted = known.length > 0 ? known : seen.slice(0, 1)
  const worst = counted.reduce((a, b) => (severity[b.state] > severity[a.state] ? b : a))
  const reasons = new Map<string, Reason>()
  for (const { reasons: each } of counted)
    for (const reason of each) reasons.set(`${reason.code}\n${reason.message}`, reason)
  return { ...(seen[0] as ComparedHeap), state: worst.state, reasons: [...reasons.values()] }
}

/**
 * What several workloads say in the same words is said once, with their names in front, or of none where all say it;
 * all else with the workload's name.
 */
function mergedWarnings(results: readonly WorkloadResult[]): Warning[] {
  const begun = results.filter(({ unreached, problem }) => unreached !== true && !preventsRuns(problem))
  const all = begun.flatMap(({ result, warnings = [] }) =>
    [...result.warnings, ...warnings].map((warning) => ({ warning, name: nameOf(result) })),
  )
  if (results.length === 1) return all.map(({ warning }) => warning)
  const names = new Map<string, Set<string>>()
  for (const { warning, name } of all) names.set(warning.message, (names.get(warning.message) ?? new Set()).add(name))
  const told = new Set<string>()
  return all.flatMap(({ warning }) => {
    if (told.has(warning.message)) return []
    told.add(warning.message)
    const saying = [...(names.get(warning.message) ?? [])]
    if (begun.length > 1 && saying.length === begun.length) return warning
    return { ...warning, message: `${saying.join(', ')}: ${warning.message}` }
  })
}

const nameOf = (result: CompareResult) => result.workloads[0]?.name ?? ''

/** A teardown that failed comes after the runs, which stand. */
export function preventsRuns(problem: WorkloadProblem | undefined): boolean {
  return problem !== undefined && problem.phase !== 'teardown'
}

/** What went wrong around workloads, and those that were not reached. */
function suiteWarnings(results: readonly WorkloadResult[]): Warning[] {
  const problems = results.flatMap(({ result, problem }) => {
    if (problem === undefined) return []
    const so = preventsRuns(problem)
      ? 'Nothing was measured of it'
      : 'Its numbers stand; what it left may disturb others'
    return { code: `${problem.phase}-failed`, message: `${nameOf(result)}: ${problem.message}. ${so}. ${problem.hint}` }
  })
  const unreached = results.filter((each) => each.unreached === true).map(({ result }) => nameOf(result))
  if (unreached.length === 0) return problems
  const message = `not begun, because the suite was stopped before: ${unreached.join(', ')}. Run it again for a whole result`
  return [...problems, { code: 'not-begun', message }]
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** The results of a suite's workloads, at least one, as one. All have the same heaps. */
export function mergeResults(results: readonly WorkloadResult[], options: MergeOptions): CompareResult {
  const [first] = results.map(({ result }) => result)
  if (first === undefined) throw new RangeError('mergeResults: expected at least one result, got none')
  const all = results.map(({ result }) => result)
  const heaps = first.heaps.map((_, index) => mergedHeap(all.map((result) => result.heaps[index] as ComparedHeap)))
  const cells = withTests(all.flatMap((result) => result.cells))
  const level = Math.min(...all.flatMap(({ workloads }) => workloads.flatMap(({ looks }) => looks?.level ?? 0.05)))
  const overall = overallResults({ cells, seed: options.seed, level })
  return {
    ...first,
    ...options,
    workloads: results.flatMap(({ result, problem }) =>
      result.workloads.map((workload) => ({ ...workload, ...(problem === undefined ? {} : { problem }) })),
    ),
    heaps,
    blocks: sum(all.map(({ blocks }) => blocks)),
    requestedBlocks: sum(all.map(({ requestedBlocks }) => requestedBlocks)),
    partial: all.some(({ partial }) => partial),
    control: all.flatMap(({ control }) => control),
    warnings: [...suiteWarnings(results), ...mergedWarnings(results)],
    cells,
    overall,
    pareto: paretoSets({ heaps, cells, overall }),
    timelines: all.flatMap(({ timelines }) => timelines),
  }
}
