/**
 * Real programs and unruly ones under the probe: each does what it does without us, and its session can be read. Every
 * case, every level and every heap is here; test/long has each with each.
 */

import { listHeaps } from '../../lib/heaps/index.ts'
import { probeLevels } from '../../lib/launch/probe-settings.ts'
import { observeCases } from './observe.ts'

const heaps = (await listHeaps()).heaps.map(({ name }) => name)
const heapAt = (at: number) => heaps[at % heaps.length] ?? 'default'

observeCases((index) => [
  { heap: heapAt(index), levels: [probeLevels[index % probeLevels.length] ?? 'counts'] },
  { heap: heapAt(index * 3 + 4), levels: probeLevels },
])
