/**
 * Every program of native/conformance under every heap, preloaded. Programs pass under `default` (so that they are right
 * about libc) and under our own heaps without exception; others' heaps have known gaps, each of which must still be
 * there. A heap that is not installed is skipped by name, and is a failure where CI=true.
 */

import { describe, expect, it } from 'vitest'
import { type TestHeap, testHeaps } from '../support/heaps.ts'
import { listPrograms, type Program } from '../support/programs.ts'
import { type ProgramEnd, runProgram } from '../support/run-program.ts'
import { type Gap, knownGaps } from './known-gaps.ts'
// In this file, not one of its own, so that two programs at a time are the most that run.
import './planted.ts'

const programs = listPrograms()
const heaps = testHeaps()

/** Long enough for the queue in front of a program (two run at a time) and its own 60 s. */
const testTimeoutMs = 600_000

/** How long a program that is known to hang may take to show it. */
const hangTimeoutMs = 4_000

for (const heap of heaps) {
  describe.concurrent(`heap ${heap.name}`, { timeout: testTimeoutMs }, () => {
    if (heap.missing !== null) {
      it(`is installed`, ({ skip }) => {
        if (process.env.CI === 'true') expect.fail(heap.missing ?? '')
        skip(heap.missing ?? '')
      })
      return
    }
    for (const program of programs) {
      it(program.id, async ({ skip }) => {
        const gap = gapOf(heap, program)
        if (gap?.kind === 'sometimes') return skip(gap.reason)
        const run = () => runProgram(program, heap, gap?.kind === 'hangs' ? hangTimeoutMs : 60_000)
        let end = await run()
        // A rare race in an allocator of others' is not ours to find here; our own get one try.
        for (let again = 0; again < 2 && maybeTheirRace(heap, gap, end); again++) end = await run()
        const skipped = judge(heap, program, gap, end)
        if (skipped) skip(skipped)
      })
    }
  })
}

describe('the table of known gaps', () => {
  it('names programs and heaps that exist', () => {
    const ids = new Set(programs.map((program) => program.id))
    for (const [name, { gaps }] of Object.entries(knownGaps)) {
      expect(heaps.map((heap) => heap.name)).toContain(name)
      for (const id of Object.keys(gaps)) expect(ids).toContain(id)
    }
  })

  it('has none for our own heaps or libc, but for the arena', () => {
    const ours = heaps.filter((one) => one.kind !== 'found' && one.name !== 'arena')
    for (const heap of ours) expect(knownGaps).not.toHaveProperty(heap.name)
  })
})

/** The gaps were found in one version of a heap; in another nothing is known. */
function gapOf(heap: TestHeap, program: Program): Gap | undefined {
  const known = knownGaps[heap.name]
  return known && known.version === heap.version ? known.gaps[program.id] : undefined
}

function maybeTheirRace(heap: TestHeap, gap: Gap | undefined, end: ProgramEnd): boolean {
  return heap.kind === 'found' && gap === undefined && end.outcome === 'failed'
}

/** Throws where the end is not the expected one; returns why the test proves nothing here, else undefined. */
function judge(heap: TestHeap, program: Program, gap: Gap | undefined, end: ProgramEnd): string | undefined {
  const shown = `${program.id} under ${heap.name}: ${end.ending}\n${end.output}\n(${program.explanation})`
  if (end.outcome === 'skipped' || end.outcome === 'lacking') {
    // What a heap may lack because libc lacks it too, ours may not.
    if (end.outcome === 'lacking') expect(heap.kind, shown).not.toBe('builtin')
    return end.ending
  }
  if (gap) {
    const still = `${heap.name} no longer fails ${program.id} (${gap.reason}): take it out of known-gaps.ts`
    expect(end.outcome, still).toBe('failed')
    expect(`${end.ending}\n${end.output}`, 'fails in another way than known-gaps.ts says').toContain(gap.shows)
    return undefined
  }
  const known = knownGaps[heap.name]
  if (end.outcome === 'failed' && heap.kind === 'found' && known?.version !== heap.version)
    return `gaps are known for ${heap.name} ${known?.version}, this is ${heap.version ?? 'another build'}: ${shown}`
  expect(end.outcome, shown).toBe('passed')
  return undefined
}
