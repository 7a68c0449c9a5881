/** `alloc8 compare` with a suite, with two builds, and against a stored result; and that nothing of it is left running. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompareResult } from '../../lib/types.ts'
import { alloc8, gone, start, started, uniqueMarker } from '../support/cli.ts'
import { compile } from '../support/compile.ts'
import { scratch, until } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)
const at = (name: string) => join(folder.path, name)

/** Holds as many MiB as it is told. */
const holder = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
  size_t size = (size_t)atoi(argv[1]) << 20;
  char* block = malloc(size);
  memset(block, 1, size);
  printf("held %d\\n", block[size / 2]);
}
`

beforeAll(() => compile(folder.path, { name: 'holder', source: holder }))

const quick = ['--warmup-blocks', '0', '--metric', 'peak-rss']

/** Writes a configuration; gives its path. */
function config(name: string, text: string): string {
  writeFileSync(at(name), `import { defineConfig } from 'alloc8'\nexport default defineConfig(${text})\n`)
  return name
}

async function compare(...words: string[]): Promise<{ status: number | null; stderr: string; result: CompareResult }> {
  const { status, stdout, stderr } = await alloc8(['compare', '--json', '-', ...words], { cwd: folder.path })
  if (stdout === '') return expect.fail(stderr)
  return { status, stderr, result: JSON.parse(stdout) }
}

describe('--suite', () => {
  const two = `{ heaps: ['system', 'simple'], blocks: 2, warmupBlocks: 0, metrics: ['peak-rss'], workloads: [
    { name: 'little', command: ['./holder', '2'], setup: 'echo set >> order', teardown: 'echo torn >> order' },
    { name: 'much', command: ['./holder', '20'] },
  ] }`

  test('runs the workloads of a file that imports alloc8, with reports', async () => {
    const file = config('two.config.ts', two)
    const reports = ['--html', 'r.html', '--markdown', 'r.md', '--junit', 'r.xml', '--save', 'r.json']
    const { status, stderr, result } = await compare('--suite', file, ...reports)
    expect([status, result.workloads.map(({ name, blocks }) => [name, blocks])]).toEqual([
      0,
      [
        ['little', 2],
        ['much', 2],
      ],
    ])
    expect(schemaProblems('compare', result)).toEqual([])
    expect(readFileSync(at('order'), 'utf8')).toBe('set\ntorn\n')
    expect(stderr).toContain('peak memory')
    expect(JSON.parse(readFileSync(at('r.json'), 'utf8'))).toEqual(result)
    expect(readFileSync(at('r.html'), 'utf8')).toContain('much')
    expect(readFileSync(at('r.md'), 'utf8')).toContain('much')
    expect(readFileSync(at('r.xml'), 'utf8')).toContain('much')
    expect(result.reproduce).toMatch(/^alloc8 compare --seed \d+ --json - --suite two\.config\.ts/)
  })

  test('--workload chooses, other options go first', async () => {
    const file = config('two.config.ts', two)
    const { result } = await compare('--suite', file, '--workload', 'much', '--heap', 'system', '--blocks', '1')
    expect(result.workloads.map(({ name, blocks }) => [name, blocks])).toEqual([['much', 1]])
    expect(result.heaps.map(({ spec }) => spec)).toEqual(['system'])
  })

  test('a workload that fails in its setup: status 125, named, the others run', async () => {
    const file = config(
      'bad.config.ts',
      `{ heaps: ['system'], blocks: 1, warmupBlocks: 0, workloads: [
      { name: 'bad', setup: 'echo no luck >&2; exit 7', command: 'true' }, { name: 'good', command: 'true' } ] }`,
    )
    const { status, stderr, result } = await compare('--suite', file)
    expect(status).toBe(125)
    expect(stderr).toMatch(/bad: setup: .*exit status 7/)
    expect(stderr).toContain('no luck')
    expect(result.workloads.map(({ blocks }) => blocks)).toEqual([0, 1])
  })

  test.each([
    [
      'a mistake in the file',
      ['--suite', 'wrong.config.ts'],
      /wrong\.config\.ts: workloads\[0\]\.comand: unknown; did you mean command\?/,
    ],
    ['no file', ['--suite', 'nothing.ts'], /nothing\.ts: there is no such file/],
    ['a program besides', ['--suite', 'classic', '--', 'true'], /a program after --, or --suite/],
    ['nothing', [], /a program after --, or --suite, got neither/],
    ['a workload without a suite', ['--workload', 'a', '--', 'true'], /--workload: expected a suite/],
    ['an unknown workload', ['--suite', 'classic', '--workload', 'larsen'], /no workload is called "larsen"/],
    [
      'two reports in one file',
      ['--json', 'both', '--html', './both', '--', 'true'],
      /^alloc8: \.\/both: expected a file for each report/,
    ],
    ['two reports on stdout', ['--json', '-', '--html', '-', '--', 'true'], /stdout for one report/],
  ])('%s: status 2', async (_, words, message) => {
    writeFileSync(at('wrong.config.ts'), 'export default { workloads: [{ name: "a", comand: "true" }] }')
    const { status, stdout, stderr } = await alloc8(['compare', ...words], { cwd: folder.path })
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  test('classic with one metric: what its workloads say of others is left out', async () => {
    const words = ['--suite', 'classic', '--workload', 'larson', '--metric', 'cpu', '--heap', 'system']
    const { status, result } = await compare(...words, '--blocks', '1', '--warmup-blocks', '0', '--pairing', 'alone')
    expect([status, result.cells.map(({ metric }) => metric)]).toEqual([0, ['cpu']])
  })

  test('classic is built in', async () => {
    const words = [
      '--suite',
      'classic',
      '--workload',
      'larson',
      '--workload',
      'strings',
      '--heap',
      'system',
      '--timeout',
      '20s',
    ]
    const { status, result } = await compare(...words, '--blocks', '1', '--warmup-blocks', '0', '--pairing', 'alone')
    expect(status).toBe(0)
    expect(result.workloads.map(({ name }) => name)).toEqual(['larson', 'strings'])
    expect(result.cells.filter(({ metric, higherIsBetter }) => metric === 'ops' && higherIsBetter)).toHaveLength(2)
    for (const { runs } of result.cells) expect(runs[0]).toBeGreaterThan(0)
  })
})

describe('two builds in one session', () => {
  test('--against a program: it is the baseline, under the same heap', async () => {
    const { status, stderr, result } = await compare(
      '--against',
      './holder 4',
      '--blocks',
      '5',
      ...quick,
      '--',
      './holder',
      '40',
    )
    expect(status).toBe(0)
    expect(result.heaps.map(({ spec, label, command }) => [spec, label, command])).toEqual(
      [
        ['default', 'holder 4', ['./holder', '4']],
        ['default', 'holder 40', ['./holder', '40']],
      ].map(([spec, label, command]) => [spec, String(label).replace('holder', './holder'), command]),
    )
    expect(result.cells[1]?.verdict).toBe('worse')
    expect(stderr).toMatch(/\.\/holder 40 /)
  })

  test('two builds under several heaps are a mistake, found before anything runs', async () => {
    const heaps = ['--heaps', 'system,multiarena', '--against', 'touch ran']
    const { status, stderr } = await alloc8(['compare', ...heaps, '--', 'touch', 'ran'], { cwd: folder.path })
    expect(status).toBe(2)
    expect(stderr).toMatch(/against: expected one heap, .*got 2: system, multiarena/)
    const workload = "{ name: 'a', setup: 'touch ran', command: 'true', against: 'true' }"
    const suite = config('two.config.ts', `{ heaps: ['system', 'multiarena'], workloads: [${workload}] }`)
    const under = await alloc8(['compare', '--suite', suite], { cwd: folder.path })
    expect(under.status).toBe(2)
    expect(under.stderr).toMatch(/against: expected one heap/)
    expect(existsSync(at('ran'))).toBe(false)
  })

  test('--against a program whose last word ends in .json is a program', async () => {
    writeFileSync(at('x.json'), '{}')
    const { status, result } = await compare(
      '--against',
      'cat x.json',
      '--blocks',
      '1',
      ...quick,
      '--',
      'cat',
      'x.json',
    )
    expect(status).toBe(0)
    expect(result.heaps.map(({ command }) => command)).toEqual([
      ['cat', 'x.json'],
      ['cat', 'x.json'],
    ])
  })

  test('--against what needs a shell is a mistake', async () => {
    const { status, stderr } = await alloc8(['compare', '--against', 'a | b', '--', 'true'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/--against: expected a program[\s\S]*script/)
  })
})

describe('a stored result', () => {
  const run = ['--heaps', 'system,simple', '--blocks', '5', ...quick]
  beforeAll(() => alloc8(['compare', ...run, '--save', 'base.json', '--', './holder', '4'], { cwd: folder.path }))

  test('is compared with, less certain, and said so', async () => {
    const { status, stderr, result } = await compare(...run, '--against', 'base.json', '--', './holder', '4')
    expect(status).toBe(0)
    expect(schemaProblems('compare', result)).toEqual([])
    expect(result.since).toMatchObject({
      file: 'base.json',
      cells: [{ heap: 'simple', metric: 'peak-rss', of: 'ratio' }],
    })
    const [cell] = result.since?.cells ?? []
    expect(cell?.ratio).toBeGreaterThan(0.9)
    expect(cell?.ratio).toBeLessThan(1.1)
    expect(stderr).toMatch(/since base\.json.*less certain/)
    expect(result.warnings.map(({ code }) => code)).toContain('not-side-by-side')
  })

  test('may have spaces in its name', async () => {
    writeFileSync(at('my base.json'), readFileSync(at('base.json')))
    const words = ['--heaps', 'system,simple', '--blocks', '5', ...quick, '--against', 'my base.json']
    const { status, result } = await compare(...words, '--', './holder', '4')
    expect([status, result.since?.file]).toEqual([0, 'my base.json'])
  })

  /** The stored result, changed. */
  const changed = (change: (result: CompareResult) => void) => {
    const result = JSON.parse(readFileSync(at('base.json'), 'utf8')) as CompareResult
    change(result)
    writeFileSync(at('changed.json'), JSON.stringify(result))
  }

  test.each<[string, (result: CompareResult) => void, RegExp]>([
    [
      'another machine',
      (base) => void Object.assign(base.machine, { kernel: '1.2.3' }),
      /machine\.kernel: "1\.2\.3" then, "/,
    ],
    [
      'another command',
      ({ workloads: [first] }) => void Object.assign(first ?? {}, { command: ['x'] }),
      /command of holder: "x" then/,
    ],
    [
      'another library',
      ({ heaps: [first] }) => void Object.assign(first ?? {}, { sha256: 'ab' }),
      /library of system: "ab" then/,
    ],
    [
      'other heaps',
      ({ heaps, cells }) => {
        for (const [at, each] of heaps.entries()) if (at === 1) each.spec = 'other'
        for (const cell of cells) if (cell.heap === 'simple') cell.heap = 'other'
      },
      /heaps: \["system","other"\] then, \["system","simple"\] now/,
    ],
    [
      'a newer version',
      (base) => void Object.assign(base, { schema: 2 }),
      /has schema 2, and this alloc8 reads schema 1/,
    ],
    [
      'none',
      (base) => void Object.assign(base, { cells: 'none' }),
      /is no result of a comparison: cells should be a list, and is "none"/,
    ],
  ])('of %s is refused with what differs', async (_, change, message) => {
    changed(change)
    const words = ['compare', ...run, '--blocks', '1', '--against', 'changed.json', '--', './holder', '4']
    const { status, stdout, stderr } = await alloc8(words, { cwd: folder.path })
    expect(status).toBe(2)
    // What is found when it is over stands among the warnings, below the table of what was measured.
    expect((stdout + stderr).replace(/\s+/g, ' ')).toMatch(message)
  })

  test('that is cut off, or not there, is refused before anything runs', async () => {
    writeFileSync(at('cut.json'), readFileSync(at('base.json'), 'utf8').slice(0, 500))
    for (const [file, message] of [
      ['cut.json', /cut\.json: ends in the middle: it was cut short/],
      ['gone.json', /gone\.json: cannot be read \(ENOENT\)/],
    ] as const) {
      const { status, stderr } = await alloc8(['compare', '--against', file, '--', './holder', '4'], {
        cwd: folder.path,
      })
      expect(status).toBe(2)
      expect(stderr).toMatch(message)
    }
  })
})

describe('Ctrl-C in a suite', () => {
  /** A suite whose workload carries a marker, in its setup or its command. */
  function suite(marker: string, phase: 'setup' | 'command' | 'teardown'): string {
    const hang = `bash -c 'while :; do sleep 0.05; done' ${marker} ${marker}; true`
    const of = (name: string) => (name === phase ? hang : 'true')
    mkdirSync(at(marker))
    const teardown = phase === 'teardown' ? hang : 'echo torn >> order'
    const text = { setup: of('setup'), command: of('command'), teardown }
    writeFileSync(
      join(at(marker), 'alloc8.config.json'),
      JSON.stringify({
        heaps: ['system', 'simple'],
        blocks: 1,
        warmupBlocks: 0,
        workloads: [
          { name: 'a', ...text },
          { name: 'b', command: 'true' },
        ],
      }),
    )
    return at(marker)
  }

  async function interruptTwice(running: ReturnType<typeof start>): Promise<void> {
    running.signalGroup('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 200))
    running.signalGroup('SIGINT')
    expect((await running.end).status).toBe(130)
  }

  test.each(['setup', 'command'] as const)('during %s: nothing is left, the teardown is run', async (phase) => {
    const marker = uniqueMarker()
    const cwd = suite(marker, phase)
    const running = start(['compare', '--suite', 'alloc8.config.json', '--json', 'r.json'], { cwd })
    await started(marker)
    running.signalGroup('SIGINT')
    expect((await running.end).status).toBe(130)
    await gone(marker)
    expect(readFileSync(join(cwd, 'order'), 'utf8')).toBe('torn\n')
    const result = JSON.parse(readFileSync(join(cwd, 'r.json'), 'utf8')) as CompareResult
    expect(result).toMatchObject({ partial: true, blocks: 0 })
    expect(result.warnings.find(({ code }) => code === 'not-begun')?.message).toMatch(/b\./)
  })

  test('twice during a teardown that hangs: nothing is left', async () => {
    const marker = uniqueMarker()
    const running = start(['compare', '--suite', 'alloc8.config.json'], { cwd: suite(marker, 'teardown') })
    await started(marker)
    await interruptTwice(running)
    await gone(marker)
  })

  test('twice while what the setup started still runs: it is ended, though no teardown is waited for', async () => {
    const [daemon, hang] = [uniqueMarker(), uniqueMarker()]
    const loop = (marker: string) => `bash -c 'while :; do sleep 0.05; done' ${marker} ${marker}`
    const workload = { name: 'a', setup: `setsid ${loop(daemon)} >/dev/null 2>&1 &`, command: 'true' }
    const cwd = at(daemon)
    mkdirSync(cwd)
    const config = { heaps: ['system'], workloads: [{ ...workload, teardown: `${loop(hang)}; true` }] }
    writeFileSync(join(cwd, 'alloc8.config.json'), JSON.stringify(config))
    const running = start(['compare', '--suite', 'alloc8.config.json'], { cwd })
    await started(daemon)
    await started(hang)
    await interruptTwice(running)
    await gone(hang)
    await gone(daemon)
  })

  test('killed outright in a setup: nothing is left', async () => {
    const marker = uniqueMarker()
    const running = start(['compare', '--suite', 'alloc8.config.json'], { cwd: suite(marker, 'setup') })
    await started(marker)
    running.signalAlone('SIGKILL')
    await running.end.catch(() => {})
    await gone(marker)
    await until(() => existsSync(at(marker)), 'the folder')
  })
})
