/**
 * Ctrl-C, kill and readers that go away, at any moment: the right status, what there is is written, and no process and
 * no file is left. Targets carry an argument that no other process has, by which they are looked for.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { alloc8, cliPath, gone, start, started, uniqueMarker } from '../support/cli.ts'
import { scratch, until } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

/** A target that hangs, in two processes that carry the marker. */
const hangs = (marker: string) => ['bash', '-c', 'bash -c "while :; do sleep 0.05; done" "$0" "$0" & wait', marker]

/** The same in the foreground; what a shell has in the background does not take Ctrl-C. */
const foreground = (marker: string) => ['bash', '-c', 'bash -c "while :; do sleep 0.05; done" "$0" "$0"; :', marker]

/** A target with a trap for signals; `ready` resolves once it is set. */
function trapping(trap: string, marker: string): { words: string[]; ready: Promise<void> } {
  const file = join(folder.path, `ready-${marker}`)
  const script = `${trap}; touch "$1"; while :; do sleep 0.05; done`
  const ready = () => until(() => existsSync(file), 'the target sets its trap')
  return { words: ['bash', '-c', script, marker, file], ready: ready() }
}

/** A target that hangs, in one. */
const sleeper = (marker: string) => ['bash', '-c', 'exec -a "$0" sleep 876', marker]

describe('run', () => {
  test('Ctrl-C reaches the target, whose status is passed on', async () => {
    const marker = uniqueMarker()
    const file = join(folder.path, 'run.json')
    const running = start(['run', '--heap', 'simple', '--json', file, '--', ...foreground(marker)])
    await started(marker)
    running.signalGroup('SIGINT')
    const { status, stderr } = await running.end
    expect(status).toBe(130)
    expect(stderr).toContain('killed by SIGINT')
    const result = JSON.parse(readFileSync(file, 'utf8'))
    expect(schemaProblems('run', result)).toEqual([])
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGINT' })
    await gone(marker)
  })

  test('Ctrl-C is the target’s business: it may go on', async () => {
    const marker = uniqueMarker()
    const target = trapping('trap "echo caught; exit 17" INT', marker)
    const running = start(['run', '--no-summary', '--', ...target.words])
    await target.ready
    running.signalGroup('SIGINT')
    expect(await running.end).toMatchObject({ status: 17, stdout: 'caught\n' })
    await gone(marker)
  })

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s to alloc8 alone is passed on', async (signal) => {
    const marker = uniqueMarker()
    const running = start(['run', '--heap', 'simple', '--', ...sleeper(marker)])
    await started(marker)
    running.signalAlone(signal)
    const { status, stderr } = await running.end
    expect(status).toBe(signal === 'SIGTERM' ? 143 : 129)
    expect(stderr).toContain(`killed by ${signal}`)
    await gone(marker)
  })
})

describe('compare', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s gives a partial result', async (signal) => {
    const marker = uniqueMarker()
    const file = join(folder.path, `${marker}.json`)
    const log = join(folder.path, `${marker}.log`)
    const target = ['bash', '-c', `echo run >> ${log}; sleep 0.02`, marker]
    const blocks = ['--pairing', 'alone', '--blocks', '500', '--warmup-blocks', '0']
    const words = ['--heaps', 'system,simple', ...blocks, '--json', file]
    const running = start(['compare', ...words, '--', ...target])
    // A block is three runs: two heaps and the control. The seventh has begun, so the sixth has ended.
    const twoBlocks = 'run\n'.length * 7
    await until(() => existsSync(log) && readFileSync(log, 'utf8').length >= twoBlocks, 'two blocks')
    if (signal === 'SIGINT') running.signalGroup(signal)
    else running.signalAlone(signal)
    const { status, stdout, stderr } = await running.end
    expect(status).toBe(130)
    const result = JSON.parse(readFileSync(file, 'utf8'))
    expect(schemaProblems('compare', result)).toEqual([])
    expect(result).toMatchObject({ partial: true, requestedBlocks: 500 })
    expect(result.blocks).toBeGreaterThanOrEqual(2)
    expect(result.blocks).toBeLessThan(500)
    for (const { runs, failures } of result.cells) {
      expect(runs).toHaveLength(result.blocks)
      expect(failures).toEqual([])
    }
    expect(stdout).toContain('wall time')
    expect(stderr).toBe('alloc8: stopping with the blocks that there are; once more ends it at once\n')
    await gone(marker)
  })

  test('Ctrl-C during the first run: an empty result, no process', async () => {
    const marker = uniqueMarker()
    const file = join(folder.path, 'first.json')
    const running = start(['compare', '--heaps', 'system,simple', '--json', file, '--', ...hangs(marker)])
    await started(marker)
    running.signalGroup('SIGINT')
    expect((await running.end).status).toBe(130)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ partial: true, blocks: 0 })
    await gone(marker)
  })

  test('a target that ignores signals is ended all the same', async () => {
    const marker = uniqueMarker()
    const stubborn = trapping('trap "" INT TERM HUP', marker)
    const running = start(['compare', '--heaps', 'system,simple', '--', ...stubborn.words])
    await stubborn.ready
    running.signalGroup('SIGINT')
    expect((await running.end).status).toBe(130)
    await gone(marker)
  })

  test('a second Ctrl-C ends it at once, and still no process is left', async () => {
    const marker = uniqueMarker()
    const stubborn = trapping('trap "" INT TERM HUP', marker)
    const running = start(['compare', '--heaps', 'system,simple', '--', ...stubborn.words])
    await stubborn.ready
    running.signalGroup('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 300))
    running.signalGroup('SIGINT')
    expect((await running.end).status).toBe(130)
    await gone(marker)
  })

  test('Ctrl-C during --prepare leaves nothing of it', async () => {
    const marker = uniqueMarker()
    const prepare = `bash -c 'while :; do sleep 0.05; done' ${marker} ${marker}; true`
    const running = start(['compare', '--heaps', 'system,simple', '--prepare', prepare, '--', 'true'])
    await started(marker)
    running.signalAlone('SIGINT')
    expect((await running.end).status).toBe(130)
    await gone(marker)
  })

  test('killed outright, its target dies with it, and the next run sweeps up', async () => {
    const marker = uniqueMarker()
    const TMPDIR = join(folder.path, `killed-${marker}`)
    mkdirSync(TMPDIR)
    const words = ['compare', '--heaps', 'system,simple', '--', ...hangs(marker)]
    const child = spawn(process.execPath, [cliPath, ...words], {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, TMPDIR },
    })
    await started(marker)
    child.kill('SIGKILL')
    await gone(marker)
    expect(readdirSync(TMPDIR)).toHaveLength(1)
    await alloc8(['run', '--no-summary', '--', 'true'], { env: { TMPDIR } })
    expect(readdirSync(TMPDIR)).toEqual([])
  })
})

describe('readers that go away', () => {
  /** Runs a shell pipeline; `alloc8` stands for the command. Gives alloc8’s own status and stderr. */
  async function pipeline(words: string): Promise<{ status: string; stderr: string }> {
    const script = `set -o pipefail; { ${words.replaceAll('alloc8', `${process.execPath} ${cliPath}`)}; }`
    const child: ChildProcess = spawn('bash', ['-c', `${script}; echo "status \${PIPESTATUS[0]}" >&2`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    await new Promise((resolve) => child.once('close', resolve))
    return { status: /status (\d+)/.exec(stderr)?.[1] ?? '', stderr }
  }

  test.each([
    ['alloc8 heaps --verbose | head -1 > /dev/null'],
    ['alloc8 heaps --json - | true'],
    ['alloc8 --help | true'],
    ['alloc8 compare --heaps system,simple --blocks 2 --warmup-blocks 0 -- true | true'],
    ['alloc8 compare --heaps system,simple --blocks 2 --warmup-blocks 0 --json - -- true 2> /dev/null | true'],
    ['alloc8 run --heap simple --json - -- true 2> /dev/null | true'],
  ])('%s', async (words) => {
    const { stderr } = await pipeline(words)
    expect(stderr).not.toMatch(/EPIPE|^ +at |internal error|Unhandled/m)
  })

  test('a full disk is said, with a status of its own', async () => {
    for (const words of ['alloc8 heaps > /dev/full', 'alloc8 heaps --json - > /dev/full']) {
      const { status, stderr } = await pipeline(words)
      expect(stderr, words).toContain('ENOSPC')
      expect(stderr, words).not.toMatch(/^ +at |internal error|Unhandled/m)
      expect(Number(status), words).toBeGreaterThan(0)
    }
  })

  test('a closed stdout is no crash', async () => {
    for (const words of [
      'alloc8 heaps >&-',
      'alloc8 heaps --json - >&-',
      'alloc8 run --heap simple -- true >&- 2>&-',
    ]) {
      expect((await pipeline(words)).stderr, words).not.toMatch(/^ +at |internal error|Unhandled/m)
    }
  })
})
