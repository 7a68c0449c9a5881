/**
 * Verdicts on real programs that keep a heap out, or that start many others: a browser with a malloc of its own, a
 * database that forks for each connection, a build, a Java program, su. Each runs as it does without us.
 */

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Verdict } from '../../lib/types.ts'
import { alloc8, cliPath } from '../support/cli.ts'
import { freePort, scratch } from '../support/launching.ts'
import { asNobody, lackingNobody, lackingTool, requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

const named = ({ processes }: Verdict, pattern: RegExp) =>
  processes.filter(({ executable }) => pattern.test(executable))
const codes = (verdict: Verdict) => [...new Set(verdict.reasons.map(({ code }) => code))]

test('chromium: its own malloc is named; the shell script that starts it is active', async ({ skip }) => {
  requireOrSkip(skip, lackingTool('chromium', 'chromium'))
  const quiet = ['background-networking', 'component-update', 'sync', 'gpu'].map((part) => `--disable-${part}`)
  const words = [
    '--headless',
    '--no-sandbox',
    '--no-first-run',
    ...quiet,
    `--user-data-dir=${join(folder.path, 'profile')}`,
  ]
  const page = 'data:text/html,<p>drawn</p>'
  const { result, stdout } = await runUnder('simple', ['chromium', ...words, '--dump-dom', page], {
    timeoutMs: 300_000,
  })
  expect([result.exitCode, stdout]).toEqual([0, expect.stringContaining('<p>drawn</p>')])
  expect(result.verdict.state).toBe('inactive')
  const browsers = named(result.verdict, /chromium\/chromium$/)
  expect(browsers.length).toBeGreaterThan(1)
  for (const { state, reasons, bindings, executable } of browsers) {
    expect([state, reasons[0]?.code]).toEqual(['inactive', 'own-malloc'])
    expect(bindings.malloc).toBe(executable)
  }
  expect(result.verdict.processes.some(({ state }) => state === 'active')).toBe(true)
})

test('postgres: every process that it forks is active, as the user that it runs as', async ({ skip }) => {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  requireOrSkip(skip, versions.length === 0 ? 'postgres is not installed: apt-get install postgresql' : null)
  const lacking = lackingNobody(cliPath, process.execPath)
  if (lacking !== null) skip(lacking)
  const tools = `/usr/lib/postgresql/${versions.at(-1)}/bin`
  const data = join(folder.path, 'data')
  mkdirSync(data)
  chownSync(data, 65534, 65534)
  chmodSync(folder.path, 0o755)
  const [command, ...words] = asNobody
  execFileSync(command, [...words, `${tools}/initdb`, '-D', data, '-A', 'trust', '-U', 'tester'], { stdio: 'ignore' })
  const port = await freePort()
  const script = join(folder.path, 'serve')
  writeFileSync(
    script,
    `#!/bin/sh
set -e
"$1/pg_ctl" -D "$2" -o "-p ${port} -k '' -h 127.0.0.1" -w -l "$2/log" start >/dev/null
"$1/pgbench" -h 127.0.0.1 -p ${port} -U tester -i -q postgres >/dev/null 2>&1
"$1/pgbench" -h 127.0.0.1 -p ${port} -U tester -c 3 -t 20 postgres 2>/dev/null | grep processed
"$1/pg_ctl" -D "$2" -m fast -w stop >/dev/null
`,
  )
  chmodSync(script, 0o755)
  const run = ['run', '--heap', 'simple', '--require-active', '--no-summary', '--json', '-', '--', script, tools, data]
  const { status, stdout, stderr } = await alloc8(run, { as: asNobody, env: { TMPDIR: '/tmp', HOME: '/' } })
  expect([status, stderr]).toEqual([0, expect.stringContaining('60/60')])
  const { verdict } = JSON.parse(stdout)
  expect(verdict).toMatchObject({ state: 'active', reasons: [] })
  // The postmaster, its helpers, and one for each connection.
  expect(named(verdict, /\/postgres$/).length).toBeGreaterThan(8)
})

test('make running g++: every compiler, assembler and linker is active', async ({ skip }) => {
  requireOrSkip(skip, lackingTool('make', 'make') ?? lackingTool('g++', 'g++'))
  for (const name of ['one', 'two', 'main']) {
    writeFileSync(
      join(folder.path, `${name}.cpp`),
      `#include <string>\nint ${name}() { return std::string("x").size(); }\n`,
    )
  }
  writeFileSync(join(folder.path, 'Makefile'), 'all: one.o two.o main.o\n\tg++ -r -nostdlib -o all $^\n')
  const { result } = await runUnder('simple', ['make', '-s', '-j2', '-C', folder.path])
  expect(result).toMatchObject({ exitCode: 0, verdict: { state: 'active', reasons: [] } })
  expect(named(result.verdict, /\/cc1plus$/)).toHaveLength(3)
  expect(named(result.verdict, /-as$|\/as$/)).toHaveLength(3)
  expect(named(result.verdict, /-ld(\.bfd)?$|\/ld$/)).toHaveLength(1)
})

test('java: active, with the libraries that it opens', async ({ skip }) => {
  requireOrSkip(skip, lackingTool('java', 'default-jre-headless'))
  const { result, stderr } = await runUnder('simple', ['java', '-version'], { timeoutMs: 300_000 })
  expect([result.exitCode, stderr]).toEqual([0, expect.stringMatching(/Runtime Environment/)])
  expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
})

test('su: secure-exec for who is not root, and its shell is another user’s', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can become somebody else')
  requireOrSkip(skip, lackingTool('su', 'util-linux'))
  const bySomebody = await runUnder('simple', [...asNobody, 'su', '--version'])
  expect(bySomebody.result.exitCode).toBe(0)
  expect(bySomebody.result.verdict.state).toBe('inactive')
  expect(codes(bySomebody.result.verdict)).toEqual(['secure-exec'])
  const toNobody = await runUnder('simple', ['su', 'nobody', '-s', '/bin/sh', '-c', 'expr 1 + 1'])
  expect(toNobody).toMatchObject({ stdout: '2\n', result: { exitCode: 0, verdict: { state: 'partial' } } })
  expect(codes(toNobody.result.verdict)).toEqual(['not-witnessed'])
  expect(toNobody.result.verdict.reasons[0]?.message).toContain('another user')
  // A login shell starts from an empty environment.
  const login = await runUnder('simple', ['su', '-', 'root', '-s', '/bin/sh', '-c', 'expr 1 + 1'])
  expect(codes(login.result.verdict)).toEqual(['preload-dropped'])
})
