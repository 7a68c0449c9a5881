/** Which of the entry points take blocks back; all others give them. */

import type { ProbeEntryName } from '../types.ts'

const freeing: ReadonlySet<string> = new Set<ProbeEntryName>([
  'free',
  'free_sized',
  'operator_delete',
  'operator_delete_array',
])

/** Whether an entry point takes a block back and gives none. */
export const isFreeing = (name: string): boolean => freeing.has(name)
