/** `profile()`: what the sampled processes of a kept session have allocated, and what of it is live, by stack. */

import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import type { WitnessRecord } from '../binding/native.ts'
import { Alloc8Error } from '../errors.ts'
import { buildProfile } from '../profile/index.ts'
import { readRecords } from '../session/records.ts'
import { readAllSamples, type SessionSamples } from '../session/samples.ts'
import type { Profile } from '../types.ts'

/**
 * Reads a session's samples and names their stacks with the symboliser of this machine, which takes seconds where
 * programs are large. The session may still grow.
 *
 * @param folder as it was given to `run({ sessionDirectory })`
 * @throws Alloc8Error SESSION where it is no folder or nothing was sampled in it
 */
export async function profile(folder: string): Promise<Profile> {
  const directory = resolve(folder)
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new Alloc8Error('SESSION', `${folder}: expected the folder of a session`, { hint: howToSample })
  }
  const samples = readAllSamples(directory)
  if (samples.samples.length === 0 && samples.unreadable.length === 0) {
    throw new Alloc8Error('SESSION', `${folder}: nothing was sampled in this session`, { hint: howToSample })
  }
  return profileOf(samples, readRecords(directory).records, directory)
}

const howToSample = 'make one with: alloc8 run --probe sample --session FOLDER -- PROGRAM'

/**
 * The profile of samples whose session is perhaps gone; `records` tell which program each process was, `session` is the
 * folder of one that was kept.
 */
export function profileOf(
  samples: SessionSamples,
  records: readonly WitnessRecord[],
  session?: string,
): Promise<Profile> {
  return buildProfile(samples, { executableOf: (pid, startNs) => executableOf(records, pid, startNs), session })
}

/** A process may have been several programs, one after the other: the one whose record was made nearest to that time. */
function executableOf(records: readonly WitnessRecord[], pid: number, startNs: bigint): string | null {
  const distance = ({ sequenceNs }: WitnessRecord) => {
    const apart = sequenceNs - startNs
    return apart < 0n ? -apart : apart
  }
  let best: WitnessRecord | null = null
  for (const record of records) {
    if (record.pid !== pid || record.executable === '') continue
    if (best === null || distance(record) < distance(best)) best = record
  }
  return best?.executable ?? null
}
