/** `alloc8 ci`: the gate's status under planted regressions and without any, and the reports that it leaves. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompareResult } from '../../lib/types.ts'
import { alloc8, type CliEnd } from '../support/cli.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

/** Holds so many MiB and then works so many rounds. */
const program = `
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
  size_t size = (size_t)atoi(argv[1]) << 20;
  char* volatile block = malloc(size);
  memset((void*)block, 1, size);
  volatile unsigned long sum = 0;
  for (long i = atol(argv[2]) * 1000000; i > 0; --i) sum += i;
  return 0;
}
`
beforeAll(() => compile(folder.path, { name: 'program', source: program }))

let count = 0

/** Runs `alloc8 ci` in a folder of its own, with that configuration. */
async function ci(
  config: object,
  words: string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<CliEnd & { path: string }> {
  count++
  const path = join(folder.path, String(count))
  mkdirSync(path)
  const base = { heaps: ['default'], blocks: 6, warmupBlocks: 0, metrics: ['peak-rss'] }
  writeFileSync(join(path, 'alloc8.config.json'), JSON.stringify({ ...base, ...config }))
  const end = await alloc8(['ci', ...words], { cwd: path, env: { GITHUB_STEP_SUMMARY: undefined, ...env } })
  return { ...end, path }
}

const runs = (before: [number, number], now: [number, number]) => ({
  name: 'program',
  against: ['../program', ...before.map(String)],
  command: ['../program', ...now.map(String)],
})

describe('the status', () => {
  test('0 where nothing is worse: the same program twice', async () => {
    const { status, stdout } = await ci({ threshold: 0.05, workloads: [runs([20, 1], [20, 1])] })
    expect(stdout).toMatch(/gate: passed, 1 cell: 1 passed, 0 failed, 0 inconclusive\n$/)
    expect(status).toBe(0)
  })

  test('0 where it is better', async () => {
    expect((await ci({ workloads: [runs([40, 1], [20, 1])] })).status).toBe(0)
  })

  test('1 where a build holds more memory, named, with its interval', async () => {
    const good = { ...runs([20, 1], [20, 1]), name: 'good', threshold: 0.05 }
    const { status, stdout } = await ci({ workloads: [good, runs([20, 1], [24, 1])] })
    expect(stdout).toMatch(/gate: failed, 2 cells: 1 passed, 1 failed/)
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /failed: program, .*, peak-rss: 1\.\d+ \[1\.\d+, 1\.\d+\] is worse by more than 1 %/,
    )
    expect(status).toBe(1)
  })

  test('1 where a build takes three times the CPU time', async () => {
    const config = { metrics: ['cpu'], threshold: 0.1, workloads: [runs([1, 40], [1, 120])] }
    const { status, stdout } = await ci(config)
    expect([status, stdout]).toEqual([1, expect.stringContaining('gate: failed')])
  })

  test('1 where every run fails that did not before', async () => {
    const crash = { name: 'crash', against: ['sh', '-c', 'true'], command: ['sh', '-c', 'exit 9'] }
    const { status, stdout } = await ci({ workloads: [crash] })
    expect(stdout).toContain('failed in every run: exit status 9')
    expect(status).toBe(1)
  })

  test('1 where most runs fail that did not before, and 4 where some do', async () => {
    const crash = (name: string, every: string) => ({
      name,
      setup: `rm -f ${name}`,
      against: ['sh', '-c', 'true'],
      // By its own count of runs, the warm-up left out.
      command: ['sh', '-c', `echo >> ${name}; case $(($(wc -l < ${name}) % 3)) in ${every}) kill -SEGV $$;; esac`],
    })
    const config = { blocks: 12, threshold: 0.5 }
    const most = await ci({ ...config, workloads: [crash('most', '1|2')] })
    expect(most.stdout.replace(/\s+/g, ' ')).toMatch(
      /failed: .*failed in 8 of 12 runs, and the baseline in 0: .*SIGSEGV/,
    )
    expect(most.status).toBe(1)
    const some = await ci({ ...config, workloads: [crash('some', '1')] })
    expect(some.stdout.replace(/\s+/g, ' ')).toMatch(/inconclusive: .*failed in 4 of 12 runs/)
    expect(some.status).toBe(4)
  })

  test('4 where it cannot be told: too few blocks for any interval', async () => {
    const { status, stdout } = await ci({ blocks: 3, workloads: [runs([20, 1], [24, 1])] })
    expect(stdout).toMatch(/gate: inconclusive/)
    expect(status).toBe(4)
  })

  test('the gate looks at the metrics that are named', async () => {
    const config = { metrics: ['wall', 'peak-rss'], gate: ['peak-rss'], threshold: 0.05 }
    const { status, stdout } = await ci({ ...config, workloads: [runs([20, 1], [20, 60])] })
    expect(stdout).toContain('1 cell: 1 passed')
    expect(status).toBe(0)
  })

  test('125 where a workload cannot be made ready; the others are run', async () => {
    const bad = { ...runs([1, 1], [1, 1]), name: 'bad', setup: 'exit 6' }
    const { status, stdout } = await ci({ blocks: 1, workloads: [bad, runs([1, 1], [1, 1])] })
    expect(stdout).toMatch(/bad: setup: .*exit status 6/)
    expect(status).toBe(125)
  })

  test('3 where a heap was not in effect', async () => {
    const fixed = await compile(folder.path, { name: 'fixed', source: program, flags: ['-static'] })
    const workloads = [{ name: 'static', command: [fixed, '1', '1'] }]
    expect((await ci({ heaps: ['system', 'simple'], blocks: 1, workloads })).status).toBe(3)
  })

  test.each([
    ['no configuration', [], /there is no alloc8\.config\.ts/],
    ['a mistake in it', [], /workloads\[0\]\.name: expected a name/],
    ['a gate of what is not measured', [], /gate: no metric is called "cpux"/],
  ])('2 for %s', async (name, words, message) => {
    const cwd = join(folder.path, name.replaceAll(' ', '-'))
    mkdirSync(cwd)
    const workloads = name.startsWith('a mistake') ? [{ command: 'x' }] : [{ name: 'a', command: 'true' }]
    if (!name.startsWith('no'))
      writeFileSync(join(cwd, 'alloc8.config.json'), JSON.stringify({ workloads, gate: ['cpux'] }))
    const { status, stderr } = await alloc8(['ci', ...words], { cwd })
    expect(stderr).toMatch(message)
    expect(status).toBe(2)
  })
})

test('two builds of a library: the configuration’s paths are its own, and are short in the report', async () => {
  const keep = (kept: number) => `
#include <stddef.h>
void* __libc_malloc(size_t); void* __libc_calloc(size_t, size_t); void* __libc_realloc(void*, size_t); void __libc_free(void*);
static volatile char kept[${kept} << 20];
void* malloc(size_t size) { if (!kept[0]) for (size_t i = 0; i < sizeof kept; i += 4096) kept[i] = 1; return __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return __libc_calloc(count, size); }
void* realloc(void* block, size_t size) { return __libc_realloc(block, size); }
void free(void* block) { __libc_free(block); }
`
  const flags = ['-shared', '-fPIC']
  for (const [name, kept] of [
    ['old', 1],
    ['new', 16],
  ] as const) {
    mkdirSync(join(folder.path, name))
    await compile(join(folder.path, name), { name: 'libmine.so', source: keep(kept), flags })
  }
  const heaps = ['../old/libmine.so', '../new/libmine.so']
  const { status, stdout } = await ci({ heaps, workloads: [{ name: 'program', command: ['../program', '8', '1'] }] })
  expect(stdout).toMatch(/failed: program, \.\.\/new\/libmine\.so, peak-rss/)
  expect(status).toBe(1)
})

test('the summary of the step is added to, and the other reports are written', async () => {
  const summary = join(folder.path, 'summary.md')
  writeFileSync(summary, 'before\n')
  const words = ['--junit', 'junit.xml', '--html', 'report.html', '--json', 'result.json', '--markdown', 'report.md']
  const { status, path } = await ci({ workloads: [runs([20, 1], [24, 1])] }, words, { GITHUB_STEP_SUMMARY: summary })
  expect(status).toBe(1)
  const text = readFileSync(summary, 'utf8')
  expect(text).toMatch(/^before\n## alloc8/)
  expect(text).toContain('gate: failed')
  expect(readFileSync(join(path, 'junit.xml'), 'utf8')).toMatch(/<failure/)
  expect(readFileSync(join(path, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/)
  expect(readFileSync(join(path, 'report.md'), 'utf8')).toContain('program')
  const result = JSON.parse(readFileSync(join(path, 'result.json'), 'utf8')) as CompareResult
  expect(result.workloads[0]).toMatchObject({ name: 'program', blocks: 6 })
})

describe('a summary that cannot be written', () => {
  test('is an error that names it, before anything runs', async () => {
    const env = { GITHUB_STEP_SUMMARY: join(folder.path, 'none', 'summary.md') }
    const { status, stderr, path } = await ci({ workloads: [{ name: 'a', command: 'touch ran' }] }, [], env)
    expect(stderr).toMatch(/GITHUB_STEP_SUMMARY: .*cannot be written \(ENOENT\)/)
    expect(status).toBe(2)
    expect(existsSync(join(path, 'ran'))).toBe(false)
  })

  test('when all is done: a warning, and the status is the gate’s', async () => {
    const full = { GITHUB_STEP_SUMMARY: '/dev/full' }
    const { status, stdout, stderr } = await ci({ workloads: [runs([20, 1], [24, 1])] }, [], full)
    expect(stderr).toMatch(/warning: GITHUB_STEP_SUMMARY: \/dev\/full: could not be written \(ENOSPC\)/)
    expect(stdout).toContain('gate: failed')
    expect(status).toBe(1)
  })
})

test('2 where the saved result is of another command: half of the gate is not there', async () => {
  const saved = await ci({ threshold: 0.5, workloads: [runs([8, 1], [8, 1])] }, ['--save', 'base.json'])
  expect(saved.status).toBe(0)
  const against = ['--against', join(saved.path, 'base.json')]
  const { status, stdout } = await ci({ threshold: 0.5, workloads: [runs([8, 1], [9, 1])] }, against)
  expect(stdout.replace(/\s+/g, ' ')).toMatch(/command of program: /)
  expect(status).toBe(2)
})

test('two reports for one file are refused before anything runs', async () => {
  const words = ['--html', 'report', '--junit', './report']
  const { status, stderr, path } = await ci({ workloads: [{ name: 'a', command: 'touch ran' }] }, words)
  expect(stderr).toMatch(/\.\/report: expected a file for each report, got two reports for it/)
  expect(status).toBe(2)
  expect([existsSync(join(path, 'ran')), existsSync(join(path, 'report'))]).toEqual([false, false])
})
