/**
 * The planted faults: heaps in test/programs/planted that are wrong in one way each. A fault's opening comment says
 * what is wrong and names, with `@caught-by`, the programs that must fail under it and, with `@passes`, some that must
 * not, where that shows that it is this fault alone.
 */

import type { TestHeap } from './heaps.ts'
import { libraryFile, readPlanted } from './programs.ts'

/** One planted fault. */
export interface Fault {
  name: string
  description: string
  caughtBy: string[]
  passes: string[]
}

/** All faults, by name; `honest` is the same heap without one. */
export function listFaults(): Fault[] {
  return readPlanted().map(({ name, text, values }) => ({
    name,
    description: text,
    caughtBy: values('caught-by'),
    passes: values('passes'),
  }))
}

/** The planted heap as one to run programs under. */
export function plantedHeap(name: string): TestHeap {
  return { name: `planted ${name}`, kind: 'found', library: libraryFile(name, 'planted'), missing: null, version: null }
}
