/** `alloc8 compare`: the table, the JSON, failures as results, metrics of the target's own. */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompareResult } from '../../lib/types.ts'
import { alloc8 } from '../support/cli.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)
const at = (name: string) => join(folder.path, name)

/** A heap that keeps 32 MiB for nothing, and one that crashes in programs that ask for 4242 bytes. */
const borrowed = `
#include <stddef.h>
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void __libc_free(void*);
static void extra(size_t);
void* malloc(size_t size) { extra(size); return __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return __libc_calloc(count, size); }
void* realloc(void* block, size_t size) { return __libc_realloc(block, size); }
void free(void* block) { __libc_free(block); }
`
const hoarding = `${borrowed}
static volatile char kept[32 << 20];
static void extra(size_t size) { if (!kept[0]) for (size_t i = 0; i < sizeof kept; i += 4096) kept[i] = 1; }
`
const crashing = `${borrowed}
static void extra(size_t size) { if (size == 4242) __builtin_trap(); }
`
const churn = `
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char** argv) {
  long rounds = argc > 1 ? atol(argv[1]) : 1;
  void* volatile block;
  for (long i = 0; i < rounds; ++i) {
    block = malloc(24 + i % 100);
    free(block);
  }
  block = malloc(4242);
  printf("rounds per second: %ld.5\\n", rounds);
  fprintf(stderr, "to stderr\\n");
  return argc > 2 ? atoi(argv[2]) : 0;
}
`

beforeAll(async () => {
  const flags = ['-shared', '-fPIC']
  await compile(folder.path, { name: 'libhoarding.so', source: hoarding, flags })
  await compile(folder.path, { name: 'libcrashing.so', source: crashing, flags })
  await compile(folder.path, { name: 'churn', source: churn })
})

const quick = ['--blocks', '2', '--warmup-blocks', '0']

/** Compares with the JSON on stdout, which must be as the schema says. */
async function compare(...words: string[]): Promise<{ status: number | null; stderr: string; result: CompareResult }> {
  const { status, stdout, stderr } = await alloc8(['compare', '--json', '-', ...words], { cwd: folder.path })
  const result = JSON.parse(stdout)
  expect(schemaProblems('compare', result)).toEqual([])
  return { status, stderr, result }
}

const cellsOf = (result: CompareResult, heap: string) => result.cells.filter((cell) => cell.heap === heap)

describe('a comparison', () => {
  test('has a cell for every heap and metric, a control, and the heaps with their states', async () => {
    const { status, stderr, result } = await compare(
      '--heaps',
      'system,simple',
      ...quick,
      '--seed',
      '7',
      '--',
      './churn',
      '1000',
    )
    expect(status).toBe(0)
    expect(result).toMatchObject({
      command: ['./churn', '1000'],
      baseline: 'system',
      blocks: 2,
      requestedBlocks: 2,
      warmupBlocks: 0,
      seed: 7,
      partial: false,
    })
    expect(result.heaps.map(({ name, state }) => [name, state])).toEqual([
      ['system', 'active'],
      ['simple', 'active'],
    ])
    for (const cell of result.cells) {
      expect(cell.runs).toHaveLength(2)
      expect(cell.runs.every((run) => typeof run === 'number' && run >= 0)).toBe(true)
    }
    expect(result.control.map(({ metric }) => metric)).toEqual([...new Set(result.cells.map(({ metric }) => metric))])
    // With the data on stdout, the table is for people and goes to stderr.
    expect(stderr).toContain('wall time')
    expect(stderr).not.toContain('to stderr')
  })

  test('prints a table that fits 80 columns on stdout, and nothing on stderr', async () => {
    const { status, stdout, stderr } = await alloc8([
      'compare',
      '--heaps',
      'system,simple',
      ...quick,
      '--',
      at('churn'),
    ])
    expect([status, stderr]).toEqual([0, ''])
    for (const word of ['wall time', 'CPU time', 'peak memory', 'system', 'simple']) expect(stdout).toContain(word)
    const tooLong = stdout.split('\n').filter((line) => line.length > 80 && !line.includes(' /'))
    expect(tooLong).toEqual([])
  })

  test('without heaps named compares system, those of ours that suit any program, and all that are found', async () => {
    const listed = JSON.parse((await alloc8(['heaps', '--json', '-'])).stdout).heaps
    const expected = listed
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => !['default', 'arena'].includes(name))
    const { result } = await compare('--blocks', '1', '--warmup-blocks', '0', '--', './churn')
    expect(result.heaps.map(({ spec }) => spec)).toEqual(expected)
  })

  test('takes the same heap twice, tunables, and paths', async () => {
    const { status, result } = await compare(
      ...['--heaps', 'system,system,system:arena_max=1', '--heap', './libhoarding.so', ...quick, '--', './churn'],
    )
    expect(status).toBe(0)
    expect(result.heaps.map(({ spec }) => spec)).toEqual(['system', 'system', 'system:arena_max=1', './libhoarding.so'])
    expect(result.heaps.every(({ state }) => state === 'active')).toBe(true)
  })

  test('--show-output passes on what the target prints, to stderr; otherwise it is not shown', async () => {
    const words = ['compare', '--heaps', 'system', '--blocks', '1', '--warmup-blocks', '0']
    const shown = await alloc8([...words, '--show-output', '--', at('churn'), '5'])
    expect(shown.stderr).toContain('rounds per second: 5.5\n')
    expect(shown.stderr).toContain('to stderr\n')
    expect(shown.stdout).not.toContain('rounds')
    expect((await alloc8([...words, '--', at('churn'), '5'])).stderr).toBe('')
  })

  test('--prepare runs before every run, and is not measured', async () => {
    const file = at('prepared')
    const prepare = `echo x >> ${file}; sleep 1`
    const { result } = await compare('--heaps', 'system,simple', ...quick, '--prepare', prepare, '--', './churn')
    // Two heaps and the control, two blocks.
    expect(readFileSync(file, 'utf8')).toBe('x\n'.repeat(6))
    const walls = cellsOf(result, 'system').find(({ metric }) => metric === 'wall')?.runs ?? []
    expect(Math.min(...walls.map((ns) => ns ?? 0))).toBeLessThan(1000e6)
  })

  test('--max-time ends early with a partial result', async () => {
    const words = ['--heaps', 'system,simple', '--blocks', '1000', '--warmup-blocks', '0', '--max-time', '1s']
    const { status, result } = await compare(...words, '--', './churn')
    expect(status).toBe(0)
    expect(result.partial).toBe(true)
    expect(result.blocks).toBeLessThan(1000)
    expect(result.warnings.length).toBeGreaterThan(0)
  })

  test('the targets’ stdin is empty', async () => {
    const words = ['compare', '--heaps', 'system', '--blocks', '1', '--warmup-blocks', '0', '--json', '-']
    const { stdout } = await alloc8([...words, '--', 'sh', '-c', 'test -z "$(cat)"'], { input: 'something\n' })
    expect(JSON.parse(stdout).cells[0].failures).toEqual([])
  })
})

describe('a number that the target prints', () => {
  const metric = ['--metric', 'rps=/rounds per second: ([\\d.]+)/']

  test('is a metric', async () => {
    const words = ['--heaps', 'system,simple', ...quick, ...metric, '--higher-is-better', 'rps']
    const { status, result } = await compare(...words, '--', './churn', '12')
    expect(status).toBe(0)
    const cells = result.cells.filter((cell) => cell.metric === 'rps')
    expect(cells).toHaveLength(2)
    for (const cell of cells) expect(cell).toMatchObject({ runs: [12.5, 12.5], higherIsBetter: true, failures: [] })
  })

  test('that never matches is a failure that says so, and nothing else is lost', async () => {
    const words = ['--heaps', 'system,simple', ...quick, '--metric', 'wall', '--metric', 'rps=/never (\\d+)/']
    const { stderr, result } = await compare(...words, '--', './churn')
    const cells = result.cells.filter((cell) => cell.metric === 'rps')
    for (const cell of cells) {
      expect(cell).toMatchObject({ ratio: null, runs: [null, null] })
      expect(cell.failures).toHaveLength(2)
      expect(cell.failures[0]?.message).toMatch(/rps|match/)
      // What it printed instead is there to look at.
      expect(cell.failures[0]?.output).toContain('rounds per second')
    }
    expect(result.cells.filter((cell) => cell.metric === 'wall').every((cell) => !cell.runs.includes(null))).toBe(true)
    expect(stderr).toMatch(/rps/)
  })

  test('alone, that never matches: nothing could be compared, status 1', async () => {
    const { status } = await compare('--heaps', 'system', ...quick, '--metric', 'rps=/never (\\d+)/', '--', './churn')
    expect(status).toBe(1)
  })

  test('that matches garbage is a failure that shows it', async () => {
    const words = ['--heaps', 'system', ...quick, '--metric', 'word=/rounds (\\w+)/']
    const { result } = await compare(...words, '--', './churn')
    expect(result.cells[0]?.runs).toEqual([null, null])
    expect(result.cells[0]?.failures[0]?.message).toContain('per')
  })
})

describe('runs that fail', () => {
  test('a heap that crashes is listed by its signal, and never averaged', async () => {
    const { status, stderr, result } = await compare('--heaps', 'system,./libcrashing.so', ...quick, '--', './churn')
    const crashed = cellsOf(result, './libcrashing.so')
    expect(crashed.length).toBeGreaterThan(0)
    for (const { runs, ratio, verdict, failures } of crashed) {
      expect({ runs, ratio, verdict }).toEqual({ runs: [null, null], ratio: null, verdict: 'inconclusive' })
      expect(failures).toMatchObject([
        { block: 0, signal: expect.stringMatching(/^SIG(ILL|TRAP)$/), exitCode: null },
        { block: 1, signal: expect.stringMatching(/^SIG(ILL|TRAP)$/), exitCode: null },
      ])
    }
    for (const { runs, failures } of cellsOf(result, 'system')) {
      expect(runs).not.toContain(null)
      expect(failures).toEqual([])
    }
    expect(stderr).toMatch(/SIG(ILL|TRAP)/)
    expect(status).toBe(0)
  })

  test('a target that exits with a status, with the last of its output', async () => {
    const { status, stderr, result } = await compare('--heaps', 'system,simple', ...quick, '--', './churn', '5', '9')
    expect(status).toBe(1)
    for (const { runs, failures } of result.cells) {
      expect(runs).toEqual([null, null])
      expect(failures[0]).toMatchObject({ exitCode: 9, signal: null, timedOut: false })
      expect(failures[0]?.output).toContain('to stderr')
    }
    expect(stderr).toContain('exit status 9')
  })

  test('--ignore-failure takes them for good', async () => {
    const words = ['--heaps', 'system', ...quick, '--ignore-failure', '--', './churn', '5', '9']
    const { status, result } = await compare(...words)
    expect(status).toBe(0)
    expect(result.cells.every(({ runs, failures }) => !runs.includes(null) && failures.length === 0)).toBe(true)
  })

  test('a target that hangs is ended by --timeout', async () => {
    const words = [
      '--heaps',
      'system',
      '--blocks',
      '1',
      '--warmup-blocks',
      '0',
      '--timeout',
      '200ms',
      '--',
      'sleep',
      '98',
    ]
    const { status, result } = await compare(...words)
    expect(status).toBe(1)
    expect(result.cells[0]?.failures[0]).toMatchObject({ timedOut: true })
  })

  test('one run in two that fails leaves the others', async () => {
    const flag = at('flag')
    const script = at('every-second')
    writeFileSync(script, `#!/bin/sh\nif [ -e ${flag} ]; then rm ${flag}; exit 4; fi\ntouch ${flag}\n`)
    chmodSync(script, 0o755)
    const { status, result } = await compare('--heaps', 'system,simple', '--blocks', '4', '--', script)
    expect(status).toBe(0)
    const wall = result.cells.filter(({ metric }) => metric === 'wall')
    const nulls = wall.flatMap(({ runs }) => runs.filter((run) => run === null)).length
    const failures = wall.reduce((sum, cell) => sum + cell.failures.length, 0)
    expect(nulls).toBe(failures)
    expect(nulls).toBeGreaterThan(0)
    expect(nulls).toBeLessThan(8)
  })
})

describe('--prepare that fails after a run', () => {
  test.each([
    ['exits with a status', 'exit 3', 'exit status 3'],
    ['hangs', 'sleep 97', 'no end within 700 ms'],
  ])('%s: that run has failed, the others count', async (name, ending, words) => {
    const count = at(`count-${name.replaceAll(' ', '-')}`)
    const prepare = `echo x >> ${count}; [ $(wc -l < ${count}) != 3 ] || ${ending}`
    const run = ['--heaps', 'system,simple', '--blocks', '2', '--warmup-blocks', '0', '--metric', 'wall']
    const { status, result } = await compare(...run, '--timeout', '700ms', '--prepare', prepare, '--', './churn')
    expect(status).toBe(0)
    const numbers = [...result.cells, ...result.control].flatMap(({ runs }) => runs)
    expect(numbers.filter((value) => value === null)).toHaveLength(1)
    const failures = result.cells.flatMap((cell) => cell.failures)
    for (const { message } of failures) expect(message).toContain(words)
  })
})

describe('a heap that is not in effect', () => {
  test('ends the comparison with status 3, named', async () => {
    const still = await compile(folder.path, { name: 'static', source: churn, flags: ['-static'] })
    const { status, stderr, result } = await compare('--heaps', 'system,simple', ...quick, '--', still)
    expect(status).toBe(3)
    expect(result.heaps.map(({ state }) => state)).toEqual(['inactive', 'inactive'])
    expect(result.heaps[1]?.reasons.map(({ code }) => code)).toEqual(['static-executable'])
    expect(stderr).toMatch(/linked\s+statically/)
  })
})

describe('what it says', () => {
  // By memory, which no other load of the machine changes; test/long has heaps of known cost in time.
  const memory = ['--blocks', '6', '--metric', 'peak-rss', '--', './churn', '1000']

  test('a heap that takes many times the memory is worse, in any order', async () => {
    for (const heaps of ['system,./libhoarding.so', './libhoarding.so,system']) {
      const { result } = await compare('--heaps', heaps, ...memory)
      const cell = result.cells.at(-1)
      expect(cell?.verdict, JSON.stringify(result.cells)).toBe(heaps.startsWith('system') ? 'worse' : 'better')
    }
  })

  test('the lines that adopt the better one', async () => {
    const words = ['compare', '--heaps', './libhoarding.so,system', ...memory]
    const { stdout } = await alloc8(words, { cwd: folder.path })
    expect(stdout).toMatch(/LD_PRELOAD=.*libc\.so\.6/)
    expect(stdout).toContain('./churn')
  })
})

test('--probe adds what the probe counts, and says that times are with it', async () => {
  const file = at('probed.json')
  const words = ['--heaps', 'system,simple', ...quick, '--metric', 'wall', '--probe', 'live', '--json', file]
  const { status, stdout, stderr } = await alloc8(['compare', ...words, '--', at('churn'), '50000'])
  expect(status).toBe(0)
  const result = JSON.parse(readFileSync(file, 'utf8')) as CompareResult
  expect(schemaProblems('compare', result)).toEqual([])
  const metrics = [...new Set(result.cells.map(({ metric }) => metric))]
  expect(metrics).toEqual(['wall', 'peak-live', 'allocations', 'allocated', 'waste'])
  for (const noun of ['peak live bytes', 'allocations', 'usable over requested'])
    expect(stdout + stderr).toContain(noun)
  const allocations = result.cells.filter(({ metric }) => metric === 'allocations').flatMap(({ runs }) => runs)
  expect(allocations).toHaveLength(4)
  for (const run of allocations) expect(run).toBeGreaterThan(50_000)
  expect(result.warnings.filter(({ code }) => code === 'probed')).toHaveLength(1)
})

test('--probe refuses a level that there is not', async () => {
  const { status, stderr } = await alloc8(['compare', '--probe', 'lives', '--', at('churn')])
  expect(status).toBe(2)
  expect(stderr).toContain('Expected some of counts, live')
})
