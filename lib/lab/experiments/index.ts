/** The experiments that ship, in the order of the lab book. A file each; a new one gets a row here. */

import type { Experiment } from '../experiment.ts'
import arenaFork from './arena-fork.ts'
import arenaLeaks from './arena-leaks.ts'
import arenaScope from './arena-scope.ts'
import blowup from './blowup.ts'
import corruptionChain from './corruption-chain.ts'
import falseSharing from './false-sharing.ts'
import forkInherit from './fork-inherit.ts'
import fragmentation from './fragmentation.ts'
import heapMap from './heap-map.ts'
import inspector from './inspector.ts'
import layoutMap from './layout-map.ts'
import mmapCompare from './mmap-compare.ts'
import overlap from './overlap.ts'
import pageTrace from './page-trace.ts'
import remoteFree from './remote-free.ts'
import tunables from './tunables.ts'

export const experiments: readonly Experiment[] = [
  inspector,
  layoutMap,
  corruptionChain,
  forkInherit,
  mmapCompare,
  heapMap,
  pageTrace,
  arenaScope,
  arenaLeaks,
  arenaFork,
  overlap,
  tunables,
  falseSharing,
  remoteFree,
  blowup,
  fragmentation,
]
