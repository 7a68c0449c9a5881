/**
 * What may be wrong with a comparison: a closed list, each with what to do next. A number that misleads is worse than
 * none, so that whatever casts doubt on the result is said with the result.
 */

import { decide, logRatio, MINIMUM_PAIRS, median, modifiedZ, type RatioBounds, trend } from '../stats/index.ts'
import type { ComparedHeap, Control, DuetFacts, RunFailure, Warning } from '../types.ts'
import { subjectValues, thresholdOf } from './cells.ts'
import { duetDisagreements, failedDuets } from './duet-warnings.ts'
import type { Looks } from './looks.ts'
import { probeWarnings } from './probe-metrics.ts'
import type { ComparisonOptions, Stop, SubjectRuns } from './types.ts'

/** All codes of a comparison's warnings, in the order in which they are given. */
export const warningCodes = [
  'heap-failed',
  'runs-failed',
  'control-failed',
  'duet-failed',
  'warmup-failed',
  'heap-not-active',
  'metric-never-matched',
  'no-ratio',
  'interrupted',
  'max-time',
  'library-replaced',
  'few-blocks',
  'duet-differs',
  'duet-overlap',
  'undecided',
  'control-differs',
  'noise-floor',
  'drift',
  'outliers',
  'suspended',
  'short-target',
  'governor',
  'instructions-by',
  'probed',
] as const

/** A code out of `warningCodes`. */
export type WarningCode = (typeof warningCodes)[number]

/** Blocks from which on the intervals are worth their name; below, they are wide and cover less. */
export const ENOUGH_BLOCKS = 15
/** Below this share of common time a duet has lost much of its point. */
const ENOUGH_OVERLAP = 0.6
/** A target shorter than this is mostly the starting of a process. */
const SHORT_NS = 5_000_000
/** The machine slept if it was for longer than this; less is of no account. */
const SUSPENDED_NS = 1_000_000
/** Ten sigma of normal noise, in MADs: the bound of hyperfine. */
const OUTLIER_Z = 14.826
/** A drift is told when it is both certain (t) and large (a share of the value, over all blocks). */
const DRIFT_T = 4
const DRIFT_SHARE = 0.05
const DRIFT_BLOCKS = 8

/** All that the warnings look at. */
export interface ComparisonFacts {
  options: ComparisonOptions
  heaps: readonly ComparedHeap[]
  runs: readonly SubjectRuns[]
  controlRuns: SubjectRuns
  control: readonly Control[]
  /** Complete blocks. */
  blocks: number
  stopped: Stop | null
  warmupFailures: readonly { heap: string; failure: Omit<RunFailure, 'block'> }[]
  duet: DuetFacts | null
  looks: Looks | null
  /** Every verdict is one. */
  decided: boolean
}

type Check = (facts: ComparisonFacts) => (string | null)[]

/** Both are numbers, and one over the other means nothing. */
const hasNoRatio = (value: number | null, baseline: number | null) =>
  value !== null && baseline !== null && logRatio(value, baseline) === null

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`
const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`
const failedRuns = (runs: SubjectRuns) => runs.samples.filter((sample) => sample.failure !== null)
const failsAlways = (runs: SubjectRuns) => runs.samples.length > 0 && failedRuns(runs).length === runs.samples.length
const hasInterval = <T extends RatioBounds>(c: T): c is T & { low: number; high: number } =>
  c.low !== null && c.high !== null

/** Whether the control seems to differ from the baseline by more than nobody cares about. */
const differs = ({ low, high }: { low: number; high: number }, threshold: number) =>
  (low > 1 || high < 1) && decide({ low, high }, threshold, false) !== 'same'

/** How far an interval reaches from 1, as a share. */
const reach = (low: number, high: number) => Math.max(1 / low, high) - 1

/** What a number of blocks is worth, to follow that number. */
function worthOf(blocks: number): string {
  if (blocks < MINIMUM_PAIRS) return `: no interval can be given from fewer than ${MINIMUM_PAIRS}`
  return blocks < ENOUGH_BLOCKS ? `: the intervals are wide and less certain than from ${ENOUGH_BLOCKS}` : ''
}

/** How far a comparison came that was stopped: of how many blocks, or before which look where their number was open. */
function progressOf(options: ComparisonOptions, blocks: number, looks: Looks | null): string {
  if (looks === null) return `${blocks} of ${plural(options.blocks, 'block')}`
  const next = looks.blocks.find((planned) => planned > blocks)
  return plural(blocks, 'block') + (next === undefined ? '' : `, before the look at ${next}`)
}

/** A block as people count them. */
const nameOf = (block: number, warmupBlocks: number) =>
  block < 0 ? `warm-up block ${block + warmupBlocks + 1}` : `block ${block + 1}`

/** The command that tries a heap alone. */
const alone = (spec: string) => `alloc8 run --heap ${/^[\w@%+=:,./-]+$/.test(spec) ? spec : `'${spec}'`}`

/** The different messages of failures, most frequent first. */
function commonMessages(failures: readonly { message: string }[]): string {
  const counts = new Map<string, number>()
  for (const { message } of failures) counts.set(message, (counts.get(message) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  const rest = sorted.length > 2 ? ' and others' : ''
  return (
    sorted
      .slice(0, 2)
      .map(([message]) => message)
      .join('; ') + rest
  )
}

const messagesOf = (runs: SubjectRuns) => commonMessages(failedRuns(runs).flatMap((sample) => sample.failure ?? []))

const checks: Record<WarningCode, Check> = {
  'heap-failed': ({ runs }) =>
    runs
      .filter(failsAlways)
      .map(
        (heap) =>
          `${heap.spec} failed in every run (${messagesOf(heap)}): nothing can be said of it. Try it alone: ` +
          alone(heap.spec),
      ),

  'runs-failed': ({ runs }) =>
    runs
      .filter((heap) => failedRuns(heap).length > 0 && !failsAlways(heap))
      .map(
        (heap) =>
          `${heap.spec} failed in ${failedRuns(heap).length} of ${plural(heap.samples.length, 'run')} ` +
          `(${messagesOf(heap)}): those blocks count for nothing there. Find out why before trusting its numbers`,
      ),

  'control-failed': ({ controlRuns }) => [
    failedRuns(controlRuns).length === 0
      ? null
      : `the control, ${controlRuns.spec} a second time, failed in ${failedRuns(controlRuns).length} of ` +
        `${plural(controlRuns.samples.length, 'run')} (${messagesOf(controlRuns)}): the noise floor is less certain. ` +
        'Make the command succeed every time',
  ],

  'duet-failed': ({ runs, controlRuns }) => failedDuets(runs, controlRuns, commonMessages),

  'warmup-failed': ({ warmupFailures, runs }) => {
    const told = runs.filter(failsAlways).map(({ spec }) => spec)
    return [...new Set(warmupFailures.map(({ heap }) => heap))].map((heap) => {
      if (told.includes(heap)) return null
      const failures = warmupFailures.filter((failed) => failed.heap === heap).map(({ failure }) => failure)
      return (
        `${heap} failed in ${plural(failures.length, 'warm-up run')} (${commonMessages(failures)}). Warm-up runs ` +
        'count for nothing, but see whether the command needs a --prepare'
      )
    })
  },

  'heap-not-active': ({ heaps, runs }) =>
    heaps.map((heap, index) => {
      const seen = runs[index]
      if (heap.state === 'active' || seen === undefined || seen.samples.length === 0 || failsAlways(seen)) return null
      const what = heap.state === 'partial' ? 'only partly in effect' : 'not in effect'
      const why = heap.reasons[0] === undefined ? '' : `: ${heap.reasons[0].message}; ${heap.reasons[0].advice}`
      return `${heap.spec} was ${what}${why}. Its numbers are not those of ${heap.name} alone; see ${alone(heap.spec)}`
    }),

  'metric-never-matched': ({ options, runs, controlRuns }) =>
    options.metrics.map((metric) => {
      if (metric.pattern === null) return null
      const finished = [...runs, controlRuns]
        .flatMap(({ samples }) => samples)
        .filter(({ failure }) => failure === null)
      if (finished.length === 0 || finished.some(({ values }) => Number.isFinite(values[metric.name]))) return null
      const problems = finished.flatMap(({ problems }) => problems?.[metric.name] ?? [])
      const message = problems[0] ?? `${metric.name}: nothing in the output matched /${metric.pattern}/`
      return (
        `${message}, in any of ${plural(finished.length, 'run')}. Look at the output with --show-output, and at ` +
        'the pattern: it sees one line at a time and must capture a plain number'
      )
    }),

  'no-ratio': ({ options, runs }) =>
    options.metrics.map((metric) => {
      const baseline = runs[0] === undefined ? [] : subjectValues(runs[0], metric.name)
      const without = (heap: SubjectRuns) =>
        subjectValues(heap, metric.name).filter((value, block) => hasNoRatio(value, baseline[block] ?? null)).length
      const named = runs.filter((heap) => without(heap) > 0).map(({ spec }) => spec)
      if (named.length === 0) return null
      return (
        `${metric.name}: numbers that have no ratio (a zero against something, or negative ones) under ` +
        `${named.join(', ')}, so none is given there. Measure something that is always above zero`
      )
    }),

  interrupted: ({ options, blocks, looks, stopped }) => [
    stopped?.why !== 'interrupted'
      ? null
      : `interrupted after ${progressOf(options, blocks, looks)}${worthOf(blocks)}. ` +
        'Run it again, or with fewer --blocks, for a whole result',
  ],

  'max-time': ({ options, blocks, looks, stopped }) => [
    stopped?.why !== 'max-time'
      ? null
      : `the time allowed was used up after ${progressOf(options, blocks, looks)}${worthOf(blocks)}. ` +
        'Raise --max-time or compare fewer heaps',
  ],

  'library-replaced': ({ options, blocks, looks, stopped }) => [
    stopped?.why !== 'library-replaced'
      ? null
      : `${stopped.file} was replaced or rewritten, seen at ${nameOf(stopped.block, options.warmupBlocks)}: only ` +
        `the ${plural(blocks, 'block')}${looks === null ? ` of ${options.blocks}` : ''} before it count${worthOf(blocks)}. Let builds, updates ` +
        'and --prepare leave the files alone, and run it again',
  ],

  // When enough were asked for and the comparison was stopped, the warning of that says what it means.
  // What ended it early says the same.
  'few-blocks': ({ options, blocks, stopped }) => [
    options.blocks >= ENOUGH_BLOCKS || stopped !== null
      ? null
      : `${plural(blocks, 'block')}${worthOf(blocks)}. Use --blocks ${ENOUGH_BLOCKS} or more`,
  ],

  'duet-differs': ({ options, runs }) => duetDisagreements(options, runs),

  'duet-overlap': ({ duet }) => [
    duet === null || duet.overlap === null || duet.overlap >= ENOUGH_OVERLAP
      ? null
      : `in duets both programs ran together for only ${percent(duet.overlap)} of the longer one's time: what that ` +
        'one did behind it met noise of its own. With --pairing alone each runs by itself',
  ],

  undecided: ({ looks, blocks, stopped, decided }) => [
    looks === null || stopped !== null || decided
      ? null
      : `not everything was decided after ${plural(blocks, 'block')}, the most that were planned. Use more --blocks, ` +
        'a larger --threshold or a longer target',
  ],

  'control-differs': ({ options, heaps, control }) => {
    const differing = control.filter(hasInterval).filter((cell) => differs(cell, thresholdOf(options, cell.metric)))
    if (differing.length === 0) return []
    const names = differing.map(({ metric, low, high }) => `${metric} [${low.toFixed(3)}, ${high.toFixed(3)}]`)
    return [
      `${heaps[0]?.spec} seems to differ from itself by ${names.join(', ')}: chance does this once in twenty ` +
        'times, a disturbed machine more often. Trust no difference of that size; repeat with another --seed',
    ]
  },

  'noise-floor': ({ options, control }) => {
    const wide = control
      .filter(hasInterval)
      .map((cell) => ({ ...cell, threshold: thresholdOf(options, cell.metric) }))
      .filter((cell) => reach(cell.low, cell.high) > cell.threshold && !differs(cell, cell.threshold))
    const first = wide[0]?.threshold
    if (first === undefined) return []
    const isOne = wide.every(({ threshold }) => threshold === first)
    const names = wide.map(({ metric, low, high, threshold }) => {
      const floor = `${metric} ${percent(reach(low, high))}`
      return isOne ? floor : `${floor} above ${percent(threshold)}`
    })
    return [
      `the noise floor is above the threshold${isOne ? ` of ${percent(first)}` : ''} (${names.join(', ')}): smaller ` +
        'differences are likely to stay inconclusive. Use more --blocks, a longer target or a quieter machine',
    ]
  },

  drift: ({ options, runs, controlRuns, blocks }) => {
    if (blocks < DRIFT_BLOCKS) return []
    const drifts = options.metrics.flatMap(({ name }) => {
      const series = blockMeans([...runs, controlRuns], name)
      if (series.length < DRIFT_BLOCKS) return []
      const { t, total } = trend(series)
      const share = Math.exp(total) - 1
      if (Math.abs(t) < DRIFT_T || Math.abs(total) < Math.log1p(DRIFT_SHARE)) return []
      return `${name} ${share > 0 ? 'rose' : 'fell'} by ${percent(Math.abs(share))}`
    })
    if (drifts.length === 0) return []
    return [
      `drift from the first block to the last: ${drifts.join(', ')}. The ratios are paired by block and stand; ` +
        'the absolute numbers do not. Add --warmup-blocks, or let the machine cool and settle',
    ]
  },

  outliers: ({ options, runs, controlRuns }) => {
    const found = options.metrics.flatMap(({ name }) =>
      [...runs.map((heap) => ({ label: heap.spec, heap })), { label: 'the control', heap: controlRuns }].flatMap(
        ({ label, heap }) => {
          const count = countOutliers(subjectValues(heap, name), thresholdOf(options, name))
          return count === 0 ? [] : `${count} under ${label} (${name})`
        },
      ),
    )
    if (found.length === 0) return []
    return [
      `runs far from the others: ${found.join(', ')}. They are counted, as all runs are, and widen the ` +
        'intervals. See what else the machine was doing',
    ]
  },

  suspended: ({ runs, controlRuns }) => {
    const slept = ({ suspendedNs = 0 }: { suspendedNs?: number | undefined }) => suspendedNs > SUSPENDED_NS
    const blocks = [...runs, controlRuns].flatMap(({ samples }) =>
      samples.flatMap((sample, block) => (slept(sample) ? block + 1 : [])),
    )
    if (blocks.length === 0) return []
    const named = [...new Set(blocks)].sort((a, b) => a - b)
    return [
      `the machine slept during block${named.length === 1 ? '' : 's'} ${named.join(', ')}: the sleep is not in the ` +
        'times, but caches and CPU clock were others behind it. Repeat it with sleep kept off (systemd-inhibit)',
    ]
  },

  'short-target': ({ options, runs }) => {
    if (!options.metrics.some(({ unit }) => unit === 'ns')) return []
    const medians = runs
      .map(({ samples }) => samples.filter(({ failure }) => failure === null))
      .filter((samples) => samples.length > 0)
      .map((samples) => median(samples.map(({ wallNs }) => wallNs)))
    const shortest = Math.min(...medians)
    if (!(shortest < SHORT_NS)) return []
    return [
      `the target takes ${(shortest / 1e6).toFixed(1)} ms: that is mostly the starting of a process. Give it ` +
        'more to do, 200 ms or longer',
    ]
  },

  governor: ({ options: { machine } }) => [
    machine.governor === null || machine.governor === 'performance'
      ? null
      : `the CPU frequency governor is "${machine.governor}": the clock may change during a run. ` +
        'Set it with: sudo cpupower frequency-set -g performance',
  ],

  'instructions-by': ({ runs }) => {
    const by = runs.flatMap(({ counted }) => counted ?? []).find((sample) => sample?.countedBy)?.countedBy
    if (by === undefined) return []
    const who = by === 'callgrind' ? "valgrind's callgrind" : "the processor's counters"
    return [
      `instructions were counted by ${who}, in user space, in runs of their own: without address space ` +
        'randomisation and with fixed hashes. They leave out what caches, page faults and waiting cost: ' +
        'look at cpu or wall as well',
    ]
  },

  probed: ({ options }) => probeWarnings(options.metrics, options.probed),
}

/** Per block the mean of all subjects' log values; blocks in which one has none are left out. */
function blockMeans(runs: readonly SubjectRuns[], metric: string): number[] {
  const values = runs.filter((heap) => !failsAlways(heap)).map((heap) => subjectValues(heap, metric))
  const blocks = values[0]?.length ?? 0
  return Array.from({ length: blocks }, (_, block) => {
    const logs = values.map((of) => Math.log(of[block] ?? Number.NaN))
    return logs.reduce((sum, log) => sum + log, 0) / logs.length
  }).filter(Number.isFinite)
}

/** How many values lie ten sigma from the median, and further than the threshold, below which nobody cares. */
function countOutliers(values: readonly (number | null)[], threshold: number): number {
  const present = values.filter((value) => value !== null)
  if (present.length < MINIMUM_PAIRS) return 0
  const centre = median(present)
  const z = modifiedZ(present)
  return present.filter(
    (value, i) => Math.abs(z[i] ?? 0) > OUTLIER_Z && Math.abs(value - centre) > threshold * Math.abs(centre),
  ).length
}

/** All warnings of a comparison, in the order of `warningCodes`. */
export function comparisonWarnings(facts: ComparisonFacts): Warning[] {
  return warningCodes.flatMap((code) =>
    checks[code](facts).flatMap((message) => (message === null ? [] : { code, message })),
  )
}
