/** alloc8's own Hoard: ALLOC8_HOARD, a list of `key=value` joined by colons (native/heaps/hoard/tunables.h). */

import { packageVersion } from '../../binding/native.ts'
import { boolean, type Family, integer, size } from '../family.ts'

const terabyte = { maximum: 1099511627776n }

export const hoard: Family = {
  name: 'hoard',
  libraries: [],
  fileName: /^liballoc8-hoard\.so$/,
  debianPackage: null,
  passing: { kind: 'list', variable: 'ALLOC8_HOARD', separator: ':', assign: '=' },
  booleans: ['1', '0'],
  tunables: [
    size('slack', '1048576', "What a thread's heap may hold beyond the empty fraction (K superblocks)", terabyte),
    integer('empty', '50', 'The empty fraction in hundredths: how much of what a thread holds may lie idle', {
      minimum: 1n,
      maximum: 99n,
    }),
    size('buffer', '32768', 'Bytes of each size class that a thread keeps at hand', terabyte),
    integer('purge', '100', 'Milliseconds for which free memory is kept for whoever needs some', {
      minimum: 0n,
      maximum: 1000000n,
    }),
    integer('idle', '50', 'How much may lie idle when the heap grows, in hundredths of what is in use', {
      minimum: 0n,
      maximum: 1000n,
    }),
    size('huge_cache', '67108864', 'Bytes of freed blocks above 8 MiB that are kept', terabyte),
    boolean('thp', '0', 'Ask for transparent huge pages once the heap is large'),
  ].map((row) => ({ ...row, variable: row.key })),
  evidence: ({ key }) => [key],
  version: () => packageVersion(),
}
