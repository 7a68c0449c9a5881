/**
 * A program behaves with the probe as without: every program of the conformance kit passes under hoard and under libc's
 * own malloc with the probe in front, counting all that it can.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nativeFile } from '../../lib/binding/native.ts'
import type { TestHeap } from '../support/heaps.ts'
import { scratch } from '../support/launching.ts'
import { listPrograms } from '../support/programs.ts'
import { runProgram } from '../support/run-program.ts'

const folder = scratch()
afterAll(folder.remove)

const probe = nativeFile('liballoc8-probe.so')
const heaps: [name: string, library: string][] = [
  ['hoard', `${probe}:${nativeFile('liballoc8-hoard.so')}`],
  ['libc', probe],
]

describe.concurrent.each(heaps)('the probe in front of %s', (name, library) => {
  const session = join(folder.path, name)
  mkdirSync(session)
  const heap: TestHeap = { name, kind: 'builtin', library, missing: null, version: null }
  for (const program of listPrograms()) {
    it(program.id, async () => {
      const environment = { ...program.environment, ALLOC8_SESSION: session, ALLOC8_PROBE: 'live,latency,sample:64' }
      const end = await runProgram({ ...program, environment }, heap)
      expect(['passed', 'lacking'], `${end.ending}\n${end.output}`).toContain(end.outcome)
    })
  }
})
