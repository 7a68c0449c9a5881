/**
 * The two planted heaps that each experiment of the lab must tell apart from others: `one-arena` (one region and one lock
 * for all threads, freed blocks are reused by anyone) and `never-reuses` (free does nothing). They have no names in the
 * registry: a heap is also the path of a library.
 */

import { buildPlantedHeaps, plantedHeapFile } from './planted-heaps.ts'

/** Builds them unless that was done, and gives the paths of their libraries. */
export async function labHeaps(): Promise<{ oneArena: string; neverReuses: string }> {
  await buildPlantedHeaps(['one-arena', 'never-reuses'])
  return { oneArena: plantedHeapFile('one-arena'), neverReuses: plantedHeapFile('never-reuses') }
}
