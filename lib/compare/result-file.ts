/**
 * Reads what `--json` wrote. A result file may come from another version, be cut short, or be something else; each is
 * an error that says so, before anything is made of it.
 */

import { Alloc8Error } from '../errors.ts'
import type {
  Cell,
  CellTests,
  ComparedHeap,
  ComparedWorkload,
  CompareResult,
  Control,
  DuetFacts,
  LookFacts,
  Machine,
  Overall,
  ParetoSet,
  Reason,
  RunFailure,
  Since,
  SinceCell,
  Timeline,
  Tunable,
  Warning,
  WorkloadProblem,
} from '../types.ts'
import {
  amount,
  count,
  flag,
  list,
  type Misfit,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  tuple,
} from './shape.ts'

/** The version of results that this alloc8 writes and reads. */
const SCHEMA = 1

const pairing = oneOf('alone', 'duet')
const verdict = oneOf('better', 'worse', 'same', 'inconclusive')
const runs = list(nullable(number))
const interval = { ratio: nullable(amount), low: nullable(amount), high: nullable(amount) }

const tunable = object<Required<Tunable>>({
  key: text,
  kind: oneOf('integer', 'boolean', 'string', 'size'),
  default: nullable(text),
  description: text,
})

const reason = object<Reason>({ code: text, message: text, advice: text })

const heap = object<ComparedHeap>({
  name: text,
  kind: oneOf('default', 'system', 'builtin', 'found', 'file'),
  path: nullable(text),
  version: nullable(text),
  tunables: list(tunable),
  spec: text,
  state: oneOf('active', 'partial', 'inactive'),
  reasons: list(reason),
  sha256: nullable(text),
  label: optional(text),
  command: optional(list(text)),
})

const machine = object<Machine>({
  cpu: text,
  cores: count,
  memoryBytes: amount,
  kernel: text,
  libc: text,
  governor: nullable(text),
  thp: nullable(text),
  aslr: nullable(text),
  cgroupMemoryBytes: nullable(amount),
})

const workload = object<ComparedWorkload>({
  name: text,
  kind: oneOf('command', 'service'),
  command: list(text),
  load: nullable(list(text)),
  blocks: count,
  requestedBlocks: count,
  threshold: amount,
  duet: nullable(
    object<DuetFacts>({ used: flag, reason: text, cores: count, repeats: count, overlap: nullable(amount) }),
  ),
  looks: nullable(object<LookFacts>({ planned: list(count), done: count, level: amount })),
  problem: optional(
    object<WorkloadProblem>({ phase: oneOf('setup', 'prepare', 'start', 'teardown'), message: text, hint: text }),
  ),
})

const failure = object<RunFailure>({
  block: count,
  exitCode: nullable(count),
  signal: nullable(text),
  timedOut: flag,
  message: text,
  output: text,
})

const cell = object<Cell>({
  workload: text,
  heap: text,
  metric: text,
  unit: oneOf('ns', 'bytes', 'count', ''),
  higherIsBetter: flag,
  ...interval,
  verdict,
  threshold: amount,
  runs,
  failures: list(failure),
  pairing,
  partners: nullable(runs),
  tests: nullable(object<CellTests>({ pairs: count, wilcoxonP: amount, holmP: amount })),
})

const overall = object<Overall>({
  heap: text,
  metric: text,
  higherIsBetter: flag,
  ...interval,
  verdict,
  threshold: amount,
  workloads: count,
})

const timeline = object<Timeline>({
  workload: text,
  heap: text,
  heapIndex: count,
  block: count,
  points: list(tuple(amount, amount)),
  loadFromMs: nullable(number),
  loadToMs: nullable(number),
})

const sinceCell = object<SinceCell>({
  workload: text,
  heap: text,
  heapIndex: count,
  metric: text,
  higherIsBetter: flag,
  threshold: amount,
  of: oneOf('ratio', 'value'),
  ...interval,
  verdict,
  level: amount,
  valuesNow: runs,
  valuesThen: runs,
})

const result = object<CompareResult>({
  schema: oneOf(SCHEMA),
  alloc8: text,
  started: text,
  reproduce: nullable(text),
  command: list(text),
  workloads: list(workload, 1),
  baseline: text,
  heaps: list(heap, 1),
  blocks: count,
  requestedBlocks: count,
  warmupBlocks: count,
  seed: count,
  threshold: amount,
  partial: flag,
  machine,
  control: list(
    object<Control>({ workload: text, metric: text, ...interval, runs, pairing, partners: nullable(runs) }),
  ),
  warnings: list(object<Warning>({ code: text, message: text })),
  cells: list(cell),
  overall: list(overall),
  pareto: list(object<ParetoSet>({ workload: nullable(text), speed: text, memory: text, heaps: list(count) })),
  timelines: list(timeline),
  since: optional(object<Since>({ file: text, started: text, cells: list(sinceCell) })),
})

const REWRITE = 'write one with: alloc8 compare --json FILE -- COMMAND'

function resultError(name: string, what: string, hint: string, cause?: unknown): Alloc8Error {
  return new Alloc8Error('RESULT_FILE', `${name}: ${what}`, { hint, cause })
}

/** A value in an error: short, on one line. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const written = JSON.stringify(value)
  return written.length > 60 ? `${written.slice(0, 60)}…` : written
}

/** Names two cells, heaps or workloads that do not belong together. */
function contradiction(read: CompareResult): Misfit | null {
  const heaps = read.heaps.length
  const isThere = (index: number) => index < heaps
  const at = read.pareto.findIndex((set) => !set.heaps.every(isThere))
  if (at >= 0)
    return { path: `pareto[${at}].heaps`, expected: `positions below ${heaps}`, found: read.pareto[at]?.heaps }
  const late = read.timelines.findIndex(({ heapIndex }) => !isThere(heapIndex))
  if (late >= 0) {
    const found = read.timelines[late]?.heapIndex
    return { path: `timelines[${late}].heapIndex`, expected: `a position below ${heaps}`, found }
  }
  const seen = new Map<string, number>()
  for (const [index, { workload: of, metric, heap: spec }] of read.cells.entries()) {
    const key = JSON.stringify([of, metric])
    const position = seen.get(key) ?? 0
    seen.set(key, position + 1)
    const expected = read.heaps[position]?.spec
    if (spec !== expected) {
      return { path: `cells[${index}].heap`, expected: expected ?? `${heaps} cells of a metric`, found: spec }
    }
  }
  return null
}

/**
 * A result from the text of its file. `name` is what errors call it.
 *
 * @throws Alloc8Error RESULT_FILE where it is empty, cut short, no result of a comparison, of a newer version, or
 * contradicts itself
 */
export function parseCompareResult(written: string, name = 'the result'): CompareResult {
  if (written.trim() === '') throw resultError(name, 'is empty', REWRITE)
  let value: unknown
  try {
    value = JSON.parse(written)
  } catch (cause) {
    // What a parser expected where the text ends is a matter of where it was cut.
    const at = Number(/at position (\d+)/.exec(String(cause))?.[1] ?? -1)
    const isCut = at >= written.length || /end of JSON|Unterminated/i.test(String(cause))
    const what = isCut ? 'ends in the middle: it was cut short' : `is no JSON (${(cause as Error).message})`
    throw resultError(name, what, isCut ? 'write or copy it again' : REWRITE, cause)
  }
  const { schema, cells, baseline, verdict: ofRun, heaps } = (value ?? {}) as Record<string, unknown>
  if (typeof schema !== 'number') throw resultError(name, 'is JSON, but no result of alloc8: it has no schema', REWRITE)
  if (schema > SCHEMA) {
    const what = `has schema ${schema}, and this alloc8 reads schema ${SCHEMA}: a newer alloc8 wrote it`
    throw resultError(name, what, 'update alloc8')
  }
  if (cells === undefined && baseline === undefined && (ofRun !== undefined || heaps !== undefined)) {
    const kind = ofRun === undefined ? 'alloc8 heaps' : 'alloc8 run'
    throw resultError(name, `is a result of ${kind}, not of a comparison`, REWRITE)
  }
  const misfit = result(value, '') ?? contradiction(value as CompareResult)
  if (misfit === null) return value as CompareResult
  const { path, expected, found } = misfit
  const what = `is no result of a comparison: ${path === '' ? 'it' : path} should be ${expected}, and is ${shown(found)}`
  throw resultError(name, what, found === undefined ? `an older alloc8 may have written it; ${REWRITE}` : REWRITE)
}
