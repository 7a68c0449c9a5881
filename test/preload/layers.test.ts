/** Some of native/conformance under every layer; all of them are in test/long. The tables are in layers.ts. */

import { beforeAll, describe, expect, it } from 'vitest'
import type { TestHeap } from '../support/heaps.ts'
import { buildLayeredHeaps, layeredHeaps } from '../support/layered-heaps.ts'
import { findProgram, listPrograms } from '../support/programs.ts'
import { runProgram } from '../support/run-program.ts'
import { layerGaps, telling } from './layers.ts'

const heaps = new Map<string, TestHeap>()

beforeAll(async () => {
  const built = await buildLayeredHeaps()
  for (const [index, name] of layeredHeaps.entries()) heaps.set(name, built[index] as TestHeap)
})

describe.concurrent.each(layeredHeaps)('layered heap %s', (name) => {
  it.each(telling)('%s', async (id) => {
    const end = await runProgram(findProgram(id), heaps.get(name) as TestHeap)
    expect(end.outcome, `${end.ending}\n${end.output}`).toBe('passed')
  })
})

it('the table of gaps names heaps and programs that there are', () => {
  const ids = new Set(listPrograms().map((program) => program.id))
  for (const [name, gaps] of Object.entries(layerGaps)) {
    expect(layeredHeaps).toContain(name)
    for (const id of Object.keys(gaps)) {
      expect(ids).toContain(id)
      expect(telling).not.toContain(id)
    }
  }
})
