/**
 * What each workload of a suite is run with: its own word before the suite's, and a flag's before both. All that can be
 * wrong with it is found here, before the first run of any, and is told with the workload's name.
 */

import { resolve } from 'node:path'
import { type CompareMetric, parseMetric, parseMetrics } from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import type { Alloc8Config, CommandWorkload, ServiceWorkload, Workload } from '../types.ts'
import type { WorkloadOptions } from './compare.ts'
import { probedMetrics } from './probed.ts'
import { wordsOf } from './untimed.ts'

/** What flags may say over a configuration, for all workloads. */
export type SuiteOverrides = Pick<
  WorkloadOptions,
  | 'heaps'
  | 'blocks'
  | 'warmupBlocks'
  | 'seed'
  | 'metrics'
  | 'higherIsBetter'
  | 'threshold'
  | 'pairing'
  | 'probe'
  | 'untilDecided'
  | 'prepare'
  | 'timeoutMs'
  | 'ignoreFailure'
>

/** How long a setup or a teardown may take, unless the configuration says. */
const SETUP_TIMEOUT_MS = 600_000

/** A workload with all that it is run with. */
export interface WorkloadSettings {
  name: string
  workload: Workload
  options: WorkloadOptions & { cwd: string; env: NodeJS.ProcessEnv }
  metrics: CompareMetric[]
  setupTimeoutMs: number
}

export const isService = (workload: Workload): workload is ServiceWorkload => 'server' in workload

/** The settings of one workload. `folder` is what its paths are relative to. */
export function workloadSettings(
  config: Alloc8Config,
  workload: Workload,
  overrides: SuiteOverrides,
  folder: string,
): WorkloadSettings {
  const pick = <K extends keyof SuiteOverrides>(key: K) =>
    (overrides[key] ?? (workload as WorkloadOptions)[key] ?? (config as SuiteOverrides)[key]) as SuiteOverrides[K]
  const { texts, higher } = chosenMetrics(config, workload, overrides)
  const options = {
    ...(isService(workload) ? serviceWords(workload) : commandWords(workload)),
    metrics: texts,
    higherIsBetter: higher,
    blocks: pick('blocks'),
    warmupBlocks: pick('warmupBlocks'),
    seed: overrides.seed ?? config.seed,
    threshold: pick('threshold'),
    pairing: pick('pairing'),
    probe: pick('probe'),
    untilDecided: pick('untilDecided'),
    prepare: pick('prepare'),
    timeoutMs: pick('timeoutMs'),
    ignoreFailure: pick('ignoreFailure'),
    cwd: resolve(folder, workload.cwd ?? config.cwd ?? '.'),
    env: environment(config.env, workload.env),
  }
  return {
    name: workload.name,
    workload,
    options,
    metrics: named(workload.name, () => probedMetrics(parseMetrics(texts ?? [], higher), options.probe).metrics),
    setupTimeoutMs: workload.setupTimeoutMs ?? config.setupTimeoutMs ?? SETUP_TIMEOUT_MS,
  }
}

function commandWords({ command, against, stdin }: CommandWorkload) {
  return { command: wordsOf(command), against: against === undefined ? undefined : wordsOf(against), stdin }
}

const serviceWords = ({ server }: ServiceWorkload) => ({ command: wordsOf(server) })

function environment(...layers: readonly Alloc8Config['env'][]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const [name, value] of layers.flatMap((layer) => Object.entries(layer ?? {}))) {
    if (value === undefined) delete env[name]
    else env[name] = value
  }
  return env
}

/** The metrics of a service that names none: what holding the load cost, and what it held in memory. */
const serviceMetrics: readonly string[] = ['cpu', 'rss-mean', 'rss-peak', 'rss-after']

/** Metrics that only a service has: the memory of its server over time. */
const ofServices = /^rss-(?:mean|peak|after)$/

/**
 * The metrics of a workload. What is said for the whole suite goes for the workloads that can have it; what a workload
 * says of itself must be right.
 */
function chosenMetrics(config: Alloc8Config, workload: Workload, overrides: SuiteOverrides) {
  const own = workload.metrics
  const common = overrides.metrics ?? (own === undefined ? config.metrics : undefined)
  const usual = isService(workload) ? serviceMetrics : undefined
  const texts = (overrides.metrics ?? own ?? config.metrics ?? usual)?.filter(
    (text) => common === undefined || isService(workload) || !ofServices.test(text),
  )
  const wrong = isService(workload) ? undefined : texts?.find((text) => ofServices.test(text))
  if (wrong !== undefined) throw configError(workload.name, `metrics: ${wrong} is measured of services only`)
  const names = named(workload.name, () => texts?.map((text) => parseMetric(text).name)) ?? []
  const commonHigher =
    overrides.higherIsBetter ?? (workload.higherIsBetter === undefined ? config.higherIsBetter : undefined)
  // Of its own names only those are left out that a flag has put aside: any other is a mistake, and told as one.
  const aside = overrides.metrics === undefined ? [] : declaredNames(config, workload)
  const ownHigher = workload.higherIsBetter?.filter((name) => names.includes(name) || !aside.includes(name))
  return { texts, higher: commonHigher?.filter((name) => names.includes(name)) ?? ownHigher ?? [] }
}

/** The names of the metrics that the configuration gives a workload, whatever flags make of them. */
function declaredNames(config: Alloc8Config, workload: Workload): string[] {
  const usual = isService(workload) ? serviceMetrics : []
  const texts = workload.metrics ?? config.metrics ?? usual
  if (texts.length === 0) return parseMetrics([]).map(({ name }) => name)
  const names = texts.map((text) => text.replace(/=.*$/s, ''))
  return isService(workload) ? names : names.filter((name) => !ofServices.test(name))
}

/**
 * Names of metrics that no workload has: in `gate`, in a threshold, for what should grow. Those of workloads and metrics
 * that flags have put aside are right, and have no effect.
 * @throws Alloc8Error CONFIG
 */
export function checkNames(
  config: Alloc8Config,
  settings: readonly WorkloadSettings[],
  overrides: SuiteOverrides,
): void {
  const measured = settings.flatMap(({ metrics }) => metrics.map(({ name }) => name))
  const declared = config.workloads.flatMap((workload) => declaredNames(config, workload))
  const known = [...new Set([...measured, ...declared])]
  const check = (where: string, names: readonly string[], have: readonly string[]) => {
    const wrong = names.find((name) => !have.includes(name))
    if (wrong === undefined) return
    throw new Alloc8Error('CONFIG', `${where}: no metric is called ${JSON.stringify(wrong)}`, {
      hint: `there are ${have.join(', ')}`,
    })
  }
  const keys = (threshold: unknown) =>
    typeof threshold === 'object' && threshold !== null ? Object.keys(threshold) : []
  check('gate', config.gate ?? [], known)
  if (overrides.higherIsBetter === undefined) check('higherIsBetter', config.higherIsBetter ?? [], known)
  else check('higherIsBetter', overrides.higherIsBetter, [...new Set(measured)])
  check('threshold', keys(config.threshold), known)
  for (const { name, workload, metrics } of settings) {
    const own = [...metrics.map((metric) => metric.name), ...declaredNames(config, workload)]
    check(`workload ${JSON.stringify(name)}: threshold`, keys(workload.threshold), [...new Set(own)])
  }
}

function configError(name: string, message: string, cause?: Alloc8Error): Alloc8Error {
  return new Alloc8Error('CONFIG', `workload ${JSON.stringify(name)}: ${message}`, { hint: cause?.hint, cause })
}

/** What is wrong with a workload's words is a mistake of the configuration, and told with its name. */
export function named<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Alloc8Error)) throw error
    const message = error.message.replace(/^--metric/, 'metrics').replace(/^--higher-is-better/, 'higherIsBetter')
    if (error.code === 'METRIC' || error.code === 'USAGE') throw configError(name, message, error)
    throw new Alloc8Error(error.code, `workload ${JSON.stringify(name)}: ${message}`, {
      hint: error.hint,
      cause: error,
    })
  }
}
