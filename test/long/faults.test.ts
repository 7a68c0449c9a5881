/**
 * Every case of the conformance kit under every fault, about an hour: the case that is meant for a fault sees it here too,
 * and of every two cases there is a fault that one sees and the other does not, so that they are two.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { conformanceCases } from '../../lib/api/check.ts'
import { plantedFaults } from '../check/fault-table.ts'
import { underFault } from '../check/under-fault.ts'

const groups = [...new Set(conformanceCases().map(({ group }) => group))].filter((group) => group !== 'misuse')
const faults = [...new Set(plantedFaults.map(({ fault }) => fault))]

/** Which cases fail, by fault. */
const seen = new Map<string, Set<string>>()

/** What was found is left to be read, beside what the tests have built. */
const folder = join(import.meta.dirname, '../../build-tests/faults')
afterAll(() => {
  mkdirSync(folder, { recursive: true })
  const matrix = Object.fromEntries([...seen].map(([fault, ids]) => [fault, [...ids].sort()]))
  writeFileSync(join(folder, 'matrix.json'), `${JSON.stringify(matrix, null, 1)}\n`)
})

test.each(faults)('%s', { timeout: 900_000 }, async (fault) => {
  const results = await underFault(fault, { groups })
  seen.set(fault, new Set(results.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)))
  const meant = plantedFaults.filter((one) => one.fault === fault).map(({ id }) => id)
  // By chance a race may not be lost: in CI it is given more than one.
  for (const id of meant.filter((each) => !seen.get(fault)?.has(each))) {
    const again = await underFault(fault, { cases: [id] })
    if (again[0]?.outcome === 'fail') seen.get(fault)?.add(id)
  }
  expect([...(seen.get(fault) ?? [])]).toEqual(expect.arrayContaining(meant))
})

test('every two cases are told apart by a fault', () => {
  const ids = conformanceCases({ groups }).map(({ id }) => id)
  const signature = (id: string) => faults.filter((fault) => seen.get(fault)?.has(id)).join(' ')
  const bySignature = new Map<string, string[]>()
  for (const id of ids) bySignature.set(signature(id), [...(bySignature.get(signature(id)) ?? []), id])
  expect([...bySignature.values()].filter((alike) => alike.length > 1)).toEqual([])
})
