/** Instructions of real programs under callgrind: the same each time, with all children, and the heap in effect. */

import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nativeFile } from '../../../lib/binding/native.ts'
import { readCounts } from '../../../lib/launch/callgrind.ts'
import { type CountOptions, countInstructions, hasCounters } from '../../../lib/launch/instructions.ts'
import { prepareTarget } from '../../../lib/launch/run.ts'
import type { ResolvedHeap } from '../../../lib/types.ts'
import { compile } from '../../support/compile.ts'
import { collector, pythonPath, scratch, shell } from '../../support/launching.ts'
import { lackingTool, requireOrSkip } from '../../support/needs.ts'

/** Blocks of memory, churned `ROUNDS` times, and then what its argument says, in each case as much again. */
const churning = `
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void churn(void) {
  static char *blocks[64];
  for (int round = 0; round < 20000; round++) {
    char **slot = &blocks[round % 64];
    free(*slot);
    *slot = malloc(16 + round % 500);
    **slot = 1;
  }
}

int main(int count, char **words) {
  const char *job = count > 1 ? words[1] : "once";
  churn();
  if (strcmp(job, "once") == 0) return 0;
  pid_t child = fork();
  if (child == 0) {
    if (strcmp(job, "start") == 0) execl(words[0], words[0], "once", NULL);
    if (strcmp(job, "hang") == 0) pause();
    churn();
    _exit(0);
  }
  if (strcmp(job, "hang") == 0) {
    usleep(300000);
    kill(child, SIGKILL);
  }
  return waitpid(child, NULL, 0) == child ? 0 : 1;
}
`

const folder = scratch()
afterAll(folder.remove)
let program = ''
beforeAll(async () => {
  program = await compile(folder.path, { name: 'churning', source: churning })
})

const simple = nativeFile('liballoc8-simple.so')
const heap: ResolvedHeap = {
  ...({ name: 'simple', kind: 'builtin', path: simple, version: null } as const),
  ...{ tunables: [], spec: 'simple', preload: [simple], env: [] },
}

const silent = { by: 'callgrind', stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const

const count = (command: string[], options: CountOptions = {}) =>
  countInstructions(prepareTarget(command), heap, { ...silent, ...options })

/** The count, where there must be one. */
async function number(command: string[], options: CountOptions = {}): Promise<number> {
  const { instructions, failure, verdict } = await count(command, options)
  expect(failure).toBeNull()
  expect(verdict.reasons).toEqual([])
  expect(verdict.state).toBe('active')
  return instructions ?? expect.fail('no count')
}

/** How far three counts lie apart, as a share, the environment being longer each time. */
async function spread(command: string[]): Promise<number> {
  const counts: number[] = []
  for (const length of [0, 1000, 5000]) {
    counts.push(await number(command, { env: { ...process.env, ALLOC8_TEST_LENGTH: 'x'.repeat(length) } }))
  }
  return Math.max(...counts) / Math.min(...counts) - 1
}

describe('under callgrind', () => {
  // Slow in itself, and slower where others use the machine.
  beforeEach(({ skip }) => requireOrSkip(skip, lackingTool('valgrind', 'valgrind')))

  test('a program that does the same each time takes the same within 0.1 %', async () => {
    expect(await spread([program])).toBeLessThan(0.001)
  })

  test('so does Python, whose hashes would differ', async () => {
    const words = 'words = {str(i): i for i in range(2000)}; print(hash("alloc8"), sum(map(len, set(words))))'
    const seen = new Set<string>()
    const counts: number[] = []
    for (let run = 0; run < 3; run++) {
      const { sink, text } = collector()
      counts.push(await number([pythonPath(), '-S', '-c', words], { stdout: sink }))
      seen.add(text())
    }
    expect(seen.size).toBe(1)
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.001)
  })

  test('children are counted once: forked ones from their birth, started ones whole', async () => {
    const once = await number([program])
    const forked = await number([program, 'fork'])
    const started = await number([program, 'start'])
    // The loading of the program and its libraries is a part of it, which a forked child does not do again.
    expect(forked / once).toBeGreaterThan(1.5)
    expect(forked / once).toBeLessThan(2)
    expect(started / once).toBeGreaterThan(1.99)
    expect(started / once).toBeLessThan(2.05)
  })

  test('every process has the heap, and valgrind is none of them', async () => {
    const { verdict, result } = await count(['sh', '-c', `${program}; ${program} fork | cat`])
    expect(result.exitCode).toBe(0)
    expect(verdict.state).toBe('active')
    const names = verdict.processes.map(({ executable }) => executable.replace(/.*\//, ''))
    const shellName = basename(realpathSync('/bin/sh'))
    expect(names.toSorted()).toEqual(['cat', 'churning', 'churning', 'churning', shellName].toSorted())
  })

  test('the status, the output and the words of a target are its own', async () => {
    const [out, err] = [collector(), collector()]
    const command = ['sh', '-c', 'echo "$0 $1"; echo no >&2; exit 3', 'first', 'two words']
    const counted = await count(command, { stdout: out.sink, stderr: err.sink })
    expect(counted).toMatchObject({ by: 'callgrind', failure: null, result: { exitCode: 3, command } })
    expect(out.text()).toBe('first two words\n')
    expect(err.text()).toBe('no\n')
  })

  test('a process that was killed leaves no count of the whole', async () => {
    const { instructions, failure } = await count([program, 'hang'])
    expect(instructions).toBeNull()
    expect(failure).toMatch(/^process \d+ was killed before callgrind could write/)
  })

  test('leaves nothing in the folder for temporary files, and options of the user alone', async () => {
    const own = join(folder.path, 'temporary')
    mkdirSync(own)
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = own
    try {
      const { sink, text } = collector()
      const env = { ...process.env, PYTHONHASHSEED: '7', NODE_OPTIONS: '--no-warnings', VALGRIND_OPTS: '--tool=none' }
      await number(['sh', '-c', 'echo $PYTHONHASHSEED $NODE_OPTIONS $PERL_HASH_SEED'], { env, stdout: sink })
      expect(text()).toBe('7 --no-warnings 0\n')
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
    expect(readdirSync(own)).toEqual([])
  })
})

test('without valgrind the error names the package', async () => {
  const missing = count([program], { env: { PATH: folder.path } })
  await expect(missing).rejects.toMatchObject({
    code: 'METRIC',
    message: expect.stringContaining('expected valgrind in PATH, found none'),
    hint: expect.stringContaining('apt-get install valgrind'),
  })
})

describe('by counters', () => {
  test('are there or not, and nothing is counted where nobody asked', async () => {
    const asked = await shell(':', { countInstructions: true })
    expect(asked.instructions !== null).toBe(await hasCounters())
    if (asked.instructions !== null) expect(asked.instructions).toBeGreaterThan(10_000)
    expect((await shell(':')).instructions).toBeNull()
  })

  test('a run that they could not count has no number and says so', async () => {
    const counted = await count([program], { by: 'counters' })
    expect(counted).toMatchObject({ by: 'counters', verdict: { state: 'active' }, result: { exitCode: 0 } })
    expect(counted.failure === null).toBe(await hasCounters())
    expect(counted.instructions === null).toBe(counted.failure !== null)
  })
})

describe('readCounts', () => {
  const part = (number: number, total: number) => `# callgrind format\npid: 5\npart: ${number}\n\ntotals: ${total}\n`
  let made = 0

  /** A folder with these files. */
  function filled(files: Record<string, string>): string {
    const path = join(folder.path, `counts-${++made}`)
    mkdirSync(path)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
    return path
  }

  test('sums parts and processes', () => {
    const files = {
      'log.5': '',
      'out.5': part(3, 1),
      'out.5.1': part(1, 20),
      'out.5.2': part(2, 300),
      'out.6': part(1, 4000),
    }
    expect(readCounts(filled(files))).toEqual({ instructions: 4321, processes: 2, unfinished: [] })
  })

  test('leaves out parts of a program that ran in the process before', () => {
    const files = { 'out.5': part(2, 1), 'out.5.1': part(1, 20), 'out.5.2': part(2, 300), 'out.5.10': part(10, 9) }
    expect(readCounts(filled(files)).instructions).toBe(21)
  })

  test.each([
    ['has no file', { 'log.7': '' }],
    ['has an empty one', { 'out.7': '' }],
    ['was cut off', { 'out.7': part(1, 5).replace(/totals.*/s, '') }],
    ['lacks a part', { 'out.7': part(3, 5), 'out.7.2': part(2, 5) }],
  ])('a process that %s is unfinished', (_, files) => {
    expect(readCounts(filled(files))).toEqual({ instructions: 0, processes: 0, unfinished: [7] })
  })
})
