/** alloc8's own arena heap: ALLOC8_ARENA, a list of `key=value` joined by colons (native/heaps/arena/arena_heap.h). */

import { packageVersion } from '../../binding/native.ts'
import { boolean, type Family, size } from '../family.ts'

export const arena: Family = {
  name: 'arena',
  libraries: [],
  fileName: /^liballoc8-arena\.so$/,
  debianPackage: null,
  passing: { kind: 'list', variable: 'ALLOC8_ARENA', separator: ':', assign: '=' },
  booleans: ['1', '0'],
  tunables: [
    size(
      'chunk',
      '1048576',
      'What a thread takes at a time; blocks of a quarter of it and more have a mapping of their own',
      {
        minimum: 65536n,
        maximum: 1073741824n,
      },
    ),
    boolean('shared', '0', 'One chunk for all threads, behind a lock'),
    size('limit', '17179869184', 'What the heap may hold before malloc fails', { minimum: 1n }),
  ].map((row) => ({ ...row, variable: row.key })),
  evidence: ({ key }) => [key],
  version: () => packageVersion(),
}
