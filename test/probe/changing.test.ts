/** A probe's file that changes while it is read: it grows with every thread, or somebody makes it shorter and longer. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../lib/api/run.ts'
import { listFolder } from '../../lib/session/files.ts'
import { readProbe } from '../../lib/session/probes.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)
const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', heap: 'system', probe: 'live' } as const

beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'behaviours.c'), 'utf8')
  await compile(folder.path, { name: 'behaviours', source, flags: ['-pthread'] })
})

const probeFiles = (session: string) => listFolder(session).filter((name) => name.endsWith('.probe'))
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Null of a file that has no first page yet. */
function readStarted(file: string) {
  try {
    return readProbe(file)
  } catch (error) {
    if (/(not a probe file|truncated) at offset 0$/.test(String(error))) return null
    throw error
  }
}

test('what is read of a growing file is whole, and never less than before', async () => {
  let readings = 0
  let slots = 0
  for (let round = 0; round < 12; round++) {
    const session = join(folder.path, `session-${round}`)
    const command = [join(folder.path, 'behaviours'), 'threads', '300']
    let ended = false
    const whole = run({ command, sessionDirectory: session, ...quiet }).finally(() => {
      ended = true
    })
    let [calls, threads] = [0, 0]
    while (!ended) {
      await nextTurn()
      const [name] = probeFiles(session)
      if (name === undefined) continue
      const read = readStarted(join(session, name))
      if (read === null) continue
      const { total, threads: now } = read
      expect(now.length).toBeGreaterThanOrEqual(threads)
      expect(total.entries.malloc?.calls ?? 0).toBeGreaterThanOrEqual(calls)
      if (now.length > threads) slots++
      ;[calls, threads] = [total.entries.malloc?.calls ?? 0, now.length]
      readings++
    }
    expect((await whole).probe?.unreadable).toEqual([])
  }
  expect(readings).toBeGreaterThan(50)
  expect(slots).toBeGreaterThan(12)
})

/** Makes a file shorter by any number of bytes and longer again, and writes its first page anew, until it is ended. */
const changer = `
const { ftruncateSync, openSync, readSync, writeSync, fstatSync } = require('node:fs')
const fd = openSync(process.argv[1], 'r+')
const size = fstatSync(fd).size
const page = Buffer.alloc(4096)
readSync(fd, page, 0, 4096, 0)
const end = Date.now() + 60000
process.stdout.write('ready')
for (let round = 0; Date.now() < end; round++) {
  ftruncateSync(fd, (round * 7919) % 100000)
  ftruncateSync(fd, size + (round % 3) * 4096)
  writeSync(fd, page, 0, 4096, 0)
}
`

test('a file that shrinks and grows is read or refused', async () => {
  const session = join(folder.path, 'session-changed')
  await run({ command: [join(folder.path, 'behaviours'), 'threads', '20'], sessionDirectory: session, ...quiet })
  const file = join(folder.path, 'changed.probe')
  copyFileSync(join(session, readdirSync(session).find((name) => name.endsWith('.probe')) ?? ''), file)
  const child: ChildProcess = spawn(process.execPath, ['-e', changer, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout ?? expect.fail('no output'), 'data')
    let [good, refused] = [0, 0]
    for (const end = Date.now() + 3000; Date.now() < end; ) {
      try {
        expect(readProbe(file).threads).toHaveLength(21)
        good++
      } catch (error) {
        expect(String(error)).toMatch(/ at offset \d+$/)
        refused++
      }
    }
    expect(good).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  } finally {
    child.kill('SIGKILL')
  }
})
