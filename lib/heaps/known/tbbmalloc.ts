/**
 * tbbmalloc of oneTBB. The proxy that replaces malloc is preloaded; the allocator, with its options and version, is in
 * the library that the proxy needs. Options are those of oneTBB's documentation ("Environment variables").
 */

import { boolean, type Family, size, stringIn } from '../family.ts'

export const tbbmalloc: Family = {
  name: 'tbbmalloc',
  libraries: ['libtbbmalloc_proxy.so'],
  fileName: /^libtbbmalloc_proxy[\w.-]*\.so/,
  debianPackage: 'libtbbmalloc2',
  passing: { kind: 'each' },
  booleans: ['1', '0'],
  tunables: [
    boolean('use_huge_pages', '0', 'Huge pages, where the system has them', { variable: 'TBB_MALLOC_USE_HUGE_PAGES' }),
    size('set_huge_size_threshold', null, 'Blocks from this size on are given back at once', {
      variable: 'TBB_MALLOC_SET_HUGE_SIZE_THRESHOLD',
    }),
  ],
  implementation: 'libtbbmalloc.so',
  evidence: ({ variable }) => [variable],
  version: (library) => stringIn(library, 'TBBmalloc: VERSION', /TBBmalloc: VERSION\s+(\d+(?:\.\d+)+)/),
}
