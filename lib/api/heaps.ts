/** `heaps()`: the allocators that can be chosen on this machine. */

import { listHeaps } from '../heaps/index.ts'
import type { HeapsResult } from '../types.ts'

/** All heaps that can be used here: `default`, `system`, the built-in ones, those found on the system. */
export function heaps(): Promise<HeapsResult> {
  return listHeaps()
}
