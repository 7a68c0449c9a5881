/**
 * `compareSuite()`: heaps under several workloads, one after another, as one result. A workload that cannot be made
 * ready is named and the others are run; whatever happens, each teardown is run.
 */

import { mergeResults, type WorkloadResult } from '../compare/index.ts'
import { checkConfig, type LoadedConfig, loadConfig } from '../config/index.ts'
import { Alloc8Error } from '../errors.ts'
import { defaultComparison, resolveHeap } from '../heaps/index.ts'
import { nearest } from '../heaps/nearest.ts'
import { prepareTarget } from '../launch/run.ts'
import { prepareService } from '../service/index.ts'
import type { Alloc8Config, CompareResult, ResolvedHeap } from '../types.ts'
import { CLASSIC, classicSuite } from './classic.ts'
import { checkInput, type Progress, thresholdsOf, type WorkloadOptions } from './compare.ts'
import { checkOneHeap } from './subjects.ts'
import {
  checkNames,
  isService,
  named,
  type SuiteOverrides,
  type WorkloadSettings,
  workloadSettings,
} from './suite-settings.ts'
import { runSuiteWorkload } from './suite-workload.ts'

export { defineConfig } from '../config/index.ts'
export type { SuiteOverrides } from './suite-settings.ts'
export { hasFailedWorkload } from './suite-workload.ts'

/** What `compareSuite()` takes besides the suite; what stands here goes before what the suite says. */
export interface SuiteOptions extends SuiteOverrides, Pick<WorkloadOptions, 'maxTimeMs' | 'onOutput' | 'signal'> {
  /** What the suite's paths are relative to; the working folder unless given. */
  folder?: string | undefined
  /** The names of those workloads that are to be run; all unless given. */
  workloads?: readonly string[] | undefined
  onProgress?: ((progress: Progress) => void) | undefined
  /** The command line that does it again, for reports. */
  reproduce?: string | undefined
}

/** Misspelt names are near with up to half their letters wrong, as keys are short. */
export const suggest = (written: string, known: readonly string[]) => nearest(written, known, 0.5)

/**
 * A suite by its name: `classic`, or a configuration's file; without one, the configuration in the working folder.
 * @throws Alloc8Error CONFIG; NATIVE where the classic workloads are not built
 */
export async function loadSuite(suite: string | undefined): Promise<Pick<LoadedConfig, 'config' | 'folder'>> {
  if (suite === CLASSIC) return { config: classicSuite(), folder: process.cwd() }
  // By this name a configuration finds us, wherever we are installed.
  return loadConfig(suite, { suggest, alloc8: await import('../index.ts') })
}

/**
 * Compares heaps under the workloads of a suite. All that can be wrong with it is found before the first run, but for
 * what a setup makes; a workload whose setup fails is part of the result (`workloads[].problem`).
 * @throws Alloc8Error CONFIG, and what `compare()` throws
 */
export async function compareSuite(config: Alloc8Config, options: SuiteOptions = {}): Promise<CompareResult> {
  checkConfig(config, 'configuration', suggest)
  const { folder = process.cwd(), signal } = options
  const settings = chosenWorkloads(config, options.workloads).map((workload) =>
    workloadSettings(config, workload, options, folder),
  )
  checkNames(config, settings, options)
  checkAgainst(settings)
  for (const each of settings) checkPresent(each)
  const heaps = await suiteHeaps(config, options, settings, folder)
  if (settings[0]?.options.against !== undefined) checkOneHeap(heaps)
  const clock = new SuiteClock(options.maxTimeMs ?? config.maxTimeMs, settings.length, options.onProgress)
  const seed = options.seed ?? config.seed ?? Date.now() % 2 ** 31
  const results: WorkloadResult[] = []
  for (const each of settings) {
    const maxTimeMs = clock.begin()
    const unreached = signal?.aborted === true || maxTimeMs === 0
    const { onOutput } = options
    const work = {
      ...each.options,
      seed,
      maxTimeMs: maxTimeMs ?? undefined,
      signal,
      onOutput,
      onProgress: clock.progressOf(each.name),
    }
    results.push(await runSuiteWorkload({ ...each, options: work }, heaps, unreached))
    clock.end()
  }
  const { threshold } = thresholdsOf(options.threshold ?? config.threshold)
  return mergeResults(results, { seed, threshold, reproduce: options.reproduce ?? null })
}

function chosenWorkloads({ workloads }: Alloc8Config, names: readonly string[] | undefined) {
  const known = workloads.map(({ name }) => name)
  for (const name of names ?? []) {
    if (known.includes(name)) continue
    const [near] = suggest(name, known)
    throw new Alloc8Error('USAGE', `no workload is called ${JSON.stringify(name)}`, {
      hint: `${near === undefined ? '' : `did you mean ${near}?\n`}there are ${known.join(', ')}`,
    })
  }
  return names === undefined ? workloads : workloads.filter(({ name }) => names.includes(name))
}

/** One result has one list of heaps: two builds of one workload beside one build of another would not fit in. */
function checkAgainst(settings: readonly WorkloadSettings[]): void {
  const without = settings.filter(({ options }) => options.against === undefined)
  if (without.length === 0 || without.length === settings.length) return
  throw new Alloc8Error('CONFIG', `workload ${JSON.stringify(without[0]?.name)}: expected against, as others have it`, {
    hint: 'give each workload an earlier build to compare with, or keep two suites',
  })
}

/** What no setup can make any more must be there. */
function checkPresent({ name, workload, options }: WorkloadSettings): void {
  if (workload.setup !== undefined) return
  named(name, () => {
    if (isService(workload)) return void prepareService({ ...workload, cwd: undefined, env: undefined }, options)
    prepareTarget(options.command, options)
    if (options.against !== undefined) prepareTarget(options.against, options)
    checkInput(options)
  })
}

/** The heaps of all workloads: those that are named, else those that `compare` takes under any of the programs. */
async function suiteHeaps(
  config: Alloc8Config,
  options: SuiteOptions,
  settings: readonly WorkloadSettings[],
  folder: string,
): Promise<ResolvedHeap[]> {
  if (options.heaps !== undefined) return Promise.all(options.heaps.map((spec) => resolveHeap(spec)))
  const specs = config.heaps ?? (settings[0]?.options.against === undefined ? await usualHeaps(settings) : ['default'])
  return Promise.all(specs.map((spec) => resolveHeap(spec, { cwd: folder })))
}

async function usualHeaps(settings: readonly WorkloadSettings[]): Promise<string[]> {
  const lists = settings.map(({ options }) => {
    try {
      return defaultComparison(prepareTarget(options.command, options).facts.path)
    } catch {
      // Its setup is yet to make it.
      return defaultComparison(process.execPath)
    }
  })
  return [...new Set((await Promise.all(lists)).flat())]
}

/** The time of a suite: each workload's part of what there may be, and where the whole of it stands. */
class SuiteClock {
  readonly #limit: number | undefined
  readonly #count: number
  readonly #tell: ((progress: Progress) => void) | undefined
  readonly #start = performance.now()
  #done = 0
  #begun = 0

  constructor(limit: number | undefined, count: number, tell: ((progress: Progress) => void) | undefined) {
    this.#limit = limit
    this.#count = count
    this.#tell = tell
  }

  /** Begins the next workload. How long it may take: an equal part of what is left, 0 for none; null without a limit. */
  begin(): number | null {
    this.#begun = performance.now()
    if (this.#limit === undefined) return null
    return Math.max(0, Math.floor((this.#start + this.#limit - this.#begun) / (this.#count - this.#done)))
  }

  end(): void {
    this.#done++
  }

  /** Progress of a workload as that of the suite: those to come are taken to be as long as those so far. */
  progressOf(name: string): ((progress: Progress) => void) | undefined {
    const tell = this.#tell
    if (tell === undefined) return undefined
    return (progress) => {
      const elapsedMs = performance.now() - this.#start
      const own = progress.remainingMs
      const each = own === null ? null : (elapsedMs + own) / (this.#done + 1)
      const remainingMs = own === null || each === null ? null : own + each * (this.#count - this.#done - 1)
      tell({ ...progress, elapsedMs, remainingMs, workload: name, workloadsDone: this.#done, workloads: this.#count })
    }
  }
}
