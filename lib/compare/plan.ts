/**
 * The plan of a comparison: which heap runs when. A machine is never the same for long (heat, neighbours, caches), so
 * that running all of A and then all of B would measure the hour as much as the heap. In a block every heap runs
 * once, close together, in random order; the control, the baseline a second time, shows what the noise alone does. In
 * duets each of them runs beside the baseline.
 */

import { Rng } from '../stats/index.ts'
import type { Subject } from './types.ts'

/** A block of the plan, its subjects in the order in which they run. */
export interface PlannedBlock {
  /** -n to -1 for warm-up blocks, which are run and not counted; from 0 for the others. */
  block: number
  warmup: boolean
  order: Subject[]
  /** The subjects that run beside the baseline, in the order in which they do, and which of the two starts first. */
  pairs: { subject: Subject; candidateFirst: boolean }[]
}

/** What `planBlocks` takes: how many heaps, how many blocks of each kind, and the seed of the order. */
export interface PlanOptions {
  heaps: number
  blocks: number
  warmupBlocks: number
  seed: number
}

const PAIR_SEED = 2 ** 40

/** The blocks, warm-up first. The same options give the same plan; a longer plan begins with the shorter one. */
export function planBlocks({ heaps, blocks, warmupBlocks, seed }: PlanOptions): PlannedBlock[] {
  const rng = new Rng(seed)
  // A stream of their own: whether there are duets changes nothing for the runs alone.
  const pairRng = new Rng(PAIR_SEED + (seed % 2 ** 31))
  const subjects: Subject[] = [...Array.from({ length: heaps }, (_, heap) => heap), 'control']
  return Array.from({ length: warmupBlocks + blocks }, (_, index) => ({
    block: index - warmupBlocks,
    warmup: index < warmupBlocks,
    order: rng.shuffled(subjects),
    pairs: pairRng.shuffled(subjects.slice(1)).map((subject) => ({ subject, candidateFirst: pairRng.below(2) === 1 })),
  }))
}
