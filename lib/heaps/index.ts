/** The public names of the registry of heaps. */

export { builtinLibraryNames, declinedCases } from './builtin.ts'
export { defaultComparison } from './comparison.ts'
export { type IdentifiedHeap, identifyHeap } from './identify.ts'
export { type HeapContext, type ListOptions, listHeaps, missingHeaps, resolveHeap } from './registry.ts'
export { splitHeapList } from './spec.ts'
