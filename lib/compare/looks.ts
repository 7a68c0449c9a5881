/**
 * When a comparison that goes on until it is decided is looked at. Each look is a chance to be wrong, so that they are
 * few, planned before the first run, and share the error between them.
 */

import { plannedLooks } from '../stats/index.ts'
import type { ComparisonOptions } from './types.ts'

/** The numbers of blocks at which it is looked, and the two-sided level of each interval. */
export interface Looks {
  blocks: number[]
  level: number
}

/** How often `blocks` may be run at most. */
const MOST_LOOKS = 4

/** The looks of a comparison; null where it has as many blocks as were asked for. */
export function planLooks({ untilDecided, blocks }: ComparisonOptions): Looks | null {
  return untilDecided === true ? plannedLooks({ first: blocks, most: MOST_LOOKS * blocks }) : null
}
