/**
 * The arena heap by its settings. Programs whose crews take what they can, up to half a GiB, have little of it here, and
 * must end, by their own success or for want of memory.
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { heapEnvironment, type TestHeap, testHeaps } from '../support/heaps.ts'
import { findProgram } from '../support/programs.ts'

const arena = testHeaps().find(({ name }) => name === 'arena') as TestHeap
const used = [
  'early/tool-in-front',
  'fork/atfork-late',
  'fork/atfork-linked',
  'fork/atfork-preloaded-first',
  'fork/busy-threads',
  'fork/child-threads',
  'fork/exit-handlers',
  'fork/from-thread',
  'fork/library-constructor',
  'fork/nested',
  'fork/posix-spawn',
  'fork/raw-clone',
  'fork/system-popen',
  'fork/under-fork',
  'fork/vfork-exec',
  'statistics/calls',
  'threads/exit-while-busy',
]

async function endOf(settings: string, command: readonly string[], before: string[] = [], behind: string[] = []) {
  const env = { ...heapEnvironment(arena, before, behind), PATH: process.env['PATH'] ?? '', ALLOC8_ARENA: settings }
  const [file = '', ...args] = command
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { env, timeout: 300_000, killSignal: 'SIGKILL' })
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
      [program.program],
      program.preloadFirst,
      program.preload,
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
