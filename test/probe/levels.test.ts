/**
 * The probe's levels are changed while a program runs: from then on, in all processes of the session and in those that
 * begin later. What was not counted from the first block on is never called live.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../lib/api/run.ts'
import { nativeFile } from '../../lib/binding/native.ts'
import { plainPalette, runText } from '../../lib/report/index.ts'
import { createControl, levelSpan, readControl, setProbeLevels } from '../../lib/session/control.ts'
import { readProbes } from '../../lib/session/probes.ts'
import type { ProbeLevel, ProbeProcess, RunResult } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

let steps = ''
beforeAll(async () => {
  const source = readFileSync(join(import.meta.dirname, 'steps.c'), 'utf8')
  steps = await compile(folder.path, { name: 'steps', source })
})

const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const

type Change = ProbeLevel[] | ((session: string) => void | Promise<void>) | null

/** Runs the program step by step; before each step the levels are changed, or something else is done. */
async function inSteps(start: ProbeLevel, ...plan: [step: string, before: Change][]): Promise<RunResult> {
  const place = mkdtempSync(join(folder.path, 'steps-'))
  const session = join(place, 'session')
  const command = [steps, place, ...plan.map(([step]) => step)]
  const running = run({ command, heap: 'system', probe: start, sessionDirectory: session, ...quiet })
  let ended = false
  const over = () => {
    ended = true
  }
  running.then(over, over)
  for (const [index, [, before]] of plan.entries()) {
    while (!existsSync(join(place, `p${index}`)) && !ended) await sleep(2)
    if (typeof before === 'function') await before(session)
    else if (before !== null) setProbeLevels(session, before)
    writeFileSync(join(place, `g${index}`), '')
  }
  const result = await running
  expect(schemaProblems('run', JSON.parse(JSON.stringify(result)))).toEqual([])
  return result
}

const processes = ({ probe, exitCode }: RunResult): ProbeProcess[] => {
  expect([exitCode, probe?.unreadable]).toEqual([0, []])
  return probe?.processes ?? []
}
const only = (result: RunResult): ProbeProcess => {
  const all = processes(result)
  expect(all).toHaveLength(1)
  return all[0] as ProbeProcess
}

// The usable sizes of 1000 and 2000 bytes in glibc.
const [small, large] = [1000, 2008]

describe('live bytes that are counted later', () => {
  test('are a net since then, less than nothing where older blocks were freed', async () => {
    const result = await inSteps('counts', ['+100', null], ['*50', ['live']], ['-30', null])
    const more = only(result)
    expect(more).toMatchObject({ liveBlocks: null, liveBytes: null, peakBytes: null, peakAfterNs: null, gaps: 0 })
    expect(more).toMatchObject({ netBlocksSince: 50 - 30, netBytesSince: 50 * large - 30 * small })
    expect(more.sinceNs).toBeGreaterThan(0)
    expect(more.levels).toEqual(['counts', 'live'])
    const text = runText(result, { width: 200, unicode: false, palette: plainPalette })
    expect(text).toMatch(
      /^ {2}net +\+68\.8 KiB in \+20 blocks since [\d.]+ m?s after its start, when live bytes began/m,
    )
    expect(text).not.toMatch(/live at exit|peak live/)
    const less = only(await inSteps('counts', ['+100', null], ['*5', ['live']], ['-80', null]))
    expect(less).toMatchObject({ netBlocksSince: 5 - 80, netBytesSince: 5 * large - 80 * small })
  })

  test('are live where the level was on from the start without a gap', async () => {
    const always = only(await inSteps('live', ['+100', ['live', 'latency']], ['-30', ['live']]))
    expect(always).toMatchObject({ netBlocksSince: null, netBytesSince: null, sinceNs: null, gaps: null })
    expect((always.liveBytes ?? 0) % 1000).toBe((always.liveBytes ?? 0) - 70 * small)
    expect(always.liveBlocks).toBe(70)
  })

  test('are no longer live behind a gap, in which nothing is counted', async () => {
    const gap = only(await inSteps('live', ['+100', null], ['*50', ['counts']], ['-20', ['live']]))
    expect(gap).toMatchObject({ liveBlocks: null, liveBytes: null, peakBytes: null, gaps: 1, sinceNs: 0 })
    expect(gap).toMatchObject({ netBlocksSince: 100 - 20, netBytesSince: 80 * small })
  })

  test('are in a forked child what its parent has counted, in a new program its own', async () => {
    const all = processes(await inSteps('counts', ['+100', null], ['*50', ['live']], ['fork', null], ['exec', null]))
    const [parent, forked, execd] = [all[0], all.find(({ inherits }) => inherits), all.at(-1)]
    expect(parent).toMatchObject({ liveBlocks: null, netBlocksSince: 50 })
    expect(forked).toMatchObject({ liveBlocks: null, netBlocksSince: 50 - 10, netBytesSince: 50 * large - 10 * small })
    expect(forked?.sinceNs).toBeLessThan(0)
    expect(execd).toMatchObject({ forked: false, liveBlocks: 5, liveBytes: 5 * small, netBlocksSince: null })
  })
})

test('turned off, nothing is counted; turned on again, all is', async () => {
  const { total, levels } = only(
    await inSteps('counts', ['+10', null], ['+700', []], ['*20', ['counts']], ['+1', null]),
  )
  const of = (upTo: number) => total.sizes.find(({ upToBytes }) => upToBytes === upTo)?.requests
  expect([of(1024), of(2048), levels]).toEqual([11, 20, ['counts']])
})

test('latencies begin where they were asked for, and end', async () => {
  const process = only(
    await inSteps('counts', ['+100', null], ['*60', ['latency']], ['-40', null], ['+30', ['counts']]),
  )
  const found = Object.fromEntries((process.latency?.entries ?? []).map(({ entry, count }) => [entry, count]))
  expect(found).toEqual({ malloc: 60, free: 40 })
})

describe('the page', () => {
  test('may hold anything: the program goes on', async () => {
    let changed = 0
    const spoil = async (session: string) => {
      const read = await open(join(session, 'control'), 'r')
      await read.chmod(0o600)
      const file = await open(join(session, 'control'), 'r+')
      for (let round = 0; round < 200; round++, changed++) {
        const bytes = Buffer.alloc(64, round % 3 === 0 ? 0xff : round)
        for (const [at] of bytes.entries()) bytes[at] = (bytes[at] ?? 0) ^ ((at * 37 * round) & 255)
        await file.write(bytes, 0, 64, 0)
        await sleep(1)
      }
      await Promise.all([file.close(), read.close()])
    }
    const result = await inSteps('live', ['+90000', null], ['-90000', spoil], ['+100', null])
    expect([result.exitCode, result.signal, changed]).toEqual([0, null, 200])
    expect(result.probe?.unreadable.join()).toMatch(/control: .* at offset \d+/)
    expect(result.probe?.processes).toHaveLength(1)
  })

  const direct = async (prepare: (session: string) => void) => {
    const session = mkdtempSync(join(folder.path, 'direct-'))
    prepare(session)
    const env = { ALLOC8_SESSION: session, ALLOC8_PROBE: 'live', LD_PRELOAD: nativeFile('liballoc8-probe.so') }
    const ended = await promisify(execFile)(steps, [session, 'exec-ed'], { env }).then(
      () => 0,
      (error) => error,
    )
    return { ended, probe: readProbes(session, []) }
  }

  test.each<[string, (session: string) => void]>([
    ['that is not there', () => {}],
    [
      'that is cut short',
      (session) => {
        createControl(session, { levels: ['counts'] })
        truncateSync(join(session, 'control'), 4095)
      },
    ],
    ['that is empty', (session) => writeFileSync(join(session, 'control'), '')],
    ['of other bytes', (session) => writeFileSync(join(session, 'control'), Buffer.alloc(4096, 0xff))],
    ['that is a folder', (session) => mkdirSync(join(session, 'control'))],
  ])('a page %s leaves the levels of the environment', async (_, prepare) => {
    const { ended, probe } = await direct(prepare)
    expect(ended).toBe(0)
    expect(probe.processes).toMatchObject([{ levels: ['counts', 'live'], liveBlocks: 5, liveBytes: 5 * small }])
  })

  test('is stronger than the environment, and not to be written by accident', async () => {
    const { ended, probe } = await direct((session) => {
      createControl(session, { levels: ['counts'] })
      expect(statSync(join(session, 'control')).mode & 0o777).toBe(0o440)
      setProbeLevels(session, ['counts', 'latency'])
      expect(statSync(join(session, 'control')).mode & 0o777).toBe(0o440)
    })
    expect(ended).toBe(0)
    expect(probe.processes).toMatchObject([{ levels: ['counts', 'latency'], liveBlocks: null, netBlocksSince: null }])
    expect(probe.latency?.entries).toMatchObject([{ entry: 'malloc', count: 5 }])
  })

  test('has every change of several controllers, and outlives one that was killed', async () => {
    const session = mkdtempSync(join(folder.path, 'several-'))
    createControl(session, { levels: ['counts'] })
    writeFileSync(join(session, 'control.lock'), '')
    const from = JSON.stringify(join(import.meta.dirname, '../../dist/session/control.js'))
    const code = `import { setProbeLevels as set } from ${from}
      for (let i = 0; i < 30; i++) set(${JSON.stringify(session)}, i % 2 ? ['live'] : [])`
    const each = [0, 1, 2].map(() => promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]))
    await Promise.all(each)
    const { changes, history, levels } = readControl(session) ?? { changes: 0, history: [], levels: [] }
    expect([changes, history.length, history.at(-1)?.levels]).toEqual([90, 90, levels])
    expect(history.every(({ ns }, index) => ns >= (history[index - 1]?.ns ?? 0n))).toBe(true)
    expect(existsSync(join(session, 'control.lock'))).toBe(false)
  })

  test('is refused where it is none', () => {
    expect(() => setProbeLevels(folder.path, ['live'])).toThrow(/no session of which the levels can be changed/)
    expect(() => setProbeLevels(folder.path, ['much' as ProbeLevel])).toThrow(/expected some of counts/)
  })

  test('tells since when, for as many changes as it keeps', () => {
    const session = mkdtempSync(join(folder.path, 'page-'))
    createControl(session, { levels: ['counts'] })
    const began = { startLevels: ['counts', 'live'] as ProbeLevel[], startNs: 1n, changes: 0 }
    expect(levelSpan(readControl(session), 'live', began)).toEqual({ whole: true, since: 1n, gaps: 0 })
    for (let change = 0; change < 240; change++) setProbeLevels(session, change % 2 ? ['live'] : [])
    expect(levelSpan(readControl(session), 'live', began)).toEqual({ whole: false, since: 1n, gaps: 120 })
    setProbeLevels(session, ['live'])
    expect(readControl(session)).toMatchObject({ levels: ['counts', 'live'], changes: 241 })
    expect(levelSpan(readControl(session), 'live', began)).toBeNull()
    expect(levelSpan(readControl(session), 'live', { ...began, changes: 241 })).toMatchObject({ whole: true })
    expect(levelSpan(readControl(session), 'live', { ...began, changes: 242 })).toBeNull()
  })
})
