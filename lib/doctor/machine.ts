/**
 * What this machine can do: facts and what they mean, and two things that are really tried, because nothing but trying
 * tells: whether a library can be preloaded into a program and seen there, and which heaps load.
 */

import { getSystemErrorName } from 'node:util'
import { addon, nativeFile, packageVersion } from '../binding/native.ts'
import { Alloc8Error } from '../errors.ts'
import { builtinLibraryNames, listHeaps, missingHeaps } from '../heaps/index.ts'
import type { DoctorCheck, DoctorHeap, DoctorResult, HeapInfo, Verdict } from '../types.ts'
import { countersCheck, heapsCheck, machineChecks, toCheck } from './machine-checks.ts'
import { machineFacts } from './machine-facts.ts'

/** What the examination needs of the parts above: they start programs, and know where sessions are kept. */
export interface Examination {
  /** Runs some small program under a heap and gives the verdict on it. */
  tryHeap(spec: string): Promise<Verdict>
  sessionFolder: string
  environment: NodeJS.ProcessEnv
}

/** Examines this machine. What does not work is a result, not an error. */
export async function examineMachine(examination: Examination): Promise<DoctorResult> {
  const native = nativeCheck()
  const works = native.state === 'good'
  const preload = works ? await preloadCheck(examination) : null
  const facts = machineFacts(examination.sessionFolder, examination.environment)
  const checks = [
    native,
    ...(preload === null ? [] : [preload]),
    ...machineChecks(facts),
    ...(works ? [countersCheck(counterError(), facts.perfParanoid)] : []),
  ]
  const installed = await installedHeaps()
  const found = installed.flatMap(({ name, kind }) => (kind === 'found' ? [name] : []))
  checks.push(heapsCheck(found, missingHeaps()))
  const heaps: DoctorHeap[] = []
  for (const heap of installed) {
    heaps.push(await tryOne(heap, preload?.state === 'good' ? examination : null))
  }
  const holds = checks.every(({ state }) => state !== 'bad') && heaps.every(({ state }) => state === 'active')
  return { schema: 1, holds, checks, heaps }
}

/** Whether all native products are there, and the addon is of this version. */
function nativeCheck(): DoctorCheck {
  const problem = problemOf(() => {
    addon()
    for (const name of ['alloc8-launch', 'liballoc8-witness.so', ...builtinLibraryNames]) nativeFile(name)
  })
  if (problem === null) return toCheck('native', ['good', `version ${packageVersion()}`])
  return toCheck('native', [
    'bad',
    problem.message,
    'alloc8 can neither start nor look at a program',
    problem.hint ?? null,
  ])
}

function problemOf(action: () => void): Alloc8Error | null {
  try {
    action()
    return null
  } catch (error) {
    if (error instanceof Alloc8Error) return error
    throw error
  }
}

/** Whether a library that is preloaded into a program runs there and leaves its record. */
async function preloadCheck({ tryHeap }: Examination): Promise<DoctorCheck> {
  const meaning = 'no heap can be put under a program, or alloc8 could not tell whether it was'
  try {
    const { processes, reasons } = await tryHeap('default')
    if (processes.some(({ bindings }) => typeof bindings.malloc === 'string')) {
      return toCheck('preload', ['good', 'a preloaded library was seen at work in a program'])
    }
    const [reason] = reasons
    return toCheck('preload', ['bad', reason?.message ?? 'nothing was seen', meaning, reason?.advice ?? null])
  } catch (error) {
    if (!(error instanceof Alloc8Error)) throw error
    return toCheck('preload', ['bad', error.message, meaning, error.hint ?? null])
  }
}

function counterError(): string | null {
  const error = addon().hardwareCounterError()
  return error === 0 ? null : getSystemErrorName(-error)
}

async function installedHeaps(): Promise<HeapInfo[]> {
  const { heaps } = await listHeaps()
  return heaps.filter(({ kind }) => kind !== 'default')
}

async function tryOne(heap: HeapInfo, examination: Examination | null): Promise<DoctorHeap> {
  const { name, kind, path, version } = heap
  const tried = { name, kind, path, version }
  if (examination === null) return { ...tried, state: null, reasons: [] }
  try {
    const { state, reasons } = await examination.tryHeap(name)
    return { ...tried, state, reasons: reasons.map(({ message, advice }) => `${message}; ${advice}`) }
  } catch (error) {
    if (!(error instanceof Alloc8Error)) throw error
    return {
      ...tried,
      state: 'inactive',
      reasons: [error.hint == null ? error.message : `${error.message}; ${error.hint}`],
    }
  }
}
