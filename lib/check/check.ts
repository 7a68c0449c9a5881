/**
 * The conformance kit's runner: each case in a process of its own under each heap, some at a time, in the kit's order in
 * the result. A heap under which nothing starts is found first and its cases are not run.
 */

import { randomUUID } from 'node:crypto'
import { endCarriers } from '../launch/orphans.ts'
import type {
  CaseDescription,
  CaseResult,
  CheckedHeap,
  CheckProgress,
  CheckResult,
  MisuseResult,
  ResolvedHeap,
} from '../types.ts'
import { type Case, startCase } from './cases.ts'
import { caseEnvironment, type Ending, type ExecuteOptions, execute, markVariable } from './execute.ts'
import { judgeCase, judgeMisuse } from './judge.ts'
import { checkCommand, shellCommand } from './shell.ts'
import { readStart, type Start } from './start.ts'

/** A heap with the cases whose subject it does not offer, and why. */
export interface HeapToCheck {
  heap: ResolvedHeap
  declines: Readonly<Record<string, string>>
}

/** How a check is run. */
export interface CheckPlan {
  heaps: readonly HeapToCheck[]
  /** All of the kit. */
  kit: readonly Case[]
  /** Those of it that are wanted. */
  cases: readonly Case[]
  jobs: number
  /** How long a case may take. */
  timeoutMs: number
  /** How long stress cases run, with which seed, or null for their own number of steps and their own seed. */
  stress: { ms: number; seed: number } | null
  env: NodeJS.ProcessEnv
  linkFolder: string
  signal?: AbortSignal | undefined
  onProgress?: ((progress: CheckProgress) => void) | undefined
}

/** How long a stress case is told to run, in milliseconds, and what its random numbers begin with; see stress/random. */
const stressVariables = { ms: 'CONFORMANCE_STRESS_MS', seed: 'CONFORMANCE_STRESS_SEED' }

const interrupted = 'not run: the check was stopped'

/** Runs the plan. A stopped check has all that was found until then. */
export async function runCheck(plan: CheckPlan): Promise<CheckResult> {
  const started = performance.now()
  const progress = { done: 0, total: plan.heaps.length * plan.cases.length, failed: 0 }
  const heaps: CheckedHeap[] = []
  for (const one of plan.heaps) {
    const checked = await checkHeap(plan, one, (result) => {
      if (plan.signal?.aborted) return
      progress.done++
      if ('outcome' in result && result.outcome === 'fail') progress.failed++
      plan.onProgress?.({ ...progress, heap: one.heap.spec, id: result.id })
    })
    heaps.push(checked)
  }
  return {
    schema: 1,
    holds: heaps.every(({ cases }) => cases.every(({ outcome }) => outcome !== 'fail')),
    interrupted: plan.signal?.aborted === true,
    wallMs: performance.now() - started,
    heaps,
  }
}

async function checkHeap(
  plan: CheckPlan,
  { heap, declines }: HeapToCheck,
  onResult: (result: CaseResult | MisuseResult) => void,
): Promise<CheckedHeap> {
  const options: ExecuteOptions = {
    env: plan.env,
    linkFolder: plan.linkFolder,
    mark: randomUUID(),
    timeoutMs: plan.timeoutMs,
    signal: plan.signal,
  }
  const first = plan.kit.find(({ id }) => id === startCase) as Case
  const ending = plan.signal?.aborted ? null : await execute(first, heap, options)
  const stopped = ending === null || plan.signal?.aborted === true
  const start = stopped ? { problem: null, notes: [], chatty: false } : readStart(heap, ending, plan.timeoutMs)
  const describe = describer(heap, options, plan.stress)
  const cases = start.problem === null ? plan.cases : [first, ...plan.cases.filter(({ id }) => id !== startCase)]
  const results: (CaseResult | MisuseResult | null)[] = cases.map(() => null)
  const queue = cases.entries()
  const work = async () => {
    for (const [at, one] of queue) {
      const result = await resultOf(one)
      results[at] = result
      if (result !== null) onResult(result)
    }
  }
  const resultOf = async (one: Case): Promise<CaseResult | MisuseResult | null> => {
    const about = describe(one)
    const skip = (message: string) =>
      one.isMisuse ? null : ({ ...about, outcome: 'skip', message, wallMs: 0 } as const)
    if (plan.signal?.aborted) return skip(interrupted)
    if (one.id === startCase && ending !== null) return startResult(about, start, ending)
    if (start.problem !== null) return skip('not run: nothing starts under this heap')
    const declined = declines[one.id]
    if (declined !== undefined) return skip(declined)
    const result = await runCase(plan, one, heap, options, start)
    if (plan.signal?.aborted) return skip(interrupted)
    return result === null ? null : { ...about, ...result }
  }
  await Promise.all(Array.from({ length: Math.min(plan.jobs, cases.length) }, work))
  const left = endCarriers(`${markVariable}=${options.mark}`)
  const notes = left === 0 ? start.notes : [...start.notes, `it left ${left} processes running, which were ended`]
  const { spec, kind, path, version } = heap
  const isMisuse = (result: CaseResult | MisuseResult) => cases.find(({ id }) => id === result.id)?.isMisuse === true
  const all = results.filter((each) => each !== null)
  return {
    heap: spec,
    kind,
    path,
    version,
    problem: start.problem,
    notes,
    cases: all.filter((each): each is CaseResult => !isMisuse(each)),
    misuse: all.filter((each): each is MisuseResult => isMisuse(each)),
  }
}

type About = CaseDescription & { reproduce: string }

/** What stands in the result of a case whatever comes of it. */
function describer(heap: ResolvedHeap, options: ExecuteOptions, stress: CheckPlan['stress']): (one: Case) => About {
  return (one) => {
    const { id, group, explanation, standard, source } = one
    const env = caseEnvironment(one, heap, { ...options, env: stressed(options.env, one, stress) })
    // A link to a library whose path cannot be preloaded does not outlive the check.
    const linked = env['LD_PRELOAD']?.includes(`${options.linkFolder}/`) === true
    const reproduce = linked ? checkCommand(heap.spec, id) : shellCommand(one.program, env, options.env)
    return { id, group, explanation, standard, source, reproduce }
  }
}

function startResult(about: About, { problem }: Start, { wallMs }: Ending): CaseResult {
  return { ...about, outcome: problem === null ? 'pass' : 'fail', message: problem?.message ?? '', wallMs }
}

async function runCase(plan: CheckPlan, one: Case, heap: ResolvedHeap, options: ExecuteOptions, { chatty }: Start) {
  const timeoutMs = plan.timeoutMs + (one.isStress ? (plan.stress?.ms ?? 0) : 0)
  const env = stressed(options.env, one, plan.stress)
  const ending = await execute(one, heap, { ...options, env, timeoutMs })
  const judged = one.isMisuse ? judgeMisuse(ending, timeoutMs) : judgeCase(ending, timeoutMs, chatty)
  if (judged === null) return null
  // A link to a library whose path cannot be preloaded means nothing to the reader.
  const message = judged.message.replaceAll(linkPattern(options.linkFolder), heap.path ?? heap.spec)
  return { ...judged, message, wallMs: ending.wallMs } as Pick<CaseResult, 'outcome' | 'message' | 'wallMs'>
}

/** The environment of a case, with what tells a stress how long to run and where to begin. */
function stressed(env: NodeJS.ProcessEnv, { isStress }: Case, stress: CheckPlan['stress']): NodeJS.ProcessEnv {
  if (!isStress || stress === null) return env
  return { ...env, [stressVariables.ms]: String(stress.ms), [stressVariables.seed]: String(stress.seed) }
}

const linkPattern = (folder: string) => new RegExp(`${folder.replace(/[^\w/]/g, '\\$&')}/preload-[^\\s:]*`, 'g')
