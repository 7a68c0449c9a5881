/** `--metric instructions` whole: heaps compared by what callgrind, or the processor, counts of a real program. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { compare } from '../../../lib/api/compare.ts'
import { hasCounters } from '../../../lib/launch/instructions.ts'
import { compile } from '../../support/compile.ts'
import { scratch } from '../../support/launching.ts'
import { lackingTool, requireOrSkip } from '../../support/needs.ts'

const folder = scratch()
afterAll(folder.remove)
let program = ''
beforeAll(async () => {
  const source = `
#include <stdlib.h>
int main(int count, char **words) {
  for (int round = 0; round < 30000; round++) {
    char *block = malloc(16 + round % 100);
    *block = 1;
    free(block);
  }
  return count > 1 ? atoi(words[1]) : 0;
}
`
  program = await compile(folder.path, { name: 'counted', source })
})

test('heaps differ by their instructions, which are the same in each block', async ({ skip }) => {
  requireOrSkip(skip, (await hasCounters()) ? null : lackingTool('valgrind', 'valgrind'))
  const result = await compare({
    ...{ command: [program], heaps: ['system', 'simple', 'multiarena'], metrics: ['instructions'] },
    ...{ blocks: 6, warmupBlocks: 0, seed: 1 },
  })
  expect(result.heaps.map(({ state }) => state)).toEqual(['active', 'active', 'active'])
  expect(result.cells.map(({ metric }) => metric)).toEqual(['instructions', 'instructions', 'instructions'])
  for (const { runs, failures, low, high } of result.cells) {
    expect(failures).toEqual([])
    const counts = runs.filter((value) => value !== null)
    expect(counts.length).toBeGreaterThanOrEqual(5)
    expect(Math.min(...counts)).toBeGreaterThan(30_000 * 20)
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.001)
    expect((high ?? 0) / (low ?? 1)).toBeLessThan(1.001)
  }
  const [, simple, multiarena] = result.cells
  // By hand: 127 and 178 instructions a pair (native/README.md).
  expect((multiarena?.ratio ?? 0) / (simple?.ratio ?? 1)).toBeGreaterThan(1.1)
  expect(result.control[0]?.ratio).toBeCloseTo(1, 3)
  const by = result.warnings.find(({ code }) => code === 'instructions-by')
  expect(by?.message).toMatch((await hasCounters()) ? /processor's counters/ : /valgrind's callgrind/)
})

test('a program that fails is a failed run with its status', async ({ skip }) => {
  requireOrSkip(skip, (await hasCounters()) ? null : lackingTool('valgrind', 'valgrind'))
  const options = { command: [program, '7'], heaps: ['simple'], metrics: ['instructions'], blocks: 1, warmupBlocks: 0 }
  expect((await compare(options)).cells[0]?.failures).toMatchObject([{ exitCode: 7, message: 'exit status 7' }])
})

test('what there is to count with is known before the first run', async ({ skip }) => {
  if (await hasCounters()) skip('this machine has counters')
  const command = [program]
  const missing = compare({ command, heaps: ['simple'], metrics: ['instructions'], env: { PATH: folder.path } })
  await expect(missing).rejects.toMatchObject({
    code: 'METRIC',
    hint: expect.stringContaining('apt-get install valgrind'),
  })
})
