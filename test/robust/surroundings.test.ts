/**
 * Where a controller runs and what goes on around it: temporary folders of every kind, other comparisons, processes that
 * somebody stops and continues, output of every byte and of any length. The result is that of a quiet day, or a clear
 * error.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompareResult, RunResult } from '../../lib/types.ts'
import { alloc8, buildCli, cliPath, gone, processesWith, start, started, uniqueMarker } from '../support/cli.ts'
import { scratch, until } from '../support/launching.ts'
import { asNobody, lackingNobody, requireOrSkip } from '../support/needs.ts'

const folder = scratch()
afterAll(folder.remove)
const unruly = join(folder.path, 'unruly')
beforeAll(() => {
  buildCli()
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', unruly, join(import.meta.dirname, 'unruly.c')])
})

/** Two heaps in two blocks: short, and yet a whole comparison. */
const short = ['compare', '--heaps', 'system,simple', '--blocks', '2', '--warmup-blocks', '0']

/** What a comparison says that went well. */
function expectWhole(result: CompareResult, blocks = 2): void {
  expect(result.partial).toBe(false)
  for (const cell of result.cells) {
    expect(cell.failures, cell.heap).toEqual([])
    expect(cell.runs.filter((value) => value !== null)).toHaveLength(blocks)
  }
  expect(result.heaps.map(({ state }) => state)).toEqual(['active', 'active'])
}

describe('the temporary folder', () => {
  test.each(['with spaces and $signs', 'größe ✓ 測試', "it's:a;list", '-n', 'line\nbreak'])('%j', async (name) => {
    const place = join(folder.path, name)
    mkdirSync(place)
    const file = join(folder.path, 'named.json')
    const script = 'printenv ALLOC8_SESSION | wc -c; /bin/true'
    const { status, stderr } = await alloc8([...short, '--json', file, '--', 'sh', '-c', script], {
      env: { TMPDIR: place },
    })
    expect([status, stderr.includes('was not witnessed')]).toEqual([0, false])
    expectWhole(JSON.parse(readFileSync(file, 'utf8')))
    expect(readdirSync(place)).toEqual([])
  })

  test('that cannot be written to: an error that names it and says what to do', async ({ skip }) => {
    const lacking = lackingNobody(cliPath)
    if (lacking !== null) skip(lacking)
    const place = join(folder.path, 'read-only')
    mkdirSync(place, { mode: 0o555 })
    chmodSync(folder.path, 0o755)
    for (const [command, expected] of [
      [['run', '--', 'true'], 125],
      [[...short, '--', 'true'], 2],
    ] as const) {
      const { status, stdout, stderr } = await alloc8(command, { as: asNobody, env: { TMPDIR: place } })
      expect([status, stdout]).toEqual([expected, ''])
      expect(stderr).toContain(`cannot make a session folder in ${place}: EACCES`)
      expect(stderr).toContain('TMPDIR')
    }
  })

  test('on a file system that is mounted read-only', async ({ skip }) => {
    const place = join(folder.path, 'mounted')
    mkdirSync(place)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', place]).status === 0
    requireOrSkip(skip, mounted ? null : 'mounting needs root')
    try {
      const { status, stderr } = await alloc8(['run', '--', 'true'], { env: { TMPDIR: place } })
      expect(status).toBe(125)
      expect(stderr).toContain(`cannot make a session folder in ${place}: EROFS`)
    } finally {
      execFileSync('umount', [place])
    }
  })

  test('that does not exist, or is a file', async () => {
    const file = join(folder.path, 'a-file')
    writeFileSync(file, '')
    for (const place of [join(folder.path, 'missing'), file]) {
      const { status, stderr } = await alloc8(['run', '--', 'true'], { env: { TMPDIR: place } })
      expect(status).toBe(125)
      expect(stderr).toContain(`cannot make a session folder in ${place}`)
    }
  })
})

test('two comparisons at once in one folder: each as if it were alone', async () => {
  const place = join(folder.path, 'shared')
  mkdirSync(place)
  const compare = async (index: number) => {
    const file = join(folder.path, `at-once-${index}.json`)
    const args = [...short, '--json', file, '--', 'sh', '-c', 'for i in 1 2 3; do /bin/true; done']
    const { status } = await alloc8(args, { env: { TMPDIR: place } })
    expect(status).toBe(0)
    const result: CompareResult = JSON.parse(readFileSync(file, 'utf8'))
    expectWhole(result)
  }
  await Promise.all([compare(0), compare(1), compare(2)])
  expect(readdirSync(place)).toEqual([])
})

describe('stopped and continued', () => {
  /** A comparison of a target that takes a tenth of a second, from its second run on. */
  async function begin(marker: string, file: string) {
    const target = ['bash', '-c', 'sleep 0.1; :', marker]
    const run = start([...short, '--blocks', '5', '--json', file, '--', ...target])
    await started(marker)
    return run
  }
  const pause = () => new Promise((resolve) => setTimeout(resolve, 400))

  test('the controller', async () => {
    const file = join(folder.path, 'stopped-controller.json')
    const run = await begin(uniqueMarker(), file)
    run.signalAlone('SIGSTOP')
    await pause()
    run.signalAlone('SIGCONT')
    expect((await run.end).status).toBe(0)
    expectWhole(JSON.parse(readFileSync(file, 'utf8')), 5)
  })

  test('the launcher', async () => {
    const file = join(folder.path, 'stopped-launcher.json')
    const marker = uniqueMarker()
    const run = await begin(marker, file)
    const launcher = processesWith(marker).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.endsWith('/alloc8-launch'),
    )
    // It may have just ended its run; the next one is not looked for.
    if (launcher !== undefined) stopFor(launcher, 300)
    expect((await run.end).status).toBe(0)
    expectWhole(JSON.parse(readFileSync(file, 'utf8')), 5)
    await gone(marker)
  })

  test('a target that stops itself goes on when somebody continues it', async () => {
    const file = join(folder.path, 'has-stopped')
    const json = join(folder.path, 'has-stopped.json')
    const run = start(['run', '--heap', 'simple', '--json', json, '--', unruly, 'stop', file])
    await until(() => processesWith(file).some(isStopped), 'the target stops')
    for (const pid of processesWith(file).filter(isStopped)) process.kill(pid, 'SIGCONT')
    expect((await run.end).status).toBe(0)
    const result: RunResult = JSON.parse(readFileSync(json, 'utf8'))
    expect(result).toMatchObject({ exitCode: 0, signal: null, verdict: { state: 'active' } })
  })

  test('a target that stops itself is ended by --timeout, and nothing of it is left', async () => {
    const file = join(folder.path, 'stops-for-good')
    const { status, stderr } = await alloc8(['run', '--timeout', '300ms', '--', unruly, 'stop', file])
    expect(status).toBeGreaterThan(128)
    expect(stderr).toContain('timed out')
    expect(existsSync(file)).toBe(true)
    await gone(file)
  })

  test('under compare it is a failed run, and the others count', async () => {
    const count = join(folder.path, 'count')
    const json = join(folder.path, 'third-stops.json')
    const script = `echo >> "${count}"; [ $(wc -l < "${count}") = 3 ] && kill -STOP $$; exit 0`
    // Without the runs by which duets are decided the third is one that counts.
    const own = ['--blocks', '3', '--pairing', 'alone', '--timeout', '2s', '--json', json]
    const args = [...short, ...own, '--', 'bash', '-c', script]
    const { status } = await alloc8(args)
    expect(status).toBe(0)
    const { cells, control }: CompareResult = JSON.parse(readFileSync(json, 'utf8'))
    const lost = [...cells, ...control].filter(({ metric }) => metric === 'wall').flatMap(({ runs }) => runs)
    expect(lost.filter((value) => value === null)).toHaveLength(1)
  })
})

function stopFor(pid: number, ms: number): void {
  try {
    process.kill(pid, 'SIGSTOP')
  } catch {
    return
  }
  setTimeout(() => {
    try {
      process.kill(pid, 'SIGCONT')
    } catch {
      // It was killed meanwhile.
    }
  }, ms)
}

function isStopped(pid: number): boolean {
  try {
    return /^\d+ \(.*\) T/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('output', () => {
  test('every byte passes through `run`, to a file and to a pipe', async () => {
    const bytes = 300_000
    const direct = execFileSync(unruly, ['print', String(bytes)], { maxBuffer: 2 * bytes })
    const args = [cliPath, 'run', '--no-summary', '--', unruly, 'print', String(bytes)]
    expect(execFileSync(process.execPath, args, { maxBuffer: 2 * bytes }).equals(direct)).toBe(true)
    const file = join(folder.path, 'printed')
    execFileSync('sh', ['-c', '"$@" > "$0"', file, process.execPath, ...args])
    expect(readFileSync(file).equals(direct)).toBe(true)
    expect(new Set(direct).size).toBe(256)
    rmSync(file)
  })

  test('of every byte under compare: the number behind it is found', async () => {
    const json = join(folder.path, 'binary.json')
    const script = `"${unruly}" print 10000000; echo; echo "speed: 34"; "${unruly}" print 10000000`
    const metric = ['--metric', 'speed=/^speed: (\\d+)$/']
    const { status } = await alloc8([...short, ...metric, '--json', json, '--', 'sh', '-c', script])
    expect(status).toBe(0)
    const { cells }: CompareResult = JSON.parse(readFileSync(json, 'utf8'))
    expect(cells.map(({ runs }) => runs)).toEqual([
      [34, 34],
      [34, 34],
    ])
  })

  test('a gigabyte under compare: the number behind it is found, in bounded memory', async () => {
    const json = join(folder.path, 'gigabyte.json')
    const script = `echo "speed: 12"; yes "$(head -c 1000 /dev/zero | tr '\\0' x)" | head -c ${1 << 30}; echo; echo "speed: 34"`
    const args = ['--heaps', 'system', '--blocks', '1', '--warmup-blocks', '0', '--metric', 'speed=/^speed: (\\d+)$/']
    const child = spawn(process.execPath, [cliPath, 'compare', ...args, '--json', json, '--', 'sh', '-c', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let complaints = ''
    child.stderr.on('data', (chunk) => {
      complaints += chunk
    })
    let peakKib = 0
    const watch = setInterval(() => {
      const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : ''
      peakKib = Math.max(peakKib, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0))
    }, 50)
    const [status] = await once(child, 'exit')
    clearInterval(watch)
    expect([status, complaints]).toEqual([0, ''])
    const { cells, control }: CompareResult = JSON.parse(readFileSync(json, 'utf8'))
    const runs = [...cells, ...control].flatMap(({ runs }) => runs)
    expect(runs).toEqual([34, 34])
    expect(peakKib).toBeGreaterThan(0)
    expect(peakKib).toBeLessThan(250 << 10)
  })
})
