/**
 * Totals against independent counts, to the last call and byte, on programs with one thread. What the others count
 * otherwise:
 *
 * - glibc's memusage sees malloc, calloc, realloc and free alone: no memalign and its kin, and no free of their blocks.
 *   Of a realloc it adds what the block has grown by, where the probe has what was asked for.
 * - valgrind counts a realloc as one allocation and one free, as the probe's size classes do, and its bytes are all that
 *   was asked for. At exit it has libc free what libc keeps, so that its frees are more than the program's.
 */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../lib/api/run.ts'
import type { ProbeTally } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'

const folder = scratch()
afterAll(folder.remove)

/** Sorts, indexes and joins in memory; the same calls each time. */
const statements = `
create table t(a, b);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
  insert into t select i, hex(zeroblob(i % 50)) from n;
create index x on t(a);
select count(*), max(a), sum(length(b)) from t where a in (select max(a) from t group by b) order by b;
`

const programs: Record<string, { lacking: () => string | null; command: () => string[] }> = {
  'a program of known calls': {
    lacking: () => null,
    command: () => [join(folder.path, 'calls'), '700', '0', 'return'],
  },
  sqlite3: {
    lacking: () => lackingTool('sqlite3', 'sqlite3'),
    command: () => ['sqlite3', '-init', '/dev/null', ':memory:', statements],
  },
}

beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'calls.c'), 'utf8')
  await compile(folder.path, { name: 'calls', source, flags: ['-pthread'] })
})

async function probed(command: readonly string[]): Promise<ProbeTally> {
  const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const
  const { probe, exitCode } = await run({ command, heap: 'system', probe: 'live', ...quiet })
  expect([exitCode, probe?.processes.length]).toEqual([0, 1])
  return probe?.processes[0]?.total as ProbeTally
}

async function said([tool = '', ...words]: readonly string[]): Promise<string> {
  const { stderr } = await promisify(execFile)(tool, words, { maxBuffer: 1 << 24 })
  return stripVTControlCharacters(stderr)
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

describe.each(Object.entries(programs))('%s', (_, { lacking, command }) => {
  test('as glibc’s memusage counts', async ({ skip }) => {
    requireOrSkip(skip, lacking() ?? lackingTool('memusage', 'libc-devtools'))
    const table = await said(['memusage', ...command()])
    const line = (name: string) => (new RegExp(`${name}\\|\\s+(\\d+)\\s+(\\d+)`).exec(table) ?? []).slice(1).map(Number)
    const { entries } = await probed(command())
    const { malloc, calloc, realloc, free } = entries
    expect(line('malloc')).toEqual([malloc?.calls, malloc?.requestedBytes])
    expect(line('calloc')).toEqual([calloc?.calls ?? 0, calloc?.requestedBytes ?? 0])
    expect(line('realloc')[0]).toBe(realloc?.calls ?? 0)
    expect(line('realloc')[1]).toBeLessThanOrEqual(realloc?.requestedBytes ?? 0)
    expect(line('free')[0]).toBe(free?.calls)
  })

  test('as valgrind counts', async ({ skip }) => {
    requireOrSkip(skip, lacking() ?? lackingTool('valgrind', 'valgrind'))
    const usage = /total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes/.exec(
      await said(['valgrind', ...command()]),
    )
    const [allocations = 0, , bytes] = (usage ?? []).slice(1).map((text) => Number(text.replaceAll(',', '')))
    const { sizes, requestedBytes } = await probed(command())
    expect(sum(sizes.map((size) => size.givenBlocks))).toBe(allocations)
    expect(requestedBytes).toBe(bytes)
  })
})
