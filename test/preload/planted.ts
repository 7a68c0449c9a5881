/**
 * Shows that the programs can fail. Every program that a planted fault names must fail under it, and must pass under
 * the same heap without a fault, so that it is the fault that is caught. Part of programs.test.ts.
 */

import { describe, expect, it } from 'vitest'
import { listFaults, plantedHeap } from '../support/planted.ts'
import { findProgram, listPrograms } from '../support/programs.ts'
import { runProgram } from '../support/run-program.ts'

const faults = listFaults()
const caught = new Set(faults.flatMap((fault) => fault.caughtBy))

/** Faults that the faultless planted heap has, too: under libc alone their programs pass (programs.test.ts). */
const shared = ['missing-names', 'realloc-always-copies']
const lacking = new Set(faults.filter((fault) => shared.includes(fault.name)).flatMap((fault) => fault.caughtBy))

/** A deadlock has shown itself by then. */
const faultTimeoutMs = 4_000

/** How often a program may pass by luck before it is called blind. */
const chances = 9

for (const fault of faults.filter((one) => one.name !== 'honest')) {
  describe.concurrent(`fault ${fault.name}`, { timeout: 600_000 }, () => {
    for (const id of fault.caughtBy) {
      it(`is caught by ${id}`, async () => {
        const run = () => runProgram(findProgram(id), plantedHeap(fault.name), faultTimeoutMs)
        let end = await run()
        // A lock that is held at the moment of a fork is met by chance, less often where the cores are busy.
        for (let again = 0; again < chances && end.outcome === 'passed'; again++) end = await run()
        expect(end.outcome, `${id} does not see: ${fault.description}\n${end.ending}\n${end.output}`).toBe('failed')
      })
    }
    for (const id of fault.passes) {
      it(`is not seen by ${id}`, async () => {
        const end = await runProgram(findProgram(id), plantedHeap(fault.name))
        expect(end.outcome, `${end.ending}\n${end.output}`).toBe('passed')
      })
    }
  })
}

describe.concurrent('the planted heap without a fault', { timeout: 600_000 }, () => {
  for (const id of [...caught].filter((one) => !lacking.has(one)).sort()) {
    it(`passes ${id}`, async () => {
      const end = await runProgram(findProgram(id), plantedHeap('honest'))
      expect(end.outcome, `${end.ending}\n${end.output}`).toBe('passed')
    })
  }
})

it('catches a fault with every program', () => {
  const blind = listPrograms().filter((program) => !caught.has(program.id))
  expect(blind.map((program) => program.id)).toEqual([])
})
