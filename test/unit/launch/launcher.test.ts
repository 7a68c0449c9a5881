/** alloc8-launch itself: its command line, and readers that go away or descriptors that fail. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { nativeFile } from '../../../lib/binding/native.ts'
import { parseReport } from '../../../lib/launch/report.ts'
import { killLeftover, pythonPath, scratch } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)
const launcher = nativeFile('alloc8-launch')

/** Runs the launcher with a file as descriptor 3. */
function runLauncher(...args: string[]) {
  const path = join(folder.path, 'report')
  const fd = openSync(path, 'w')
  const { status, stderr } = spawnSync(launcher, args, { stdio: ['ignore', 'ignore', 'pipe', fd], encoding: 'utf8' })
  closeSync(fd)
  return { status, stderr, report: readFileSync(path, 'utf8') }
}

const target = ['--', '/bin/true', 'true']

test('a run by hand: status 0, silence, one line of report', () => {
  const { status, stderr, report } = runLauncher('--report-fd', '3', ...target)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(report.endsWith('}\n')).toBe(true)
  expect(parseReport(report, '/bin/true')).toMatchObject({ exitCode: 0, tree: { reaped: 1 } })
})

test('a target that does not exist: status 125, and the reason in the report', () => {
  const { status, stderr, report } = runLauncher('--report-fd', '3', '--', '/no/such', 'x')
  expect({ status, stderr }).toEqual({ status: 125, stderr: '' })
  expect(JSON.parse(report)).toMatchObject({ version: 1, pid: 0, spawnErrno: 2, spawnStep: 'exec' })
})

describe('a wrong command line', () => {
  const descriptor = '--report-fd: expected an open descriptor, 3 or above, got'
  const cases: [string[], string][] = [
    [[], `${descriptor} nothing`],
    [['--report-fd'], `${descriptor} nothing`],
    [['--report-fd', '2', ...target], `${descriptor} 2`],
    [['--report-fd', '99999999999999999999', ...target], `${descriptor} 99999999999999999999`],
    [['--report-fd', '77', ...target], '--report-fd: expected an open descriptor, got a closed one'],
    [
      ['--report-fd', '3', '--lifeline-fd', '77', ...target],
      '--lifeline-fd: expected an open descriptor, got a closed one',
    ],
    [['--report-fd', '3', '--timeout-ms', '1s', ...target], '--timeout-ms: expected milliseconds, got 1s'],
    [['--report-fd', '3', '--grace-ms', '-1', ...target], '--grace-ms: expected milliseconds, got -1'],
    [['--report-fd', '3', '--cpus', '0,', ...target], '--cpus: expected CPU numbers below 1024, such as 0,1, got 0,'],
    [
      ['--report-fd', '3', '--cpus', '1024', ...target],
      '--cpus: expected CPU numbers below 1024, such as 0,1, got 1024',
    ],
    [['--report-fd', '3', '--quick', ...target], 'options: expected an option of alloc8-launch, got --quick'],
    [['--report-fd', '3'], '--: expected the path of an executable and its argv[0], got nothing'],
    [['--report-fd', '3', '--', '/bin/true'], '--: expected the path of an executable and its argv[0], got /bin/true'],
    [['--report-fd', '3', '--', 'true', 'true'], '--: expected an absolute path of an executable, got true'],
  ]
  test.each(cases)('%j', (args, message) => {
    expect(runLauncher(...args)).toEqual({ status: 125, stderr: `alloc8-launch: ${message}\n`, report: '' })
  })

  test('of any length is answered within bounds', () => {
    const { status, stderr } = runLauncher('--report-fd', 'x'.repeat(100_000), ...target)
    expect(status).toBe(125)
    expect(stderr.length).toBeLessThanOrEqual(1024)
  })
})

test('a report that cannot be written is told on stderr', () => {
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(launcher, ['--report-fd', '3', ...target], {
    stdio: ['ignore', 'ignore', 'pipe', full],
    encoding: 'utf8',
  })
  closeSync(full)
  expect({ status, stderr }).toEqual({
    status: 125,
    stderr: 'alloc8-launch: the report was not written: No space left on device\n',
  })
})

test('a reader that goes away stops neither launcher nor target', async () => {
  const marker = join(folder.path, 'marker')
  const args = ['--report-fd', '3', '--', '/bin/sh', 'sh', '-c', `sleep 0.2; echo done > ${marker}`]
  const child = spawn(launcher, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  child.stdio[3]?.destroy()
  const stderr = child.stderr?.setEncoding('utf8').toArray()
  const [status, signal] = await once(child, 'exit')
  expect({ status, signal, stderr: (await stderr)?.join('') }).toEqual({
    status: 125,
    signal: null,
    stderr: '',
  })
  expect(existsSync(marker)).toBe(true)
})

test('a lifeline that is already cut ends the target at once', () => {
  const path = join(folder.path, 'report')
  const fd = openSync(path, 'w')
  const empty = openSync('/dev/null', 'r')
  const args = ['--report-fd', '3', '--lifeline-fd', '4', '--', '/bin/sleep', 'sleep', '30']
  spawnSync(launcher, args, { stdio: ['ignore', 'ignore', 'inherit', fd, empty] })
  closeSync(fd)
  closeSync(empty)
  const result = parseReport(readFileSync(path, 'utf8'), 'sleep')
  expect(result).toMatchObject({ signal: 'SIGTERM', lifelineLost: true, timedOut: false, killed: 1 })
  expect(result.wallNs).toBeLessThan(20e9)
})

test('the report is UTF-8 whatever a command line holds', () => {
  const wrong = ['ff', 'c080', 'e08080', 'eda080', 'f0808080', 'f4908080', 'e282', '80', 'f09f98']
  const right = ['c3a9', 'e282ac', 'f09f9880', 'efbfbd']
  const program = `
import os, sys, time
if os.fork() == 0:
    words = [bytes.fromhex(word) + b"." for word in sys.argv[1:]]
    os.execv(sys.executable, [b"p", b"-c", b"import time; time.sleep(30)", *words])
time.sleep(0.1)
`
  const path = join(folder.path, 'report')
  const fd = openSync(path, 'w')
  const args = ['--report-fd', '3', '--', pythonPath(), pythonPath(), '-c', program, ...wrong, ...right]
  spawnSync(launcher, args, { stdio: ['ignore', 'ignore', 'inherit', fd] })
  closeSync(fd)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  const [leftover] = parseReport(text, 'python3').leftovers
  killLeftover(leftover?.pid)
  const replaced = wrong.map((word) => `${'\ufffd'.repeat(word.length / 2)}.`)
  const kept = right.map((word) => `${Buffer.from(word, 'hex')}.`)
  expect(leftover?.command).toBe(['p -c import time; time.sleep(30)', ...replaced, ...kept].join(' '))
})

test('waits without using the CPU, after a cut lifeline too', async () => {
  const script = `trap '' TERM; sleep 0.4; sleep 1.2`
  const args = ['--report-fd', '3', '--lifeline-fd', '4', '--', '/bin/sh', 'sh', '-c', script]
  const child = spawn(launcher, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] })
  ;(child.stdio[3] as Readable).resume()
  const ticks = () => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const begun = ticks()
  expect(begun).toBeLessThan(10)
  child.stdio[4]?.destroy()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  // In ticks of 10 ms. A loop without a pause would use a hundred, on a busy machine a dozen.
  expect(ticks() - begun).toBeLessThan(5)
  await once(child, 'exit')
})

test('closed standard descriptors are closed for the target too', () => {
  const script = `exec ${launcher} --report-fd 3 -- /bin/sh sh -c 'test ! -e /dev/fd/0 && test ! -e /dev/fd/1' 3>&2 2>/dev/null <&- >&-`
  const { stderr } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
  expect(parseReport(stderr, 'sh')).toMatchObject({ exitCode: 0 })
})

test('needs no C++ runtime and no loader', () => {
  const { stdout } = spawnSync('readelf', ['-ld', launcher], { encoding: 'utf8' })
  expect(stdout).toContain('LOAD')
  expect(stdout).not.toContain('INTERP')
  expect(stdout).not.toContain('NEEDED')
})
