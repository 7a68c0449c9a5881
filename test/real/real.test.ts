/**
 * Real programs under every heap on this machine: each ends as it does without us (status, signal, output), and every
 * process of it has the heap. Expected is what the program does under `default`, in the same folder, moments before.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listHeaps } from '../../lib/heaps/index.ts'
import type { HeapInfo } from '../../lib/types.ts'
import { testHeaps } from '../support/heaps.ts'
import { Limit } from '../support/limit.ts'
import { requireOrSkip } from '../support/needs.ts'
import type { Observed } from '../support/run-under.ts'
import { knownFailures, seenVersions } from './known-failures.ts'
import { type RealProgram, realPrograms } from './programs.ts'

const runTimeoutMs = 300_000
const hangTimeoutMs = 4_000

const root = mkdtempSync(join(tmpdir(), 'alloc8-real-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const heaps = (await listHeaps()).heaps.filter(({ kind }) => kind !== 'default')
const twoAtATime = new Limit(2)

for (const [index, program] of realPrograms.entries()) {
  const lacking = program.lacking()
  describe.concurrent(program.name, () => {
    const folder = join(root, String(index))
    let expected: { status: unknown; essence: unknown }

    beforeAll(async () => {
      if (lacking !== null) return
      mkdirSync(folder)
      await program.prepare?.(folder)
      const observed = await twoAtATime.run(() => program.run('default', folder, runTimeoutMs))
      expected = endOf(program, observed)
      expect(observed.result.timedOut).toBe(false)
    })

    it('ends well untouched', ({ skip }) => {
      requireOrSkip(skip, lacking)
      expect(expected.status).toEqual({ exitCode: 0, signal: null, timedOut: false })
      if (program.silent === true) expect(expected.essence).toBe('')
      else expect(expected.essence).toBeTruthy()
    })

    it.for(heaps)('$name', async (heap, { skip }) => {
      requireOrSkip(skip, lacking)
      const seen = heap.kind !== 'found' || seenVersions[heap.name] === heap.version
      const known = knownFailures.find((each) => each.heap === heap.name && each.program === program.name)
      if (known?.kind === 'sometimes') skip(known.reason)
      const timeoutMs = known?.kind === 'hangs' ? hangTimeoutMs : runTimeoutMs
      const observed = await twoAtATime.run(() => program.run(heap.name, folder, timeoutMs))
      const end = endOf(program, observed)
      if (!seen && !isDeepStrictEqual(end, expected))
        skip(`fails under ${heap.name} ${heap.version}: ${show(observed)}`)
      else if (seen && known !== undefined) {
        const still = `${heap.name} no longer fails here (${known.reason}): take it out of known-failures.ts`
        expect(end, still).not.toEqual(expected)
      } else {
        expect(end, observed.stderr).toEqual(expected)
        expectActive(observed, heap)
      }
    })
  })
}

describe('heaps to test with', () => {
  it.for(testHeaps().filter(({ kind }) => kind === 'found'))('$name is installed', ({ missing }, { skip }) => {
    requireOrSkip(skip, missing)
  })
})

describe('the table of known failures', () => {
  it('names programs that exist and heaps that are not ours, or the arena', () => {
    const ours = heaps
      .filter(({ kind }) => kind !== 'found')
      .map(({ name }) => name)
      .filter((name) => name !== 'arena')
    for (const { heap, program } of knownFailures) {
      expect(realPrograms.map(({ name }) => name)).toContain(program)
      expect(ours).not.toContain(heap)
    }
  })
})

/**
 * Every process of the run has the heap, and the library of that heap. What a process opened that was then killed
 * (CPython's tests have some that abort) is named, and takes nothing from that.
 */
function expectActive({ result: { verdict } }: Observed, { path }: HeapInfo): void {
  expect(verdict.reasons.filter(({ code }) => code !== 'late-unseen')).toEqual([])
  expect(verdict.state).toBe('active')
  for (const { executable, state, bindings } of verdict.processes) {
    expect([state, bindings.malloc], executable).toEqual(['active', path])
  }
}

function show({ result, stderr }: Observed): string {
  return `status ${result.exitCode}, signal ${result.signal}; ${stderr.slice(-500)}`
}

function endOf(program: RealProgram, observed: Observed) {
  const { exitCode, signal, timedOut } = observed.result
  const essence = program.essence === undefined ? observed.stdout : program.essence(observed)
  return { status: { exitCode, signal, timedOut }, essence }
}
