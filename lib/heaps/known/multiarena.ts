/**
 * alloc8's own multiarena heap: ALLOC8_MULTIARENA, a list of `key=value` joined by colons, by the names that glibc has
 * for the same things (native/heaps/multiarena/tunables.h).
 */

import { packageVersion } from '../../binding/native.ts'
import { type Family, integer, size } from '../family.ts'

export const multiarena: Family = {
  name: 'multiarena',
  libraries: [],
  fileName: /^liballoc8-multiarena\.so$/,
  debianPackage: null,
  passing: { kind: 'list', variable: 'ALLOC8_MULTIARENA', separator: ':', assign: '=' },
  booleans: ['1', '0'],
  tunables: [
    integer('arena_max', null, 'Most arenas; eight for each processor unless set', { minimum: 1n }),
    size('mmap_threshold', '131072', 'Larger requests are mapped one by one; setting it stops its growth', {
      maximum: 33554432n,
    }),
    size(
      'trim_threshold',
      '131072',
      'Free memory at the top from which it is given back; 64 KiB above top_pad at least',
    ),
    size('top_pad', '131072', 'What is taken from the system beyond each need'),
  ].map((row) => ({ ...row, variable: row.key })),
  evidence: ({ key }) => [key],
  version: () => packageVersion(),
}
