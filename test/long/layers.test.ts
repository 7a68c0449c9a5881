/** Every program of native/conformance under every layer, and under all of them stacked: `npm run test:long`. */

import { beforeAll, describe, expect, it } from 'vitest'
import { layerGaps } from '../preload/layers.ts'
import type { TestHeap } from '../support/heaps.ts'
import { buildLayeredHeaps, layeredHeaps } from '../support/layered-heaps.ts'
import { listPrograms } from '../support/programs.ts'
import { runProgram } from '../support/run-program.ts'

const programs = listPrograms()
const heaps = new Map<string, TestHeap>()

beforeAll(async () => {
  const built = await buildLayeredHeaps()
  for (const [index, name] of layeredHeaps.entries()) heaps.set(name, built[index] as TestHeap)
}, 600_000)

for (const name of layeredHeaps) {
  describe.concurrent(`layered heap ${name}`, { timeout: 900_000 }, () => {
    for (const program of programs) {
      it(program.id, async ({ skip }) => {
        const gap = layerGaps[name]?.[program.id]
        if (gap?.kind === 'slow') return skip(gap.reason)
        const end = await runProgram(program, heaps.get(name) as TestHeap, 120_000)
        if (end.outcome === 'skipped' || end.outcome === 'lacking') return skip(end.ending)
        const shown = `${program.id} under ${name}: ${end.ending}\n${end.output}\n(${program.explanation})`
        expect(end.outcome, gap === undefined ? shown : `passes now, though: ${gap.reason}`).toBe(
          gap ? 'failed' : 'passed',
        )
      })
    }
  })
}
