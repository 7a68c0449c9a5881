/** `check()`: what an allocator does right and wrong, by the programs of the conformance kit. */

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { nativeDirectory, packageRoot } from '../binding/native.ts'
import { type CaseSelection, type HeapToCheck, type Kit, readCases, runCheck, selectCases } from '../check/index.ts'
import { Alloc8Error, usageError } from '../errors.ts'
import { declinedCases, listHeaps, resolveHeap } from '../heaps/index.ts'
import type { CaseDescription, CheckProgress, CheckResult } from '../types.ts'

/** What `check()` takes. */
export interface CheckOptions extends CaseSelection {
  /** Heaps as they are written for `run`: `jemalloc`, `./libmine.so`, `hoard:slack=8`. */
  heaps: readonly string[]
  /** How many programs run at once; the machine's cores unless given. */
  jobs?: number | undefined
  /** How long the random stress runs, with a new seed each time; a fixed number of steps of a fixed seed unless given. */
  stressMs?: number | undefined
  /** How long a case may take; 30 s unless given. */
  timeoutMs?: number | undefined
  /** The programs' environment; this process's own unless given. */
  env?: NodeJS.ProcessEnv | undefined
  /** Stops the check; what was found until then is the result. */
  signal?: AbortSignal | undefined
  onProgress?: ((progress: CheckProgress) => void) | undefined
}

const defaultTimeoutMs = 30_000

/**
 * Runs the conformance kit, or the groups and cases named, under each heap. That a case fails, or that nothing starts
 * under a heap, is a result.
 * @throws Alloc8Error USAGE for no heap, an unknown group or case, a number out of range; HEAP_UNKNOWN,
 *   HEAP_NOT_INSTALLED, HEAP_LIBRARY, HEAP_TUNABLE; NATIVE where the kit is not built;
 *   OUTPUT_PATH where TMPDIR cannot be written
 */
export async function check(options: CheckOptions): Promise<CheckResult> {
  const { groups, cases, env = process.env, signal, onProgress } = options ?? {}
  if (!Array.isArray(options?.heaps) || options.heaps.length === 0)
    throw usageError('heaps', 'at least one heap', options?.heaps)
  const kit = readCases(kitPlace())
  const selected = selectCases(kit, { groups, cases })
  if (selected.length === 0) throw usageError('groups', 'at least one group or case', [])
  const stressMs = options.stressMs === undefined ? null : number('stressMs', options.stressMs, 1, longestMs)
  if (stressMs !== null && !selected.some(({ isStress }) => isStress))
    throw usageError('stressMs', 'a selection with a case that takes a time (stress/random)', 'one without')
  const heaps: HeapToCheck[] = []
  for (const spec of new Set(options.heaps)) {
    const heap = await resolveHeap(spec, { env })
    heaps.push({ heap, declines: declinedCases(heap) })
  }
  const linkFolder = makeFolder()
  const remove = () => rmSync(linkFolder, { recursive: true, force: true })
  // A second Ctrl-C ends the process where it stands.
  process.once('exit', remove)
  try {
    return await runCheck({
      heaps,
      kit,
      cases: selected,
      jobs: number('jobs', options.jobs ?? availableParallelism(), 1, 1024),
      timeoutMs: number('timeoutMs', options.timeoutMs ?? defaultTimeoutMs, 1, longestMs),
      stress: stressMs === null ? null : { ms: stressMs, seed: randomInt(1, 2 ** 31) },
      env,
      linkFolder,
      signal,
      onProgress,
    })
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** A folder for links to libraries whose paths cannot be preloaded. */
function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'alloc8-check-'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Alloc8Error('OUTPUT_PATH', `cannot make a folder in ${tmpdir()}: ${why}`, {
      hint: 'set TMPDIR to a folder that can be written',
      cause,
    })
  }
}

/** Every heap that can be checked on this machine: libc's, the built-in ones, those found. */
export async function allHeaps(): Promise<string[]> {
  const { heaps } = await listHeaps()
  return heaps.filter(({ kind }) => kind !== 'default').map(({ name }) => name)
}

/**
 * The cases of the kit, misuse among them, or those of the groups and cases named, as they are described.
 * @throws Alloc8Error USAGE for an unknown group or case; NATIVE where the kit is not built
 */
export function conformanceCases(selection: CaseSelection = {}): CaseDescription[] {
  return selectCases(readCases(kitPlace()), selection).map(({ id, group, explanation, standard, source }) => ({
    id,
    group,
    explanation,
    standard,
    source,
  }))
}

function kitPlace(): Kit {
  return { sources: join(packageRoot, 'native/conformance'), programs: join(nativeDirectory(), 'conformance') }
}

/** Timers take no more. */
const longestMs = 2 ** 31 - 1

function number(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw usageError(name, `a whole number from ${least} to ${most}`, value)
}
