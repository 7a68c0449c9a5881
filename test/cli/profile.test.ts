/** What a run has sampled, in every format, by itself and from a kept session: of programs of which the truth is known. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Profile as Pprof } from 'pprof-format'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Profile, RunResult } from '../../lib/types.ts'
import { alloc8 } from '../support/cli.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)
const at = (name: string) => join(folder.path, name)

/** Leaves 2000 blocks of 10 000 bytes by one function, and frees 20 000 of 5000 by another in a thread. */
const source = `
#include <pthread.h>
#include <stdlib.h>
static void *kept[2000];
__attribute__((noinline)) static void leave(void) {
  for (int i = 0; i < 2000; i++) kept[i] = malloc(10000); // here
}
__attribute__((noinline)) static void *churn(void *nothing) {
  for (int i = 0; i < 20000; i++) {
    char *volatile block = malloc(5000);
    free(block);
  }
  return nothing;
}
int main(void) {
  pthread_t thread;
  pthread_create(&thread, 0, churn, 0);
  leave();
  pthread_join(thread, 0);
  return kept[0] == 0;
}
`
const left = 2000 * 10_000
const churned = 20_000 * 5000
let program = ''
beforeAll(async () => {
  program = await compile(folder.path, { name: 'leaves', source, flags: ['-g', '-pthread'] })
})

const session = () => at('session')

test('a run writes all formats at once, and the largest stacks under its summary', async () => {
  const formats = ['--flamegraph', at('a.html'), '--collapsed', at('a.txt'), '--pprof', at('a.pb.gz')]
  const others = ['--google-pprof', at('a.heap'), '--speedscope', at('a.speedscope.json')]
  const more = [...others, '--profile', at('a.json'), '--json', at('run.json')]
  const sampling = ['--sample-bytes', '64K', '--session', session()]
  const { status, stdout, stderr } = await alloc8(['run', ...formats, ...more, ...sampling, '--', program])
  expect([status, stdout]).toEqual([0, ''])
  expect(stderr).toMatch(
    /live at exit, by stack\n.* \[.*\], 100 %, about [\d,]+ blocks\n +leave {2}.*leaves\.c:6\n +main {2}/,
  )
  expect(stderr).toMatch(/allocated, by stack\n.*\n +churn {2}/)

  const profile: Profile = JSON.parse(readFileSync(at('a.json'), 'utf8'))
  expect(schemaProblems('profile', profile)).toEqual([])
  const result: RunResult = JSON.parse(readFileSync(at('run.json'), 'utf8'))
  expect(schemaProblems('run', result)).toEqual([])
  expect(result.profile).toEqual(profile)
  expect(profile).toMatchObject({ sampleBytes: 65_536, warnings: [], unreadable: [] })
  expect(profile.processes.map(({ executable }) => executable)).toEqual([program])

  expect(readFileSync(at('a.html'), 'utf8')).toMatch(/^<!doctype html>.*leave.*<\/html>\n$/s)
  expect(readFileSync(at('a.txt'), 'utf8')).toMatch(/^.*main;leave \d+$/m)
  expect(JSON.parse(readFileSync(at('a.speedscope.json'), 'utf8')).profiles).toHaveLength(4)
  expect(Pprof.decode(gunzipSync(readFileSync(at('a.pb.gz')))).sample).toHaveLength(profile.stacks.length)
})

test('estimates agree with what the program did: each within four standard deviations', () => {
  const profile: Profile = JSON.parse(readFileSync(at('a.json'), 'utf8'))
  const own = profile.stacks.map((stack) => ({ ...stack, caller: profile.frames[stack.frames[0] ?? 0] }))
  const near = (estimate: Profile['liveBytes'] | undefined, truth: number) =>
    Math.abs((estimate?.value ?? 0) - truth) < 4 * Math.sqrt(estimate?.variance ?? 0)
  const leave = own.find(({ caller }) => caller?.function === 'leave')
  const churn = own.find(({ caller }) => caller?.function === 'churn')
  expect(leave?.caller).toMatchObject({ file: at('leaves.c'), line: 6, kind: 'native' })
  expect([near(leave?.allocatedBytes, left), near(leave?.liveBytes, left)]).toEqual([true, true])
  expect(near(churn?.allocatedBytes, churned)).toBe(true)
  expect([churn?.liveBytes.value, churn?.liveSamples]).toEqual([0, 0])
  expect(profile.threads[churn?.thread ?? 0]).not.toEqual(profile.threads[leave?.thread ?? 0])
  expect([leave?.complete, churn?.complete]).toEqual([true, true])
})

describe("gperftools' own pprof", () => {
  beforeEach(({ skip }) => requireOrSkip(skip, lackingTool('google-pprof', 'google-perftools')))

  test('reads the file by itself, and shows what the profile says', () => {
    const profile: Profile = JSON.parse(readFileSync(at('a.json'), 'utf8'))
    const sum = (name: string, key: 'liveBytes' | 'allocatedBytes') =>
      profile.stacks
        .filter(({ frames }) => profile.frames[frames[0] ?? 0]?.function === name)
        .reduce((all, stack) => all + stack[key].value, 0)
    for (const [kind, name, key] of [
      ['inuse_space', 'leave', 'liveBytes'],
      ['alloc_space', 'churn', 'allocatedBytes'],
    ] as const) {
      const words = ['--text', '--show_bytes', `--${kind}`, at('a.heap')]
      const { status, stdout, stderr } = spawnSync('google-pprof', words, { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, expect.not.stringContaining('Adjusting')])
      const bytes = Number(new RegExp(`^ *(\\d+) .* ${name}$`, 'm').exec(stdout)?.[1])
      expect(Math.abs(bytes - sum(name, key))).toBeLessThan(2)
      expect(stdout).toMatch(/^ *\d+ .* main$/m)
    }
  })
})

describe('alloc8 profile', () => {
  test('shows a kept session, and makes the same of it as the run did', async () => {
    const { status, stdout, stderr } = await alloc8(['profile', session()])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^[\d.]+ MiB \[.*\] allocated, [\d.]+ MiB \[.*\n.*live at exit, by stack\n/s)
    await alloc8(['profile', session(), '--profile', at('b.json'), '--pprof', at('b.pb.gz')])
    expect(JSON.parse(readFileSync(at('b.json'), 'utf8'))).toEqual(JSON.parse(readFileSync(at('a.json'), 'utf8')))
    expect(readFileSync(at('b.pb.gz')).equals(readFileSync(at('a.pb.gz')))).toBe(true)
  })

  test('collapsed stacks to stdout, by what is live', async () => {
    const { stdout } = await alloc8(['profile', session(), '--collapsed', '-', '--collapsed-of', 'live'])
    expect(stdout).toMatch(/^\S+;main;leave \d+\n$/)
  })

  test('names what is no session, and sessions without samples; no file is written', async () => {
    mkdirSync(at('empty'))
    writeFileSync(at('file'), '')
    for (const [path, words] of [
      [at('nothing'), 'expected the folder of a session'],
      [at('file'), 'expected the folder of a session'],
      [at('empty'), 'nothing was sampled'],
    ] as const) {
      const { status, stdout, stderr } = await alloc8(['profile', path, '--profile', at('none.json')])
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toContain(words)
      expect(stderr).toContain('--probe sample --session')
      expect(existsSync(at('none.json'))).toBe(false)
    }
    const wrong = await alloc8(['profile', session(), '--collapsed', '-', '--collapsed-of', 'everything'])
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('allocated, live')])
  })

  test('says which files of a session it could not read, and reads the others', async () => {
    writeFileSync(join(session(), '7-7.samples'), 'no samples at all')
    const { status, stdout } = await alloc8(['profile', session()])
    expect([status, stdout.replace(/\s+/g, ' ')]).toEqual([0, expect.stringContaining('warning: 7-7.samples: ')])
    expect(stdout).toContain('leave')
  })
})

test('without sampling there is no profile, and two reports to stdout are wrong usage', async () => {
  await alloc8(['run', '--no-summary', '--probe', 'live', '--json', at('plain.json'), '--', 'true'])
  expect(JSON.parse(readFileSync(at('plain.json'), 'utf8')).profile).toBe(null)
  const { status, stderr } = await alloc8(['run', '--json', '-', '--collapsed', '-', '--', 'true'])
  expect([status, stderr]).toEqual([125, expect.stringContaining('stdout for one report')])
})

test('a Node program shows its JavaScript functions', async () => {
  const script = at('app.js')
  const code = `function order() { const all = []; for (let i = 0; i < 300; i++) all.push(Buffer.alloc(20000, i)); return all }
function serve() { for (let i = 0; i < 20; i++) order() }
serve()
`
  writeFileSync(script, code)
  const flags = ['--perf-basic-prof', '--interpreted-frames-native-stack']
  const kept = at('kept')
  const words = ['run', '--no-summary', '--session', kept, '--collapsed', '-', '--', process.execPath, ...flags, script]
  const { status, stdout } = await alloc8(words)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^_start;.*main.*;serve;order;.* \d{7,}$/m)
  // The session has what names them, a little of the map that lies in /tmp, and is shown by that alone.
  const samples = readdirSync(kept).find((name) => name.endsWith('.samples'))
  const map = `/tmp/perf-${Number.parseInt(samples ?? '', 10)}.map`
  const own = readdirSync(kept).filter((name) => name.endsWith('.map'))
  expect(own).toHaveLength(1)
  expect(statSync(join(kept, own[0] ?? '')).size * 10).toBeLessThan(statSync(map).size)
  rmSync(map)
  expect(await alloc8(['profile', kept, '--collapsed', '-'])).toMatchObject({ status: 0, stdout, stderr: '' })
})
