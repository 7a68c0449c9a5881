/** The launcher's lines: whole ones are read, and nothing else is taken for one. */

import { describe, expect, test } from 'vitest'
import { parseCapture, parseReport } from '../../../lib/launch/report.ts'
import { runWarnings } from '../../../lib/launch/run.ts'

const usage = {
  userNs: 1000,
  sysNs: 2000,
  peakRssBytes: 1048576,
  minorFaults: 51,
  majorFaults: 0,
  voluntarySwitches: 1,
  involuntarySwitches: 2,
}

const result = {
  pid: 77,
  exitCode: 0,
  signal: null,
  coreDumped: false,
  timedOut: false,
  lifelineLost: false,
  wallNs: 900000,
  suspendedNs: 5_000_000,
  ...usage,
  instructions: 123_456,
  tree: { reaped: 2, ...usage },
  leftovers: [{ pid: 78, command: 'sleep 9' }],
  leftoversOmitted: 0,
  killed: 0,
}

const report = { version: 1, ...result, spawnErrno: null, spawnStep: null }

const parse = (value: object) => parseReport(JSON.stringify(value), '/bin/x')

test('a whole report becomes a result', () => {
  expect(parse(report)).toEqual(result)
})

describe('what is not a report is a LAUNCH error', () => {
  test.each(['', '{', 'null', '[]', '7', '"text"', '{}', '{"version":2}', '\u0000'])('%j', (line) => {
    expect(() => parseReport(line, '/bin/x')).toThrow(expect.objectContaining({ code: 'LAUNCH' }))
  })

  test.each(Object.keys(report))('without %s', (name) => {
    const { [name]: _, ...rest } = report as Record<string, unknown>
    // A step is only read when something failed.
    if (name === 'spawnStep') expect(parse(rest)).toEqual(result)
    else expect(() => parse(rest)).toThrow(expect.objectContaining({ code: 'LAUNCH' }))
  })

  test.each([-1, 0.5, 2 ** 53, '7', null, true, {}])('with %j as a number', (value) => {
    for (const name of ['pid', 'wallNs', 'peakRssBytes', 'killed']) {
      expect(() => parse({ ...report, [name]: value })).toThrow(expect.objectContaining({ code: 'LAUNCH' }))
    }
  })

  test.each([null, {}, [null], [{}], [{ pid: 1 }], [{ pid: 1, command: 2 }]])('with %j as leftovers', (leftovers) => {
    expect(() => parse({ ...report, leftovers })).toThrow(expect.objectContaining({ code: 'LAUNCH' }))
  })

  test.each([null, [], 1, { reaped: 1 }])('with %j as the tree', (tree) => {
    expect(() => parse({ ...report, tree })).toThrow(expect.objectContaining({ code: 'LAUNCH' }))
  })
})

test('a target that could not be ended is an error that names it', () => {
  expect(() => parse({ ...report, exitCode: null })).toThrow(/^\/bin\/x \(process 77\) did not end after SIGKILL$/)
})

describe('a target that was not started is an error', () => {
  const cases: [number, string, string, RegExp][] = [
    [2, 'exec', 'TARGET_NOT_FOUND', /^\/bin\/x does not exist$/],
    [13, 'exec', 'TARGET_NOT_EXECUTABLE', /permission denied \(EACCES\)/],
    [8, 'exec', 'TARGET_NOT_EXECUTABLE', /not a program for this machine \(ENOEXEC\)/],
    [26, 'exec', 'TARGET_NOT_EXECUTABLE', /ETXTBSY/],
    [12, 'exec', 'LAUNCH', /ENOMEM/],
    [7, 'exec', 'LAUNCH', /E2BIG/],
    [999, 'exec', 'LAUNCH', /errno 999/],
    [11, 'fork', 'LAUNCH', /was not started \(fork\): resource temporarily unavailable \(EAGAIN\)/],
    [24, 'capture', 'LAUNCH', /EMFILE/],
    [22, 'affinity', 'USAGE', /^cpus: /],
    [1, 'aslr', 'LAUNCH', /randomisation cannot be turned off/],
  ]
  test.each(cases)('errno %i in %s: %s', (spawnErrno, spawnStep, code, message) => {
    const act = () => parse({ ...report, pid: 0, exitCode: null, spawnErrno, spawnStep })
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
  })
})

test('the announcement of pipes is read, and checked', () => {
  expect(parseCapture('{"version":1,"procPid":9,"stdoutFd":5,"stderrFd":null}')).toEqual({
    procPid: 9,
    stdoutFd: 5,
    stderrFd: null,
  })
  for (const line of ['', '{"version":1}', '{"version":1,"procPid":-1,"stdoutFd":5,"stderrFd":6}']) {
    expect(() => parseCapture(line)).toThrow(expect.objectContaining({ code: 'LAUNCH' }))
  }
})

test('a machine that slept for more than 1 ms is a warning with what to do', () => {
  const codes = (suspendedNs: number) => runWarnings({ leftovers: [], leftoversOmitted: 0, suspendedNs })
  expect(codes(1_000_000)).toEqual([])
  expect(codes(2_500_000_000)).toEqual([
    { code: 'suspended', message: expect.stringMatching(/slept for 2\.500 s .*systemd-inhibit/) },
  ])
})
