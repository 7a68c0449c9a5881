/**
 * A comparison as JUnit XML, which CI systems show beside their tests: a suite per workload, a case per heap and
 * metric. Worse beyond the threshold is a failure; what was not decided or not in effect was skipped, which is neither
 * passed nor failed; a heap that failed in every run is an error, and so is a workload that could not be run.
 */

import xmlbuilder from 'xmlbuilder'
import type { CompareResult, GateCell, GateResult, WorkloadProblem } from '../types.ts'
import { type FailureGroup, failureGroups, failureSentence } from './failures.ts'
import { writable } from './junit.ts'
import { clean, cleanLines } from './layout.ts'
import { signsOf } from './style.ts'
import { formatPercent } from './units.ts'
import {
  type CellWord,
  cellWord,
  heapLabels,
  isDecided,
  type PlacedCell,
  placedCells,
  problemOf,
  workloadsOf,
} from './view.ts'
import { metricNoun, ratioTexts } from './words.ts'

/** A case before it is written. */
interface JunitCase {
  name: string
  classname: string
  outcome: 'passed' | 'failure' | 'error' | 'skipped'
  message: string
  output: string[]
}

const outcomes: Record<CellWord, JunitCase['outcome']> = {
  better: 'passed',
  same: 'passed',
  baseline: 'passed',
  worse: 'failure',
  failed: 'error',
  inconclusive: 'skipped',
  'not active': 'skipped',
  'not run': 'skipped',
}

function messageOf(result: CompareResult, { cell, heap }: PlacedCell, word: CellWord, group: FailureGroup | undefined) {
  const signs = signsOf({ unicode: true })
  const baseline = heapLabels(result)[0] ?? ''
  if (word === 'failed') return `no run gave a number: ${group === undefined ? '' : failureSentence(group)}`
  if (word === 'not active') {
    const reasons = result.heaps[heap]?.reasons.map(({ message }) => clean(message)) ?? []
    return `the heap was not in effect${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`
  }
  if (word === 'not run') return 'not run: there was no run that counts'
  if (!isDecided(cell)) return `${word}: there are too few pairs for an interval`
  const { ratio, interval } = ratioTexts(cell, signs)
  const threshold = formatPercent(cell.threshold)
  return `${word}: ${ratio} the ${clean(metricNoun(cell.metric))} of ${baseline}, 95 % interval ${interval}, threshold ${threshold}`
}

/** The case of a cell. What failed runs printed stands in the first case of its heap alone: it may be much. */
function caseOf(
  result: CompareResult,
  placed: PlacedCell,
  group: FailureGroup | undefined,
  isFirst: boolean,
): JunitCase {
  const word = cellWord(result, placed.cell, placed.heap)
  const heap = heapLabels(result)[placed.heap] ?? ''
  return {
    name: `${heap}: ${clean(metricNoun(placed.cell.metric))}`,
    classname: clean(placed.cell.workload),
    outcome: outcomes[word],
    message: messageOf(result, placed, word, group),
    output: isFirst
      ? (group?.failures ?? []).map(
          ({ block, message, output }) => `block ${block + 1}: ${clean(message)}\n${cleanLines(output)}`,
        )
      : [],
  }
}

/** What kept a workload from being run, as a message. */
const problemText = ({ phase, message }: WorkloadProblem) => `${phase} failed: ${clean(message)}`

/** The case of a cell whose workload could not be run. */
function unrunCase(judged: JunitCase, problem: WorkloadProblem): JunitCase {
  return { ...judged, outcome: 'error', message: problemText(problem) }
}

/** The one case of a workload that could not be run and has no cells, or none that a gate looks at. */
function onlyCase(workload: string, problem: WorkloadProblem): JunitCase {
  const name = clean(problem.phase)
  return { name, classname: clean(workload), outcome: 'error', message: problemText(problem), output: [] }
}

const gateOutcomes: Record<GateCell['outcome'], JunitCase['outcome']> = {
  pass: 'passed',
  fail: 'failure',
  inconclusive: 'skipped',
}

/** The case as the gate judges it, so that a CI server shows what the exit status says; null where the gate does not look. */
function gatedCase(gate: GateResult, { cell, heap }: PlacedCell, judged: JunitCase): JunitCase | null {
  // Beside the comparison itself there may be one with a stored result: the worse of the two counts.
  const judgements = gate.cells.filter(
    ({ workload, metric, heapIndex }) => workload === cell.workload && metric === cell.metric && heapIndex === heap,
  )
  const found = (['fail', 'inconclusive', 'pass'] as const)
    .map((outcome) => judgements.find((each) => each.outcome === outcome))
    .find((each) => each !== undefined)
  if (found === undefined) return null
  if (judged.outcome === 'error') return judged
  return { ...judged, outcome: gateOutcomes[found.outcome], message: found.reason }
}

function suiteCases(result: CompareResult, workload: string, gate: GateResult | undefined): JunitCase[] {
  const groups = failureGroups(result).filter((group) => group.workload === workload)
  const told = new Set<number>()
  const problem = problemOf(result, workload)
  const cases = placedCells(result)
    .filter(({ cell, heap }) => cell.workload === workload && heap > 0)
    .flatMap((placed) => {
      const isFirst = !told.has(placed.heap)
      told.add(placed.heap)
      const group = groups.find(({ heap }) => heap === placed.heap)
      const plain = caseOf(result, placed, group, isFirst)
      const judged = problem === null ? plain : unrunCase(plain, problem)
      return gate === undefined ? judged : (gatedCase(gate, placed, judged) ?? [])
    })
  return cases.length === 0 && problem !== null ? [onlyCase(workload, problem)] : cases
}

function totals(cases: readonly JunitCase[]) {
  const count = (outcome: JunitCase['outcome']) => cases.filter((each) => each.outcome === outcome).length
  return { tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') }
}

function properties(result: CompareResult): [string, string][] {
  const { machine } = result
  return [
    ['alloc8', result.alloc8],
    ['baseline', result.baseline],
    ['seed', String(result.seed)],
    ['cpu', machine.cpu],
    ['cores', String(machine.cores)],
    ['kernel', machine.kernel],
    ['libc', machine.libc],
    ...(result.reproduce === null ? [] : [['reproduce', result.reproduce] as [string, string]]),
    ...result.heaps.flatMap(({ spec, sha256 }): [string, string][] =>
      sha256 === null ? [] : [[`sha256 of ${spec}`, sha256]],
    ),
  ]
}

/** The whole file, ending with a line break. With a gate its judgement counts, and only what it looks at is a case. */
export function compareJunit(result: CompareResult, gate?: GateResult): string {
  const suites = workloadsOf(result).map((workload) => ({ workload, cases: suiteCases(result, workload, gate) }))
  const all = suites.flatMap(({ cases }) => cases)
  const root = xmlbuilder.create('testsuites', { encoding: 'UTF-8' })
  const { skipped: _, ...sums } = totals(all)
  root.att({ name: 'alloc8 compare', ...sums })
  for (const { workload, cases } of suites) {
    const suite = root.ele('testsuite', {
      name: writable(clean(workload)),
      ...totals(cases),
      timestamp: writable(clean(result.started.replace(/(?:\.\d+)?Z$/, ''))),
    })
    const list = suite.ele('properties')
    for (const [name, value] of properties(result)) {
      list.ele('property', { name: writable(clean(name)), value: writable(clean(value)) })
    }
    for (const { name, classname, outcome, message, output } of cases) {
      const element = suite.ele('testcase', { name: writable(name), classname: writable(classname) })
      if (outcome !== 'passed') element.ele(outcome, { message: writable(message) })
      for (const text of output) element.ele('system-out', {}, writable(text))
    }
  }
  return `${root.end({ pretty: true })}\n`
}
