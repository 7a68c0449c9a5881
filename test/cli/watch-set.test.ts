/** `alloc8 watch SESSION --set LEVELS`: what the probe does in a session that runs, changed from another terminal. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSession } from '../../lib/api/session.ts'
import { alloc8, gone, start, started, uniqueMarker } from '../support/cli.ts'
import { pythonPath, scratch, until } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

test('--set changes what is counted of a session that runs, and says what it is now', async () => {
  const marker = uniqueMarker()
  const program = 'import time\nwhile True: bytearray(300000); time.sleep(0.002)'
  const kept = join(folder.path, 'changed')
  const words = [
    'run',
    '--probe',
    'counts',
    '--no-summary',
    '--session',
    kept,
    '--',
    pythonPath(),
    '-c',
    program,
    marker,
  ]
  const running = start(words)
  await started(marker)
  const pid = String(running.child.pid)
  const set = await alloc8(['watch', pid, '--set', 'live,sample'])
  expect(set).toMatchObject({ status: 0, stdout: 'counts, live, sample in 1 running process\n', stderr: '' })
  expect(openSession(kept).snapshot().processes[0]?.levels).toEqual(['counts', 'live', 'sample'])
  await until(() => readdirSync(kept).some((name) => name.endsWith('.samples')), 'samples')
  expect((await alloc8(['watch', kept, '--set', 'off'])).stdout).toBe('off in 1 running process\n')
  expect(openSession(kept).snapshot().processes[0]?.levels).toEqual([])
  running.signalGroup('SIGTERM')
  await running.end
  await gone(marker)
  // What was sampled meanwhile is in the session, and how it was is not changed any more.
  expect((await alloc8(['profile', kept])).stdout).toMatch(/allocated, by stack/)
  const late = await alloc8(['watch', kept, '--set', 'live'])
  expect([late.status, late.stdout, late.stderr]).toEqual([2, '', expect.stringContaining('this session has ended')])
})

test.each([
  [['--set', 'live'], 'expected a session'],
  [['1', '--set', 'live', '--json'], 'no other option'],
  [['1', '--set', 'lives'], 'Expected some of counts, live'],
])('%j is wrong usage', async (words, said) => {
  const { status, stdout, stderr } = await alloc8(['watch', ...words])
  expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(said)])
})

test('--set of a session without a probe says so', async () => {
  const marker = uniqueMarker()
  const running = start(['run', '--no-summary', '--', 'bash', '-c', 'sleep 976; :', marker])
  await started(marker)
  const { status, stderr } = await alloc8(['watch', String(running.child.pid), '--set', 'live'])
  expect([status, stderr]).toEqual([2, expect.stringContaining('no session of which the levels can be changed')])
  running.signalGroup('SIGTERM')
  await running.end
  await gone(marker)
})
