/** Runs cases of the kit under the fault library, whose switch is in the environment (faults/switch.h). */

import { check } from '../../lib/api/check.ts'
import type { CaseResult } from '../../lib/types.ts'
import { faultLibrary } from '../support/programs.ts'

/** Enough for any case on a machine with other work; a deadlock has shown itself by then. */
const patienceMs = 5_000

/**
 * The results under a fault, `KIND` or `KIND:ENTRY`, none where it is empty, or `file:KIN` for one that sits in the
 * library's file itself.
 */
export async function underFault(
  fault: string,
  selection: { groups?: string[]; cases?: string[] },
  timeoutMs: number = patienceMs,
): Promise<CaseResult[]> {
  const [kind, kin] = fault.split(':')
  const library = kind === 'file' ? faultLibrary(kin) : faultLibrary()
  const env: NodeJS.ProcessEnv = { ...process.env, ALLOC8_FAULT: kind === 'file' ? '' : fault }
  // A deadlock is to be told by the case, not by the patience with it.
  if (fault !== '') delete env['PROGRAM_SLOWNESS']
  const { heaps } = await check({ heaps: [library], ...selection, timeoutMs, jobs: 2, env })
  return heaps[0]?.cases ?? []
}
