/** Suites of real commands: what is run when, what becomes of a workload that fails, and what a result of several says. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { compareSuite } from '../../../lib/api/suite.ts'
import type { Alloc8Config } from '../../../lib/types.ts'
import { scratch, until } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

let count = 0

/** A folder of its own with a log, and how to write to that. */
function place(): { path: string; log: () => string[] } {
  count++
  const path = join(folder.path, String(count))
  mkdirSync(path)
  const file = join(path, 'log')
  return { path, log: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) }
}

const quick = { heaps: ['system', 'simple'], blocks: 2, warmupBlocks: 0, pairing: 'alone' } as const
const run = (config: Partial<Alloc8Config> & Pick<Alloc8Config, 'workloads'>, path: string, options = {}) =>
  compareSuite({ ...quick, ...config }, { folder: path, ...options })

test('setup once before, prepare before each run, teardown once after, workload by workload', async () => {
  const { path, log } = place()
  const of = (name: string) => ({
    name,
    setup: `echo setup ${name} >> log`,
    prepare: ['sh', '-c', `echo prepare ${name} >> log`],
    command: `echo run ${name} >> log`,
    teardown: `echo teardown ${name} >> log`,
  })
  const result = await run({ workloads: [of('a'), of('b')] }, path)
  // Two blocks of two heaps and the control.
  const each = (name: string) => Array.from({ length: 6 }, () => [`prepare ${name}`, `run ${name}`]).flat()
  const all = (name: string) => [`setup ${name}`, ...each(name), `teardown ${name}`]
  expect(log()).toEqual([...all('a'), ...all('b')])
  expect(result.workloads.map(({ name, blocks, problem }) => [name, blocks, problem])).toEqual([
    ['a', 2, undefined],
    ['b', 2, undefined],
  ])
  expect(result.heaps.map(({ spec, state }) => [spec, state])).toEqual([
    ['system', 'active'],
    ['simple', 'active'],
  ])
  expect(result.cells).toHaveLength(2 * 3 * 2)
  expect(result.overall).toHaveLength(3 * 2)
  expect(result).toMatchObject({ blocks: 4, requestedBlocks: 4, partial: false })
})

test('working folder, environment, stdin and metrics are the workload’s, before the suite’s', async () => {
  const { path } = place()
  mkdirSync(join(path, 'sub'))
  writeFileSync(join(path, 'sub/input'), 'value 7\n')
  const result = await run(
    {
      cwd: 'sub',
      env: { ONE: '1', TWO: '2', HOME: undefined },
      metrics: ['wall'],
      blocks: 1,
      workloads: [
        { name: 'a', command: 'cat; cat', stdin: 'input', metrics: ['n=/value (\\d+)/'], higherIsBetter: ['n'] },
        {
          name: 'b',
          command: 'test -z "$HOME" && echo "n $ONE$TWO" | tr -d a-z',
          env: { TWO: '3' },
          metrics: ['n=/(\\d+)/'],
        },
        { name: 'c', command: 'test "$(basename "$PWD")" = sub', blocks: 3, threshold: 0.2 },
      ],
    },
    path,
  )
  const runs = (name: string) => result.cells.filter(({ workload }) => workload === name).map((cell) => cell.runs)
  expect(runs('a')).toEqual([[7], [7]])
  expect(runs('b')).toEqual([[13], [13]])
  expect(result.cells.filter(({ workload }) => workload === 'c')).toMatchObject([
    { metric: 'wall', threshold: 0.2, failures: [] },
    { metric: 'wall', threshold: 0.2, failures: [] },
  ])
  expect(result.workloads.map(({ requestedBlocks }) => requestedBlocks)).toEqual([1, 1, 3])
})

describe('a workload that cannot be made ready', () => {
  test.each([
    ['setup', { setup: 'echo no luck >&2; exit 4', command: 'true' }, /setup: .*exit status 4/, /no luck/],
    ['setup', { setup: ['not-a-program-of-anybody'], command: 'true' }, /setup: .*not-a-program-of-anybody/, /./],
    ['setup', { setup: 'sleep 60', setupTimeoutMs: 200, command: 'true' }, /setup: .*no end within 200 ms/, /./],
    ['prepare', { prepare: 'exit 3', command: 'true' }, /prepare: .*exit status 3/, /./],
    ['start', { setup: 'true', command: ['./is-not-made'] }, /is-not-made/, /./],
    ['start', { setup: 'true', command: 'cat', stdin: 'nothing-there' }, /stdin: .*nothing-there/, /^$/],
  ])('%s: %j is named, torn down, and the others run', async (phase, workload, message, hint) => {
    const { path, log } = place()
    const result = await run(
      {
        workloads: [
          { name: 'bad', ...workload, teardown: 'echo teardown >> log' },
          { name: 'good', command: 'true' },
        ],
      },
      path,
    )
    expect(log()).toEqual(['teardown'])
    expect(result.workloads).toMatchObject([
      { name: 'bad', blocks: 0, problem: { phase, message: expect.stringMatching(message) } },
      { name: 'good', blocks: 2 },
    ])
    expect(result.workloads[0]?.problem?.hint).toMatch(hint)
    const [first] = result.warnings
    expect(first?.code).toBe(`${phase}-failed`)
    expect(first?.message).toMatch(/^bad: [\s\S]*Nothing was measured/)
    // It has its cells, with nothing in them.
    expect(result.cells.filter(({ workload: name }) => name === 'bad').map(({ runs }) => runs)).toEqual(
      Array.from({ length: 6 }, () => []),
    )
    expect(result.heaps.map(({ state }) => state)).toEqual(['active', 'active'])
  })

  test('a teardown that fails is told, and the numbers stand', async () => {
    const { path } = place()
    const result = await run({ workloads: [{ name: 'a', command: 'true', teardown: 'exit 9' }] }, path)
    expect(result.workloads).toMatchObject([{ blocks: 2, problem: { phase: 'teardown' } }])
    expect(result.warnings[0]).toMatchObject({ code: 'teardown-failed', message: expect.stringContaining('stand') })
  })
})

test('what a setup leaves running and no teardown ends is ended, and said', async () => {
  const { path } = place()
  const setup = 'sleep 543 & echo $! > pid; trap "" TERM; sleep 544 & echo $! >> pid'
  const result = await run({ workloads: [{ name: 'a', command: 'true', setup }] }, path)
  const pids = readFileSync(join(path, 'pid'), 'utf8').trim().split('\n').map(Number)
  expect(pids).toHaveLength(2)
  for (const pid of pids) await until(() => !existsSync(`/proc/${pid}`), `the end of ${pid}`)
  const [warning] = result.warnings.filter(({ code }) => code === 'setup-leftovers')
  for (const pid of pids) expect(warning?.message).toContain(`(${pid})`)
})

describe('stopped', () => {
  const of = (name: string, command = 'sleep 0.1') => ({ name, command, teardown: `echo teardown ${name} >> log` })

  test('in a run: what there is is kept, the teardown is run, and the rest is named', async () => {
    const { path, log } = place()
    const controller = new AbortController()
    const signal = controller.signal
    const running = run({ workloads: [of('a', 'true'), of('b', 'touch begun; sleep 30'), of('c')] }, path, { signal })
    await until(() => existsSync(join(path, 'begun')), 'the second workload')
    controller.abort()
    const result = await running
    expect(log()).toEqual(['teardown a', 'teardown b'])
    expect(result.partial).toBe(true)
    expect(result.workloads.map(({ name, blocks }) => [name, blocks])).toEqual([
      ['a', 2],
      ['b', 0],
      ['c', 0],
    ])
    const [told] = result.warnings.filter(({ code }) => code === 'not-begun')
    expect(told?.message).toMatch(/: c\./)
    expect(result.warnings.filter(({ code }) => code === 'interrupted')).toMatchObject([
      { message: expect.stringMatching(/^b: /) },
    ])
  })

  test('in a setup: nothing of it is left, its teardown is run', async () => {
    const { path, log } = place()
    const controller = new AbortController()
    const setup = 'sleep 545 & echo $! > pid; wait'
    const workloads = [{ ...of('a'), setup }, of('b')]
    const running = run({ workloads }, path, { signal: controller.signal })
    await until(() => existsSync(join(path, 'pid')), 'the setup')
    controller.abort()
    const result = await running
    const pid = readFileSync(join(path, 'pid'), 'utf8').trim()
    await until(() => !existsSync(`/proc/${pid}`), `the end of ${pid}`)
    expect(log()).toEqual(['teardown a'])
    expect(result).toMatchObject({ partial: true, blocks: 0 })
    expect(result.warnings.find(({ code }) => code === 'not-begun')?.message).toMatch(/: a, b\./)
  })

  test('by time: each workload has its part of it', async () => {
    const { path } = place()
    const workloads = [
      { ...of('a'), blocks: 1000 },
      { ...of('b'), blocks: 1000 },
    ]
    const result = await run({ workloads, maxTimeMs: 3000 }, path)
    for (const { blocks } of result.workloads) expect(blocks).toBeGreaterThan(0)
    expect(result.partial).toBe(true)
  })
})

describe('two builds of a program', () => {
  test('are both run under the heap, the earlier one as the baseline', async () => {
    const { path } = place()
    const workload = { command: ['echo', 'n', '2'], against: ['echo', 'n', '1'], metrics: ['n=/n (\\d)/'] }
    const result = await compareSuite(
      { blocks: 5, warmupBlocks: 0, workloads: [{ name: 'a', ...workload }] },
      { folder: path },
    )
    expect(result.heaps.map(({ spec, label, command }) => [spec, label, command])).toEqual([
      ['default', 'echo 1', ['echo', 'n', '1']],
      ['default', 'echo 2', ['echo', 'n', '2']],
    ])
    expect(result.cells.map(({ runs, ratio }) => [runs[0], ratio])).toEqual([
      [1, 1],
      [2, expect.closeTo(2, 9)],
    ])
  })

  test('in some workloads only is a mistake', async () => {
    const workloads = [
      { name: 'a', command: 'true' },
      { name: 'b', command: 'true', against: 'false' },
    ]
    await expect(run({ workloads }, folder.path)).rejects.toMatchObject({ code: 'CONFIG' })
  })
})

describe('what is wrong is found before anything is run', () => {
  const good = { name: 'good', command: 'touch has-run' }
  test.each<[Partial<Alloc8Config> & Pick<Alloc8Config, 'workloads'>, object, string, RegExp]>([
    [{ workloads: [good, { name: 'b', command: ['./none'] }] }, {}, 'TARGET_NOT_FOUND', /workload "b": .*none/],
    [{ workloads: [good, { name: 'b', command: 'true', stdin: 'none' }] }, {}, 'CONFIG', /workload "b": stdin: .*none/],
    [
      { workloads: [good, { name: 'b', command: 'true', metrics: ['cpuu'] }] },
      {},
      'CONFIG',
      /workload "b": metrics: .*cpuu/,
    ],
    [{ workloads: [good, { name: 'b', command: 'true', metrics: ['rss-mean'] }] }, {}, 'CONFIG', /"b": .*services/],
    [
      { workloads: [good, { name: 'b', command: 'true', threshold: { cpux: 0.1 } }] },
      {},
      'CONFIG',
      /"b": threshold: .*cpux/,
    ],
    [{ workloads: [good], gate: ['memory'] }, {}, 'CONFIG', /^gate: no metric is called "memory"/],
    [{ workloads: [good], threshold: { memory: 0.1 } }, {}, 'CONFIG', /^threshold: no metric is called "memory"/],
    [{ workloads: [good], heaps: ['jemaloc'] }, {}, 'HEAP_UNKNOWN', /jemaloc/],
    [{ workloads: [good], heaps: ['./none.so'] }, {}, 'HEAP_LIBRARY', /none\.so/],
    [{ workloads: [good] }, { workloads: ['goood'] }, 'USAGE', /no workload is called "goood"/],
    [{ workloads: [{ ...good, blocks: 0 }] }, {}, 'CONFIG', /workloads\[0\]\.blocks/],
  ])('%j %j', async (config, options, code, message) => {
    const { path } = place()
    await expect(run(config, path, options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(existsSync(join(path, 'has-run'))).toBe(false)
  })
})

test('flags go before the suite’s words, and choose workloads', async () => {
  const { path } = place()
  const workloads = [
    { name: 'a', command: 'true', blocks: 4, metrics: ['cpu'] },
    { name: 'b', command: 'true' },
  ]
  const options = { workloads: ['a'], blocks: 1, heaps: ['simple'], metrics: ['wall'], seed: 5, threshold: 0.5 }
  const result = await run({ workloads, seed: 4 }, path, options)
  expect(result.workloads).toMatchObject([{ name: 'a', blocks: 1 }])
  expect(result.heaps.map(({ spec }) => spec)).toEqual(['simple'])
  expect(result).toMatchObject({ seed: 5, cells: [{ metric: 'wall', threshold: 0.5 }] })
})

test('progress is that of the whole suite', async () => {
  const { path } = place()
  const seen: { workload?: string | undefined; workloadsDone?: number | undefined; workloads?: number | undefined }[] =
    []
  const workloads = ['a', 'b'].map((name) => ({ name, command: 'true' }))
  await run({ workloads }, path, { onProgress: (progress: object) => seen.push(progress) })
  expect(seen[0]).toMatchObject({ workload: 'a', workloadsDone: 0, workloads: 2, remainingMs: null })
  expect(seen.at(-1)).toMatchObject({ workload: 'b', workloadsDone: 1, workloads: 2, remainingMs: 0 })
})

describe('names of metrics that are put aside', () => {
  const metrics = ['n=/(\\d+)/', 'wall']
  const a = { name: 'a', command: 'echo 7', metrics, higherIsBetter: ['n'], threshold: { n: 0.1, wall: 0.2 } }
  const b = { name: 'b', command: 'true', metrics: ['wall'] }
  const both = { workloads: [a, b], gate: ['n'], higherIsBetter: ['n'], threshold: { n: 0.1 } }
  const once = { blocks: 1, heaps: ['system'] }
  const metricsOf = async (config: Alloc8Config, options: object) => {
    const { cells } = await compareSuite(config, { ...once, ...options })
    return cells.map(({ workload, metric, threshold }) => [workload, metric, threshold])
  }

  test('by --metric: they have no effect', async () => {
    expect(await metricsOf({ warmupBlocks: 0, ...both }, { metrics: ['wall'] })).toEqual([
      ['a', 'wall', 0.2],
      ['b', 'wall', 0.01],
    ])
    const others = { metrics: ['peak-rss'], workloads: ['b'] }
    expect(await metricsOf({ warmupBlocks: 0, ...both }, others)).toEqual([['b', 'peak-rss', 0.01]])
  })

  test('by --workload: those of the others are right', async () => {
    expect(await metricsOf({ warmupBlocks: 0, ...both }, { workloads: ['b'] })).toEqual([['b', 'wall', 0.01]])
  })

  test.each<[string, Alloc8Config, RegExp]>([
    ['higherIsBetter', { workloads: [{ ...a, higherIsBetter: ['m'] }] }, /"a": higherIsBetter: .*"m"/],
    ['threshold', { workloads: [{ ...a, threshold: { m: 0.5 } }] }, /"a": threshold: no metric is called "m"/],
    ['gate', { ...both, gate: ['m'] }, /^gate: no metric is called "m"/],
    ['higherIsBetter of all', { ...both, higherIsBetter: ['m'] }, /^higherIsBetter: no metric is called "m"/],
    ['threshold of all', { ...both, threshold: { m: 0.5 } }, /^threshold: no metric is called "m"/],
  ])('a mistake in %s is still one', async (_, config, message) => {
    const error = await compareSuite(config, { ...once, metrics: ['wall'] }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'CONFIG', message: expect.stringMatching(message) })
  })
})
