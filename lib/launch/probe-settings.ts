/** What a caller asks of the probe, in one form and checked. */

import { usageError } from '../errors.ts'
import type { ProbeLevel, ProbeSettings } from '../types.ts'

/** The levels that there are, cheap ones first. */
export const probeLevels: readonly ProbeLevel[] = ['counts', 'live', 'latency', 'sample']

/** More than this between two samples is no sampling. */
const largestSampleBytes = 2 ** 40

/**
 * Several levels are one list; `counts` belongs to each.
 * @throws Alloc8Error USAGE for a level that does not exist or a number out of range
 */
export function probeSettings(asked: ProbeLevel | readonly ProbeLevel[] | ProbeSettings): ProbeSettings {
  const given: ProbeSettings =
    typeof asked === 'string' ? { levels: [asked] } : 'levels' in asked ? asked : { levels: asked }
  const { levels, sampleBytes, latencyEvery } = given
  if (!Array.isArray(levels) || levels.length === 0 || !levels.every((level) => probeLevels.includes(level))) {
    throw usageError('probe', `some of ${probeLevels.join(', ')}`, levels)
  }
  checkNumber('sampleBytes', sampleBytes, largestSampleBytes)
  checkNumber('latencyEvery', latencyEvery, 2 ** 31)
  const inOrder = probeLevels.filter((level) => level === 'counts' || levels.includes(level))
  return { levels: inOrder, sampleBytes, latencyEvery }
}

function checkNumber(name: string, value: number | undefined, largest: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= largest)) return
  throw usageError(name, `a whole number from 1 to ${largest}`, value)
}
