/**
 * The arena heap by its settings. Programs that use memory for as long as they run come to its limit, which the preload
 * suite cannot judge (known-gaps.ts); here each of them has little, and must end, by its own success or for want of memory.
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { heapEnvironment, type TestHeap, testHeaps } from '../support/heaps.ts'
import { buildPrograms, findProgram, libraryFile, programFile } from '../support/programs.ts'
import { knownGaps } from './known-gaps.ts'

const arena = testHeaps().find(({ name }) => name === 'arena') as TestHeap
const used = Object.entries(knownGaps['arena']?.gaps ?? {}).flatMap(([id, { kind }]) =>
  kind === 'sometimes' ? [id] : [],
)

beforeAll(() => buildPrograms(used.map(findProgram)), 600_000)

async function endOf(settings: string, command: readonly string[], before: string[] = [], behind: string[] = []) {
  const env = { ...heapEnvironment(arena, before, behind), PATH: process.env['PATH'] ?? '', ALLOC8_ARENA: settings }
  const [file = '', ...args] = command
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { env, timeout: 50_000, killSignal: 'SIGKILL' })
    return { ended: true, output: stdout + stderr }
  } catch (error) {
    const { killed, stdout, stderr } = error as { killed: boolean; stdout: string; stderr: string }
    return { ended: !killed, output: stdout + stderr }
  }
}

describe('a program that comes to the limit ends', () => {
  test.each(used)('%s', async (id) => {
    const program = findProgram(id)
    const { ended, output } = await endOf(
      'limit=64m:chunk=64k',
      [programFile(program)],
      program.preloadFirst.map((name) => libraryFile(name)),
      program.preload.map((name) => libraryFile(name)),
    )
    expect(ended, output).toBe(true)
    // Want of memory, and no complaint of another kind.
    if (output !== '') expect(output).toMatch(/got null|got 12|errno 12|Cannot allocate/)
  })
})

test('limit, chunk and shared are what is said; what is no setting is none', async () => {
  const script = 'x=$(printf %5000000s); printf %s "$x" | wc -c'
  expect((await endOf('', ['bash', '-c', script])).output).toBe('5000000\n')
  expect((await endOf('limit=4m', ['bash', '-c', script])).output).toMatch(/cannot allocate/)
  expect((await endOf('chunk=64k:shared=1', ['bash', '-c', script])).output).toBe('5000000\n')
  expect((await endOf('chunk=-1:limit=abc:shared=:::x', ['bash', '-c', script])).output).toBe('5000000\n')
})
