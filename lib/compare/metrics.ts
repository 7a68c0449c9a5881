/**
 * Metrics: what alloc8 measures itself, and numbers that a target prints, given as `NAME=/REGEX/flags`. All that can
 * be wrong with one is found here, before the first run.
 */

import { Alloc8Error } from '../errors.ts'
import type { BuiltinMetric, Metric, RunResult } from '../types.ts'
import type { CompareMetric } from './types.ts'

const builtinUnits: Record<BuiltinMetric, Metric['unit']> = {
  wall: 'ns',
  user: 'ns',
  sys: 'ns',
  cpu: 'ns',
  'peak-rss': 'bytes',
  faults: 'count',
  instructions: 'count',
  'rss-mean': 'bytes',
  'rss-peak': 'bytes',
  'rss-after': 'bytes',
  'peak-live': 'bytes',
  allocations: 'count',
  allocated: 'bytes',
  waste: '',
  'alloc-p50': 'ns',
  'alloc-p99': 'ns',
  'alloc-p99.9': 'ns',
  'free-p50': 'ns',
  'free-p99': 'ns',
  'free-p99.9': 'ns',
}

/** The metrics that alloc8 measures itself, in the order in which they are listed to people. */
export const builtinMetricNames = Object.keys(builtinUnits) as BuiltinMetric[]

/** The metrics of a comparison that names none. */
export const defaultMetricNames: readonly BuiltinMetric[] = ['wall', 'cpu', 'peak-rss']

const EXAMPLE = "--metric 'rps=/Requests per second:\\s+([\\d.]+)/' --higher-is-better rps"
const NAME = /^[A-Za-z][\w.-]{0,31}$/
/** `y` and `d` change how a search goes on or what it returns; `g` is taken and means nothing, as the last match wins. */
const FLAGS = 'gimsuv'

function metricError(message: string, hint = `for example ${EXAMPLE}`, cause?: unknown): Alloc8Error {
  return new Alloc8Error('METRIC', message, { hint, cause })
}

const isBuiltin = (name: string): name is BuiltinMetric => Object.hasOwn(builtinUnits, name)

function builtinMetric(name: BuiltinMetric): CompareMetric {
  return { name, unit: builtinUnits[name], higherIsBetter: false, pattern: null }
}

/** `wall`, `cpu` and `peak-rss`. */
export function defaultMetrics(): CompareMetric[] {
  return defaultMetricNames.map(builtinMetric)
}

/**
 * The regular expression of a metric, global so that every match of a line can be seen; null for a metric that alloc8
 * measures. A pattern that does not compile or has not exactly one capturing group is a METRIC error.
 */
export function metricPattern(metric: CompareMetric): RegExp | null {
  if (metric.pattern === null) return null
  const { name, pattern } = metric
  const flags = (metric.flags ?? '').replaceAll('g', '')
  let groups: number
  try {
    // An empty alternative always matches, and a match has one element per group besides itself.
    groups = (new RegExp(`${pattern}|`, flags).exec('')?.length ?? 1) - 1
  } catch (error) {
    throw metricError(`--metric ${name}: ${error instanceof Error ? error.message : String(error)}`, undefined, error)
  }
  if (groups !== 1) {
    const hint = `put the number, and nothing else, in (…) and write other groups as (?:…); for example ${EXAMPLE}`
    throw metricError(`--metric ${name}: expected exactly one capturing group, got ${groups} in /${pattern}/`, hint)
  }
  return new RegExp(pattern, `${flags}g`)
}

/** The metric that one `--metric` asks for: `wall|user|sys|cpu|peak-rss|faults` or `NAME=/REGEX/flags`. */
export function parseMetric(text: string): CompareMetric {
  if (isBuiltin(text)) return builtinMetric(text)
  const shown = JSON.stringify(text)
  const equals = text.indexOf('=')
  if (equals < 0) {
    const hint = `a number that the target prints is given as NAME=/REGEX/, for example ${EXAMPLE}`
    throw metricError(`--metric: expected ${builtinMetricNames.join(', ')} or NAME=/REGEX/, got ${shown}`, hint)
  }
  const name = text.slice(0, equals)
  if (!NAME.test(name)) {
    throw metricError(`--metric: expected a name of letters, digits, - _ . before =, got ${JSON.stringify(name)}`)
  }
  if (isBuiltin(name)) {
    const hint = `choose another name; for example ${EXAMPLE}`
    throw metricError(`--metric: ${name} is measured by alloc8 and cannot also be a pattern, got ${shown}`, hint)
  }
  const end = text.lastIndexOf('/')
  if (text[equals + 1] !== '/' || end <= equals + 2) {
    throw metricError(`--metric ${name}: expected a regular expression between slashes, got ${shown}`)
  }
  const flags = text.slice(end + 1)
  const wrong = [...flags].find((flag) => !FLAGS.includes(flag))
  if (wrong !== undefined) {
    throw metricError(`--metric ${name}: expected flags out of ${[...FLAGS].join(', ')}, got ${JSON.stringify(wrong)}`)
  }
  const metric: CompareMetric = { name, unit: '', higherIsBetter: false, pattern: text.slice(equals + 2, end), flags }
  metricPattern(metric)
  return metric
}

/**
 * All metrics of a comparison, the defaults when `texts` is empty. `higherIsBetter` names those that should grow;
 * only a number that the target prints can. Two metrics of one name are a METRIC error.
 */
export function parseMetrics(texts: readonly string[], higherIsBetter: readonly string[] = []): CompareMetric[] {
  const metrics = texts.length === 0 ? defaultMetrics() : texts.map(parseMetric)
  const byName = new Map<string, CompareMetric>()
  for (const metric of metrics) {
    if (byName.has(metric.name)) {
      throw metricError(`--metric: ${metric.name} is given twice`, 'give each metric once, under a name of its own')
    }
    byName.set(metric.name, metric)
  }
  for (const name of higherIsBetter) {
    const metric = byName.get(name)
    if (metric === undefined || metric.pattern === null) {
      const printed = metrics.filter((known) => known.pattern !== null).map((known) => known.name)
      const hint = printed.length > 0 ? `those are: ${printed.join(', ')}` : `for example ${EXAMPLE}`
      throw metricError(
        `--higher-is-better: expected a metric given as NAME=/REGEX/, got ${JSON.stringify(name)}`,
        hint,
      )
    }
    metric.higherIsBetter = true
  }
  return metrics
}

/** What only one kind of workload has. */
const kinds: Record<'command' | 'service', { foreign: readonly BuiltinMetric[]; why: string }[]> = {
  command: [
    {
      foreign: ['rss-mean', 'rss-peak', 'rss-after'],
      why: 'is of services, whose memory is read over time; a command has peak-rss',
    },
  ],
  service: [{ foreign: ['instructions'], why: 'cannot be counted of a server, which is stopped; a service has cpu' }],
}

/** The metrics with those that are not among them yet. A number that the target prints keeps its name. */
export function addMetrics(metrics: readonly CompareMetric[], names: readonly BuiltinMetric[]): CompareMetric[] {
  const missing = names.filter((name) => !metrics.some((metric) => metric.name === name))
  return [...metrics, ...missing.map(builtinMetric)]
}

/** Throws a METRIC error for a metric that this kind of workload can never have. */
export function checkMetricsOf(kind: 'command' | 'service', metrics: readonly CompareMetric[]): void {
  for (const { foreign, why } of kinds[kind]) {
    const wrong = metrics.find(({ name, pattern }) => pattern === null && foreign.some((each) => each === name))
    if (wrong !== undefined) throw metricError(`--metric: ${wrong.name} ${why}`, 'leave it out')
  }
}

/** The numbers of a run by the names of alloc8's own metrics. `cpu` is user and system, `faults` minor and major. */
export function measuredValues(
  run: Pick<RunResult, 'wallNs' | 'userNs' | 'sysNs' | 'peakRssBytes' | 'minorFaults' | 'majorFaults'>,
): Partial<Record<BuiltinMetric, number>> {
  return {
    wall: run.wallNs,
    user: run.userNs,
    sys: run.sysNs,
    cpu: run.userNs + run.sysNs,
    'peak-rss': run.peakRssBytes,
    faults: run.minorFaults + run.majorFaults,
  }
}
