/** The public names of the registry of heaps. */

export { defaultComparison } from './comparison.ts'
export { type HeapContext, type ListOptions, listHeaps, resolveHeap } from './registry.ts'
export { splitHeapList } from './spec.ts'
