/**
 * The conformance kit sees what is wrong: under each fault of fault-table.ts the case that is meant for it is among those
 * of its group that fail, in words that name the defect, and without a fault every case passes. Every case has a fault.
 * `npm run test:long` runs all cases under all faults (test/long/faults.test.ts).
 */

import { describe, expect, test } from 'vitest'
import { conformanceCases } from '../../lib/api/check.ts'
import type { CaseResult } from '../../lib/types.ts'
import { fewestFaults, type PlantedFault, plantedFaults } from './fault-table.ts'
import { underFault } from './under-fault.ts'

const judged = conformanceCases().filter(({ group }) => group !== 'misuse')

/**
 * A lock that is held at the moment of a fork is met by chance, less often where the cores are busy; and of two things
 * that a fault breaks the other may come first.
 */
const chances = 9

/** Of a case that has not shown what it should: on a machine that is slow enough it was still at work. */
const muchPatienceMs = 25_000

const begun = new Map<string, Promise<CaseResult[]>>()

/** A group under a fault, run once for all cases of it that the fault is meant for. */
function underFaultOnce(fault: string, group: string): Promise<CaseResult[]> {
  const key = `${fault} ${group}`
  const run = begun.get(key) ?? underFault(fault, { groups: [group] })
  begun.set(key, run)
  return run
}

test('without a fault the library passes the whole kit', async () => {
  const results = await underFault('', { groups: [...new Set(judged.map(({ group }) => group))] }, 300_000)
  const failed = results.filter(({ outcome }) => outcome === 'fail')
  expect(failed.map(({ id, message }) => `${id}: ${message}`)).toEqual([])
  expect(results.filter(({ outcome }) => outcome === 'skip').map(({ message }) => message)).toEqual([])
})

test('every case has a fault, and there are many', () => {
  const meant = new Set(plantedFaults.map(({ id }) => id))
  expect(judged.map(({ id }) => id).filter((id) => !meant.has(id))).toEqual([])
  expect([...meant].filter((id) => !judged.some((each) => each.id === id))).toEqual([])
  expect(new Set(plantedFaults.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(fewestFaults)
})

test('a fault that there is not ends what it is asked of', async () => {
  const [result] = await underFault('no-such-fault', { cases: ['align/malloc'] })
  expect(result).toMatchObject({ outcome: 'fail', message: expect.stringContaining('names no fault') })
})

describe.each(plantedFaults)('$fault', ({ fault, id, shows }: PlantedFault) => {
  test(`${id} fails`, async () => {
    const [group = ''] = id.split('/')
    let results = await underFaultOnce(fault, group)
    const isSeen = () => {
      const found = results.find((each) => each.id === id)
      if (found?.outcome !== 'fail') return false
      return typeof shows === 'string' ? found.message.includes(shows) : shows.test(found.message)
    }
    for (let again = 0; again < chances && !isSeen(); again++) {
      results = await underFault(fault, { cases: [id] }, muchPatienceMs)
    }
    const result = results.find((each) => each.id === id)
    expect(result?.outcome, `${id} does not see ${fault}`).toBe('fail')
    expect(result?.message).toMatch(shows)
  })
})
