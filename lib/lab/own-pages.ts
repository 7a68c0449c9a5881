/**
 * Copy on write as the page tables show it: which pages a process has for itself, and which of them it got as copies.
 * Part of `fork-inherit`.
 */

import type { PuppetProcess } from './process.ts'

/** The pages of a process's private memory, by whether it shares them with another process. */
export interface Pages {
  own: Set<bigint>
  shared: Set<bigint>
}

/** All pages that it can write to, that are there and that are no file's; the heap's and everything else's. */
export function privatePages(process: PuppetProcess): Pages {
  const pages: Pages = { own: new Set(), shared: new Set() }
  for (const { start, end, permissions } of process.mappings()) {
    if (!permissions.startsWith('rw') || !permissions.endsWith('p')) continue
    for (const { address, present, exclusive, fileOrShared } of process.pages(start, end)) {
      if (present && !fileOrShared) pages[exclusive ? 'own' : 'shared'].add(address)
    }
  }
  return pages
}

/** What was shared before and is the process's own now. */
export function copiedPages(before: Pages, after: Pages): number {
  return [...before.shared].filter((address) => after.own.has(address)).length
}
