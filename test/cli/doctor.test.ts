/** `alloc8 doctor`: this machine, a running process, and all that can be wrong with a number. */

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { DoctorResult, ProcessAllocator } from '../../lib/types.ts'
import { alloc8, cliPath } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { asNobody, lackingNobody } from '../support/needs.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' })
afterAll(() => {
  sleeper.kill('SIGKILL')
  folder.remove()
})

describe('this machine', () => {
  test('works, as the JSON and the text say', async () => {
    const json = await alloc8(['doctor', '--json', '-'])
    expect([json.status, json.stderr]).toEqual([0, ''])
    const result: DoctorResult = JSON.parse(json.stdout)
    expect(schemaProblems('doctor', result)).toEqual([])
    expect(result.heaps).toContainEqual(expect.objectContaining({ name: 'multiarena', state: 'active', reasons: [] }))
    const { status, stdout, stderr } = await alloc8(['doctor'])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^alloc8 works here/)
    for (const { id } of result.checks) expect(stdout).toMatch(new RegExp(`^  ${id} `, 'm'))
    for (const { name } of result.heaps) expect(stdout).toMatch(new RegExp(`^  ${name} +loads`, 'm'))
  })

  test('what targets would inherit is told', async () => {
    const { status, stdout } = await alloc8(['doctor'], { env: { MALLOC_CONF: 'narenas:1' } })
    expect(status).toBe(0)
    expect(stdout).toMatch(/environment +limited: MALLOC_CONF=narenas:1/)
  })

  test('without its native part it does not work: status 1, and how to mend that', async () => {
    const { status, stdout, stderr } = await alloc8(['doctor'], { env: { ALLOC8_NATIVE_DIR: folder.path } })
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^alloc8 does not work fully here: native/)
    expect(stdout).toMatch(/to do: .*build/)
  })
})

describe('a process', () => {
  test('as JSON and as text', async () => {
    const file = join(folder.path, 'report.json')
    const { status, stdout, stderr } = await alloc8(['doctor', '--pid', String(sleeper.pid), '--json', file])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^sleep \(process \d+\): glibc 2\./)
    const result: ProcessAllocator = JSON.parse(readFileSync(file, 'utf8'))
    expect(schemaProblems('doctor-pid', result)).toEqual([])
    expect(result).toMatchObject({ pid: sleeper.pid, allocator: 'glibc', certainty: 'certain' })
    rmSync(file)
  })

  test('one that is not there: status 1, and no report', async () => {
    const file = join(folder.path, 'none.json')
    // Above the kernel's own limit (PID_MAX_LIMIT).
    const { status, stdout, stderr } = await alloc8(['doctor', '--pid', '4194305', '--json', file])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('there is no process 4194305')
    expect(existsSync(file)).toBe(false)
  })

  test.each(['0', '-1', '1.5', 'x', ''])('--pid %j is wrong use', async (pid) => {
    const { status, stdout, stderr } = await alloc8(['doctor', '--pid', pid])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Expected a whole number from 1')
    expect(stderr).toContain('alloc8 doctor --help')
  })

  test("somebody else's may not be looked at: status 1, and how to", async ({ skip }) => {
    const lacking = lackingNobody(cliPath)
    if (lacking !== null) skip(lacking)
    const { status, stderr } = await alloc8(['doctor', '--pid', String(sleeper.pid)], { as: asNobody })
    expect(status).toBe(1)
    expect(stderr).toContain(`process ${sleeper.pid} belongs to somebody else`)
    expect(stderr).toContain('sudo alloc8 doctor --pid')
  })
})
