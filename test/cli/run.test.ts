/** `alloc8 run`: as if the program ran by itself, with a summary on stderr afterwards. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { alloc8, cliPath } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

const run = (...words: string[]) => alloc8(['run', ...words])

describe('the target’s own', () => {
  test('stdout and stderr, apart; the summary comes after its stderr', async () => {
    const { status, stdout, stderr } = await run('--heap', 'simple', '--', 'sh', '-c', 'echo out; echo err >&2')
    expect([status, stdout]).toEqual([0, 'out\n'])
    expect(stderr).toMatch(/^err\nalloc8: exit status 0 after .* under simple\n {2}heap +active in 1 process\n/)
  })

  test('stdin', async () => {
    const input = 'one\ntwo\n'.repeat(50_000)
    const { stdout } = await alloc8(['run', '--no-summary', '--', 'cat'], { input })
    expect(stdout === input).toBe(true)
  })

  test('arguments, options and separators among them', async () => {
    const words = ['%s\n', '--heap', '-h', '--', '', 'a b', '--json']
    const { stdout, stderr } = await run('--no-summary', '--', 'printf', ...words)
    expect([stdout, stderr]).toEqual([`${words.slice(1).join('\n')}\n`, ''])
    // Without a separator, options after the program’s name are the program’s.
    expect((await run('--no-summary', 'printf', '%s', '--timeout')).stdout).toBe('--timeout')
  })

  test('environment and folder', async () => {
    const env = { ALLOC8_TEST_WORD: 'a = b' }
    const script = 'echo "$ALLOC8_TEST_WORD"; pwd -P; echo "$LD_PRELOAD"'
    const { stdout } = await alloc8(['run', '--no-summary', '--', 'sh', '-c', script], { env, cwd: '/usr/lib' })
    // The witness alone is preloaded for `default`.
    expect(stdout).toMatch(/^a = b\n\/usr\/lib\n[^:\n]*liballoc8-witness\.so\n$/)
  })

  test.each([0, 1, 3, 42, 125, 126, 127, 130, 255])('exit status %i', async (status) => {
    const end = await run('--no-summary', '--heap', 'simple', '--', 'sh', '-c', `exit ${status}`)
    expect(end).toMatchObject({ status, signal: null, stdout: '', stderr: '' })
  })

  test.each([
    ['SEGV', 11],
    ['KILL', 9],
    ['ABRT', 6],
    ['TERM', 15],
    ['INT', 2],
    ['PIPE', 13],
  ])('death by SIG%s: 128+n', async (name, number) => {
    const { status, stderr } = await run('--', 'sh', '-c', `ulimit -c 0; kill -${name} $$`)
    expect(status).toBe(128 + number)
    expect(stderr).toContain(`killed by SIG${name}`)
  })
})

describe('--timeout', () => {
  test('ends a target that hangs, with all that it started', async () => {
    const { status, stderr } = await run('--timeout', '300ms', '--', 'sh', '-c', 'sleep 987 & sleep 987')
    expect(status).toBe(128 + 15)
    expect(stderr).toContain('timed out')
  })

  test('ends one that ignores SIGTERM', async () => {
    const script = 'trap "" TERM; while :; do sleep 0.1; done'
    const { status } = await run('--timeout', '0.2', '--', 'sh', '-c', script)
    expect(status).toBe(128 + 9)
  })

  test('is of no consequence to one that ends in time', async () => {
    expect(await run('--timeout', '1m', '--no-summary', '--', 'echo', 'in time')).toMatchObject({
      status: 0,
      stdout: 'in time\n',
      stderr: '',
    })
  })

  test('shorter than a millisecond is one', async () => {
    expect((await run('--timeout', '0.0001', '--', 'sleep', '5')).stderr).toContain('timed out')
  })
})

describe('--require-active', () => {
  const inactive = ['run', '--heap', 'simple', '--require-active', '--no-summary', '--']

  test('ends with 3 where the heap was not in effect, though the target did well', async () => {
    const { stdout, status } = await alloc8([
      ...inactive,
      'sh',
      '-c',
      'echo ran; echo no > $ALLOC8_SESSION/1-1.witness',
    ])
    expect([stdout, status]).toEqual(['ran\n', 3])
  })

  test('passes the target’s status on where it was', async () => {
    expect((await alloc8([...inactive, 'sh', '-c', 'exit 9'])).status).toBe(9)
  })

  test('never complains about `default`', async () => {
    expect((await run('--require-active', '--no-summary', '--', 'true')).status).toBe(0)
  })
})

describe('--json', () => {
  test('- : stdout carries the result, the target’s own goes to stderr', async () => {
    const script = 'echo out; echo err >&2; exit 5'
    const { status, stdout, stderr } = await run('--heap', 'simple', '--json', '-', '--', 'sh', '-c', script)
    expect(status).toBe(5)
    const result = JSON.parse(stdout)
    expect(schemaProblems('run', result)).toEqual([])
    expect(result).toMatchObject({
      heap: 'simple',
      command: ['sh', '-c', script],
      exitCode: 5,
      verdict: { state: 'active' },
      session: null,
    })
    expect(stderr).toMatch(/^out\nerr\nalloc8: exit status 5/)
  })

  test('FILE, overwritten, with the target’s stdout where it belongs', async () => {
    const file = join(folder.path, 'result.json')
    for (const word of ['first, which is longer', 'second']) {
      const { stdout } = await run('--json', file, '--', 'echo', word)
      expect(stdout).toBe(`${word}\n`)
    }
    const result = JSON.parse(readFileSync(file, 'utf8'))
    expect(schemaProblems('run', result)).toEqual([])
    expect(result.command).toEqual(['echo', 'second'])
  })

  test.each([
    ['a signal', '--', 'sh', '-c', 'ulimit -c 0; kill -SEGV $$'],
    ['a timeout', '--timeout', '50ms', '--', 'sleep', '9'],
    ['a leftover', '--', 'sh', '-c', 'sleep 0.3 > /dev/null 2>&1 &'],
    ['many processes', '--heap', 'simple', '--', 'sh', '-c', 'ls | sort | uniq'],
  ])('after %s is as the schema says', async (_name, ...words) => {
    expect(schemaProblems('run', JSON.parse((await run('--json', '-', ...words)).stdout))).toEqual([])
  })
})

describe('what outlives the target', () => {
  test('is named, and left alone; with --end-descendants it is ended', async () => {
    const script = 'sleep 0.7 > /dev/null 2>&1 & echo started'
    const named = await run('--', 'sh', '-c', script)
    expect(named.stderr).toMatch(/still running +\d+ sleep/)
    expect(named.stderr).toContain('--end-descendants')
    const ended = await run('--end-descendants', '--json', '-', '--', 'sh', '-c', script)
    expect(JSON.parse(ended.stdout)).toMatchObject({ leftovers: [], exitCode: 0 })
  })
})

describe('options of the run', () => {
  test('--session keeps the records', async () => {
    const session = join(folder.path, 'session')
    const { stderr } = await run('--session', session, '--heap', 'simple', '--', 'true')
    expect(stderr).toContain(session)
    expect(readdirSync(session).some((name) => name.endsWith('.witness'))).toBe(true)
  })

  test('--cpus binds, --no-aslr makes addresses the same', async () => {
    const bound = await run('--no-summary', '--cpus', '0', '--', 'grep', 'Cpus_allowed_list', '/proc/self/status')
    expect(bound.stdout).toMatch(/Cpus_allowed_list:\s+0\n/)
    const maps = () => run('--no-summary', '--no-aslr', '--', 'sh', '-c', 'grep stack /proc/$$/maps | cut -d- -f1')
    const [first, second] = [await maps(), await maps()]
    if (first.status === 125) expect(first.stderr).toContain('containers often forbid it')
    else expect(first.stdout).toBe(second.stdout)
  })

  test('a tunable reaches the heap', async () => {
    const script = 'echo "$GLIBC_TUNABLES"'
    const { stdout } = await run('--heap', 'system:arena_max=1', '--no-summary', '--', 'sh', '-c', script)
    expect(stdout).toBe('glibc.malloc.arena_max=1\n')
  })
})

describe('colours', () => {
  const coloured = (text: string) => text.includes('\x1b[')

  test('none where stderr is no terminal', async () => {
    expect(coloured((await run('--', 'true')).stderr)).toBe(false)
  })

  test('FORCE_COLOR asks for them, NO_COLOR refuses them whatever else is set', async () => {
    expect(coloured((await alloc8(['run', '--', 'true'], { env: { FORCE_COLOR: '1' } })).stderr)).toBe(true)
    const both = { FORCE_COLOR: '1', NO_COLOR: '1' }
    expect(coloured((await alloc8(['run', '--', 'true'], { env: both })).stderr)).toBe(false)
  })

  test('on a terminal they are there unless NO_COLOR is set', ({ skip }) => {
    requireOrSkip(skip, lackingTool('script', 'bsdutils'))
    const onTerminal = (prefix: string) =>
      execFileSync('script', ['-qec', `${prefix} ${process.execPath} ${cliPath} run -- true`, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm' },
        encoding: 'utf8',
      })
    expect(coloured(onTerminal('env -u NO_COLOR'))).toBe(true)
    expect(coloured(onTerminal('NO_COLOR=1'))).toBe(false)
  })
})
