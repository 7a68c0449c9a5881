/** The lines under a target's own output: short when all is well, and plain about what is not. */

import { describe, expect, test } from 'vitest'
import { plainPalette, runText } from '../../../lib/report/index.ts'
import type { ProcessVerdict, Reason, RunResult } from '../../../lib/types.ts'
import { ascii50, colour80, plain80, run } from './fixtures.ts'

const reason: Reason = {
  code: 'static-executable',
  message: 'a static executable',
  advice: 'nothing can be preloaded into it',
}

function processOf(state: ProcessVerdict['state'], executable: string): ProcessVerdict {
  return { pid: 1, ppid: 1, executable, state, reasons: state === 'active' ? [] : [reason], bindings: {} }
}

const troubled: RunResult = {
  ...run,
  exitCode: null,
  signal: 'SIGSEGV',
  verdict: {
    state: 'inactive',
    reasons: [reason],
    processes: [processOf('active', '/bin/bash'), processOf('inactive', '/usr/local/bin/busybox')],
  },
  tree: { processes: 3, userNs: 3e9, sysNs: 1e9, peakRssBytes: 5e8 },
  session: '/tmp/alloc8-session',
  leftovers: [1, 2, 3, 4].map((n) => ({ pid: 4710 + n, command: `sleep 10${n}` })),
  warnings: [{ code: 'unaccounted', message: 'a child was not waited for; its CPU time is missing, so wait for it' }],
}

describe('runText', () => {
  test('a good run takes five lines', () => {
    expect(runText(run, plain80)).toMatchInlineSnapshot(`
      "alloc8: exit status 0 after 1.23 s under jemalloc:narenas=2
        heap           active in 1 process
        CPU time       1.10 s user, 120 ms system
        peak memory    117 MiB
        page faults    12,345 minor, 3 major
      "
    `)
  })

  test('a bad run says all that is wrong', () => {
    expect(runText(troubled, plain80)).toMatchInlineSnapshot(`
      "alloc8: killed by SIGSEGV after 1.23 s under jemalloc:narenas=2
        heap           inactive in 1, active in 1 of 2 processes
        because        a static executable (/usr/local/bin/busybox); nothing can be
                       preloaded into it
        CPU time       1.10 s user, 120 ms system
        peak memory    117 MiB
        page faults    12,345 minor, 3 major
        with orphans   CPU time 4.00 s, peak 477 MiB
        still running  4711 sleep 101; 4712 sleep 102; 4713 sleep 103; and 1 other
        session        /tmp/alloc8-session
        warning        a child was not waited for; its CPU time is missing, so wait
                       for it
      "
    `)
  })

  test('a whole that is worse than each of its processes', () => {
    const lost: Reason = { code: 'journal-full', message: '3 things are not recorded', advice: 'do less' }
    const verdict = { state: 'partial' as const, reasons: [lost], processes: [processOf('active', '/bin/sh')] }
    expect(runText({ ...run, verdict }, plain80)).toContain('partial: active in all that is known (1 process)\n')
    const two = { ...verdict, processes: [...verdict.processes, processOf('partial', '/bin/x')] }
    expect(runText({ ...run, verdict: two }, plain80)).toContain('partial in 1, active in 1 of 2 processes\n')
  })

  test('fits 50 columns in ASCII', () => {
    expect(runText(troubled, ascii50)).toMatchInlineSnapshot(`
      "alloc8: killed by SIGSEGV after 1.23 s under
      jemalloc:narenas=2
        heap           inactive in 1, active in 1 of 2
                       processes
        because        a static executable
                       (/usr/local/bin/busybox); nothing
                       can be preloaded into it
        CPU time       1.10 s user, 120 ms system
        peak memory    117 MiB
        page faults    12,345 minor, 3 major
        with orphans   CPU time 4.00 s, peak 477 MiB
        still running  4711 sleep 101; 4712 sleep 102;
                       4713 sleep 103; and 1 other
        session        /tmp/alloc8-session
        warning        a child was not waited for; its
                       CPU time is missing, so wait for
                       it
      "
    `)
    for (const line of runText(troubled, ascii50).split('\n')) expect(line.length).toBeLessThanOrEqual(50)
  })

  test('in colour', () => {
    expect(runText(run, colour80)).toMatchInlineSnapshot(`
      "<b>alloc8: exit status 0 after 1.23 s under jemalloc:narenas=2</b>
        <dim>heap</dim>           <green>active</green> in 1 process
        <dim>CPU time</dim>       1.10 s user, 120 ms system
        <dim>peak memory</dim>    117 MiB
        <dim>page faults</dim>    12,345 minor, 3 major
      "
    `)
    expect(runText(troubled, colour80)).toContain('<b>alloc8: <red>killed by SIGSEGV</red> after')
    const bare = runText(troubled, colour80).replace(/<\/?(b|dim|red|green|yellow|cyan)>/g, '')
    expect(bare).toBe(runText(troubled, plain80))
  })

  test('a status other than 0 and a timeout are told', () => {
    expect(runText({ ...run, exitCode: 3 }, plain80)).toContain('alloc8: exit status 3 after 1.23 s under jemalloc')
    expect(runText({ ...run, exitCode: null, signal: 'SIGKILL', timedOut: true }, plain80)).toContain(
      'alloc8: timed out',
    )
  })

  test('many reasons are counted, not listed', () => {
    const reasons = ['one', 'two', 'three', 'four', 'five'].map((message): Reason => ({ ...reason, message }))
    const text = runText({ ...run, verdict: { state: 'partial', reasons, processes: [] } }, plain80)
    expect(text).toContain('and 2 more reasons: see --json')
    expect(text).not.toContain('four')
  })

  test('what a path holds cannot steer the terminal', () => {
    const heap = 'evil\u001b[2J\n\u202e'
    const style = { ...plain80, palette: plainPalette }
    expect(runText({ ...run, heap }, style)).toMatch(/under evil ?\n/)
  })
})
