/** Warnings of a suite: each once, with the names of those that it is about. */

import { expect, test } from 'vitest'
import { mergeResults, runComparison } from '../../../lib/compare/index.ts'
import type { Warning } from '../../../lib/types.ts'
import { options, sample } from './machine.ts'

/** A workload with warnings of these messages. */
async function workload(name: string, ...messages: string[]) {
  const result = await runComparison(options(['a', 'b'], { workload: name }), async () => sample(1e9))
  return { result: { ...result, warnings: messages.map((message): Warning => ({ code: 'x', message })) } }
}

const messages = (parts: Awaited<ReturnType<typeof workload>>[]) =>
  mergeResults(parts, { seed: 1, threshold: 0.01, reproduce: null }).warnings.map(({ message }) => message)

test('what some say alike is told once with their names, what all say with none', async () => {
  const parts = [
    await workload('x', 'all', 'some', 'own'),
    await workload('y', 'all', 'some'),
    await workload('z', 'all'),
  ]
  expect(messages(parts)).toEqual(['all', 'x, y: some', 'x: own'])
})

test('a single workload needs no name', async () => {
  expect(messages([await workload('x', 'own')])).toEqual(['own'])
})
