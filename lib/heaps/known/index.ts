/** All allocator families that are looked for on a system, in the order in which they are listed. */

import type { Family } from '../family.ts'
import { jemalloc } from './jemalloc.ts'
import { mimalloc } from './mimalloc.ts'
import { hardenedMalloc, hoard, mesh, rpmalloc, snmalloc } from './others.ts'
import { scudo } from './scudo.ts'
import { tbbmalloc } from './tbbmalloc.ts'
import { tcmalloc } from './tcmalloc.ts'

export const families: readonly Family[] = [
  jemalloc,
  tcmalloc,
  mimalloc,
  tbbmalloc,
  scudo,
  snmalloc,
  rpmalloc,
  hardenedMalloc,
  mesh,
  hoard,
]
