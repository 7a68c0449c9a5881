/**
 * A signal handler that forks where the signal has interrupted the heap, in a process with one thread: the heap's lock is
 * that thread's own, and to wait for it would be for ever. libc's malloc knows that, and so must ours.
 */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { heapEnvironment, testHeaps } from '../support/heaps.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

let program = ''
beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'fork_in_handler.c'), 'utf8')
  const flags = [`-I${join(import.meta.dirname, '../../native/conformance')}`, '-pthread', '-w']
  program = await compile(folder.path, { name: 'fork-in-handler', source, flags })
})

const heaps = testHeaps().filter(({ kind }) => kind !== 'found')

test.each(heaps.map((heap) => [heap.name, heap] as const))('%s', async (_name, heap) => {
  await promisify(execFile)(program, [], { env: heapEnvironment(heap, [], []), timeout: 300_000 })
  expect(heap.missing).toBeNull()
})
