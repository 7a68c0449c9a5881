/** Every case of test/probe/cases.ts under every heap of this machine at every level, and at all of them together. */

import { listHeaps } from '../../lib/heaps/index.ts'
import { probeLevels } from '../../lib/launch/probe-settings.ts'
import type { ProbeLevel } from '../../lib/types.ts'
import { observeCases } from '../probe/observe.ts'

const heaps = (await listHeaps()).heaps.map(({ name }) => name)
const together: readonly (readonly ProbeLevel[])[] = [...probeLevels.map((level) => [level]), probeLevels]

observeCases(() => heaps.flatMap((heap) => together.map((levels) => ({ heap, levels }))))
