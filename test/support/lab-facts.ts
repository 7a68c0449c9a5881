/** Facts of experiments for tests: made up, a whole set to begin with and what is to be otherwise; or those that a heap has shown. */

import { Facts } from '../../lib/lab/experiment.ts'
import type { LabFact, LabHeap } from '../../lib/types.ts'

/** Facts by name. */
export type MadeUp = Readonly<Record<string, LabFact['value']>>

/** The facts of several sets, the later ones in front; undefined takes one away. */
export function factsOf(...sets: readonly Readonly<Record<string, LabFact['value'] | undefined>>[]): Facts {
  const all: Record<string, LabFact['value'] | undefined> = Object.assign({}, ...sets)
  return new Facts(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value, unit: null }])),
  )
}

/** What a heap has shown in an experiment. Throws where the experiment could not be carried through. */
export function shownBy(heap: LabHeap | undefined): Facts {
  if (heap === undefined || heap.error !== null) {
    throw new Error(`${heap?.heap ?? 'no heap'}: ${heap?.error?.message ?? 'not run'}`)
  }
  return new Facts(heap.facts)
}
