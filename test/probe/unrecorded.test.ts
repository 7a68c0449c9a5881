/**
 * Processes that cannot make a file of their own run on and are listed: in a run's report and its text, in a snapshot,
 * and in the view. Behaviours that only root can show (chroot, dropped rights) are among the cases of probe/real.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../lib/api/run.ts'
import { openSession } from '../../lib/api/session.ts'
import { plainPalette, runText } from '../../lib/report/index.ts'
import type { ProbeLevel } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

let program = ''
beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'unrecorded.c'), 'utf8')
  program = await compile(folder.path, { name: 'unrecorded', source })
})

const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const

test.for<ProbeLevel[]>([['counts'], ['live', 'latency', 'sample']])('%j', async (probe) => {
  const sessionDirectory = join(folder.path, probe.join('-'))
  const result = await run({ command: [program], heap: 'system', probe, sessionDirectory, ...quiet })
  const { exitCode, probe: report } = result
  expect([exitCode, report?.processes.length, report?.unrecordedOmitted]).toEqual([0, 1, 0])
  const root = report?.processes[0]?.pid
  const [child, grandchild, leaf, ...others] = report?.unrecorded ?? []
  expect([child, grandchild, leaf, others]).toEqual([
    { pid: expect.any(Number), ppid: root, executable: program },
    { pid: expect.any(Number), ppid: child?.pid, executable: program },
    { pid: expect.any(Number), ppid: root, executable: program },
    [],
  ])
  expect(new Set([root, child?.pid, grandchild?.pid, leaf?.pid]).size).toBe(4)
  expect(schemaProblems('run', JSON.parse(JSON.stringify(result)))).toEqual([])
  const text = runText(result, { width: 200, unicode: false, palette: plainPalette })
  expect(text).toContain(`unrecorded     nothing is known of 3 processes: ${child?.pid} (${program}), `)

  const session = openSession(sessionDirectory)
  const snapshot = session.snapshot()
  session.close()
  // What forked children say themselves; of programs only the witness knows.
  expect(snapshot.unrecorded).toMatchObject([{ pid: child?.pid, executable: program }, { pid: grandchild?.pid }])
  expect([snapshot.unrecordedOmitted, schemaProblems('snapshot', JSON.parse(JSON.stringify(snapshot)))]).toEqual([
    0,
    [],
  ])
})

test('a hundred of them are counted, and the first are named', async () => {
  const source = `
    #include <stdlib.h>
    #include <sys/resource.h>
    #include <sys/wait.h>
    #include <unistd.h>
    int main(void) {
      struct rlimit none = {0, 0};
      setrlimit(RLIMIT_FSIZE, &none);
      for (int i = 0; i < 100; i++) {
        if (fork() == 0) {
          char* volatile block = malloc(9);
          free(block);
          _exit(0);
        }
        wait(NULL);
      }
      return 0;
    }`
  const many = await compile(folder.path, { name: 'many', source })
  const { probe } = await run({ command: [many], heap: 'system', probe: 'counts', ...quiet })
  expect([probe?.unrecorded.length, probe?.unrecordedOmitted]).toEqual([64, 36])
})
