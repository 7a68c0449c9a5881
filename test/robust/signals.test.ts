/**
 * A controller that is ended by a signal at any instant: a comparison leaves no process, and no session folder beyond
 * the next run. A target of `run` is the user's own, and lives on as it does under a shell that is killed. A thousand
 * instants more are in test/long/signals.test.ts.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { buildCli, cliPath, gone, processesWith, uniqueMarker } from '../support/cli.ts'
import { scratch, until } from '../support/launching.ts'
import { suddenEnds } from '../support/sudden-end.ts'

const folder = scratch()
afterAll(folder.remove)

test('a comparison ended 30 times at random instants leaves nothing', async () => {
  const seed = Date.now() % 2 ** 31
  const { begun, left } = await suddenEnds(30, seed, folder.path)
  expect(left, `seed ${seed}`).toEqual([])
  // Else all of the instants were before the first run, and nothing was tried.
  expect(begun.SIGINT + begun.SIGTERM + begun.SIGKILL, `seed ${seed}`).toBeGreaterThan(0)
})

test('a target of `run` lives on when the controller is killed, 20 times; its session goes with the next run', async () => {
  buildCli()
  const temporary = mkdtempSync(join(folder.path, 'killed-'))
  const env = { ...process.env, TMPDIR: temporary }
  const kill = async (index: number) => {
    const marker = uniqueMarker()
    const file = (name: string) => join(folder.path, `${name}-${index}`)
    // It waits for leave to end, so that it is sure to have outlived the controller.
    const script = `echo > ${file('ready')}; until [ -e ${file('leave')} ]; do sleep 0.02; done; echo whole > ${file('end')}`
    const args = ['run', '--no-summary', '--heap', 'simple', '--', 'bash', '-c', script, marker]
    const child = spawn(process.execPath, [cliPath, ...args], { env, stdio: 'ignore', detached: true })
    const end = once(child, 'exit')
    await until(() => existsSync(file('ready')), 'the target begins')
    child.kill('SIGKILL')
    await end
    expect(processesWith(marker)).not.toEqual([])
    writeFileSync(file('leave'), '')
    await gone(marker)
    expect(readFileSync(file('end'), 'utf8')).toBe('whole\n')
  }
  for (let index = 0; index < 20; index += 2) await Promise.all([kill(index), kill(index + 1)])
  expect(readdirSync(temporary)).not.toEqual([])
  execFileSync(process.execPath, [cliPath, 'run', '--no-summary', '--', 'true'], { env })
  expect(readdirSync(temporary)).toEqual([])
})
