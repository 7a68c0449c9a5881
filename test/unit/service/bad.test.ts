/** Services that fail, and what is said of them; `serve` sees to it that nothing is left running after any. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Alloc8Error } from '../../../lib/errors.ts'
import { prepareService } from '../../../lib/service/index.ts'
import { listeners } from '../../../lib/service/proc.ts'
import { freePort, pythonPath, scratch, until } from '../../support/launching.ts'
import { lackingTool, requireOrSkip } from '../../support/needs.ts'
import { nodeLoad, nodeServer, serve } from '../../support/serving.ts'

const folder = scratch()
afterAll(folder.remove)

const caught = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error as Alloc8Error,
  )

describe('a server that never gets ready', () => {
  test('names the ports on which it listens instead', async () => {
    const [wanted, other] = [await freePort(), await freePort()]
    const { failure, values, verdict, timeline, output } = await serve({
      server: nodeServer(other),
      ready: { port: wanted },
      readyTimeoutMs: 1500,
    })
    const message = `the server was not ready within 1500 ms: it does not listen on port ${wanted}, but on ${other}`
    expect(failure).toMatchObject({ exitCode: null, signal: null, timedOut: true, message })
    expect(output).toContain(`listening on ${other}`)
    expect(values).toMatchObject({ wall: null, cpu: null, 'rss-after': null })
    // The heap was in effect all the same.
    expect(verdict?.state).toBe('active')
    expect(timeline).toMatchObject({ loadFromMs: null, loadToMs: null })
  })

  test('names the line that did not come', async () => {
    const { failure } = await serve({
      server: ['sh', '-c', 'echo hello; exec sleep 60'],
      ready: { line: /^bye$/ },
      readyTimeoutMs: 300,
    })
    expect(failure?.message).toBe('the server was not ready within 300 ms: no line that it printed matched /^bye$/')
    expect(failure?.output).toBe('hello\n')
  })

  test('says how a URL was answered', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/`
    const ill = nodeServer(port, { request: 'response.statusCode = 503' })
    const { failure } = await serve({ server: ill, ready: { url }, readyTimeoutMs: 2000 })
    expect(failure?.message).toBe(`the server was not ready within 2000 ms: ${url} answered with status 503`)
    const mute = nodeServer(port, { request: 'return' })
    const silent = await serve({ server: mute, ready: { url }, readyTimeoutMs: 1500 })
    expect(silent.failure?.message).toMatch(/1500 ms: .* does not answer: no answer within \d+ ms$/)
    const found = await serve({ server: nodeServer(port, { request: 'response.statusCode = 404' }), ready: { url } })
    expect(found.failure).toBeNull()
  })

  test('says with what it ended', async () => {
    const early = await serve({ server: ['sh', '-c', 'echo no config >&2; exit 7'], ready: { port: await freePort() } })
    const message = 'the server ended with status 7 before it was ready'
    expect(early.failure).toMatchObject({ exitCode: 7, signal: null, timedOut: false, message, output: 'no config\n' })
    const crash = await serve({ server: ['sh', '-c', 'kill -SEGV $$'], ready: { line: 'x' } })
    expect(crash.failure).toMatchObject({
      signal: 'SIGSEGV',
      message: 'the server died by SIGSEGV before it was ready',
    })
  })

  test('into the background: redis as a daemon is ended, and told to stay', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('redis-server', 'redis-server'))
    const port = await freePort()
    const server = ['redis-server', '--port', String(port), '--daemonize', 'yes', '--save', '', '--dir', folder.path]
    const { failure } = await serve({ server, ready: { line: 'never' }, heap: 'simple' })
    expect(failure).toMatchObject({ exitCode: 0, signal: null })
    expect(failure?.message).toMatch(/^the server ended with status 0 before it was ready; .* in the foreground$/)
  })
})

describe('a server under load', () => {
  test('that dies is a failed run with its signal and its last words, whatever the load says', async () => {
    const port = await freePort()
    const request = "console.log('last words'); process.kill(process.pid, 'SIGSEGV')"
    const load = ['sh', '-c', 'echo asking; exec "$@"', 'sh', ...nodeLoad(port, 5)]
    const run = await serve({ server: nodeServer(port, { request }), ready: { port }, load })
    expect(run.failure).toMatchObject({ signal: 'SIGSEGV', message: 'the server died by SIGSEGV under load' })
    expect(run.failure?.output).toContain('last words')
    expect(run.output).toBe(run.failure?.output)
    // It is ended with the server, and may get to say more.
    expect(run.loadOutput).toMatch(/^asking\n/)
    expect(run.verdict?.state).toBe('active')
  })

  test('that dies a moment after its load has failed is what is named', async () => {
    const port = await freePort()
    const server = nodeServer(port, { request: 'request.socket.destroy(); setTimeout(() => process.abort(), 300)' })
    const run = await serve({ server, ready: { port }, load: nodeLoad(port, 1) })
    expect(run.failure?.message).toBe('the server died by SIGABRT under load')
  })

  test('that dies ends a load that would go on', async () => {
    const port = await freePort()
    const server = nodeServer(port, { before: 'setTimeout(() => process.exit(4), 1000)' })
    const run = await serve({ server, ready: { port }, load: ['sleep', '60'] })
    expect(run.failure).toMatchObject({ exitCode: 4, message: 'the server ended with status 4 under load' })
    expect(run.timeline.loadToMs).toBeGreaterThan(0)
    expect(run.values['wall']).toBeNull()
  })

  test('that ends after it without being told is a failed run', async () => {
    const port = await freePort()
    const server = nodeServer(port, { request: 'setTimeout(() => process.exit(0), 200)' })
    const run = await serve({ server, ready: { port }, load: nodeLoad(port, 1), settleMs: 20_000 })
    expect(run.failure?.message).toBe('the server ended with status 0 after the load, before it was told to')
  })

  test('whose load fails is a failed run with the load’s last words', async () => {
    const port = await freePort()
    const load = ['sh', '-c', 'echo cannot; exit 9']
    const { failure, output } = await serve({ server: nodeServer(port), ready: { port }, load })
    expect(failure).toMatchObject({ exitCode: 9, timedOut: false, message: 'the load ended with status 9', output })
    expect(output).toBe('cannot\n')
  })

  test('whose load hangs is a failed run', async () => {
    const port = await freePort()
    const load = ['sh', '-c', 'sleep 60 & wait']
    const { failure } = await serve({ server: nodeServer(port), ready: { port }, load, timeoutMs: 300 })
    expect(failure).toMatchObject({ timedOut: true, message: 'the load did not end within 300 ms' })
  })
})

describe('a server that is stopped', () => {
  const stubborn = "process.on('SIGTERM', () => console.log('no'))"

  test('and ignores it is killed, with its children: a warning and not a failure', async () => {
    const port = await freePort()
    const child = `require('child_process').spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'])`
    const server = nodeServer(port, { before: `${stubborn}; ${child}` })
    const run = await serve({ server, ready: { port }, graceMs: 300 })
    expect(run.failure).toBeNull()
    expect(run.warnings.map(({ code }) => code)).toEqual(['stop-ignored'])
    expect(run.warnings[0]?.message).toMatch(/did not end within 300 ms of SIGTERM and was killed: .*stopSignal/)
    expect(run.serverOutput).toContain('no\n')
    expect(run.values['rss-after']).toBeGreaterThan(0)
  })

  test('ends well by the signal itself, by another that it was given, and by the status for it', async () => {
    const port = await freePort()
    const ending = async (before: string, stopSignal?: 'SIGINT') => {
      const { failure, warnings } = await serve({ server: nodeServer(port, { before }), ready: { port }, stopSignal })
      return { failure, warnings: warnings.map(({ code }) => code) }
    }
    const well = { failure: null, warnings: [] }
    expect(await ending('')).toEqual(well)
    expect(await ending(stubborn, 'SIGINT')).toEqual(well)
    expect(await ending("process.on('SIGTERM', () => process.exit(143))")).toEqual(well)
    expect(await ending("process.on('SIGTERM', () => process.exit(1))")).toEqual({ ...well, warnings: ['stop-status'] })
  })

  test('and crashes on the way out is a failed run', async () => {
    const port = await freePort()
    const server = nodeServer(port, { before: "process.on('SIGTERM', () => process.abort())" })
    const { failure } = await serve({ server, ready: { port } })
    expect(failure).toMatchObject({
      signal: 'SIGABRT',
      message: 'the server died by SIGABRT while it was being stopped',
    })
  })
})

describe('a port in use', () => {
  test('is an error before the start that names who has it', async () => {
    const port = await freePort()
    const holder = spawn(pythonPath(), ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], { stdio: 'ignore' })
    try {
      const mark = join(folder.path, 'started')
      const server = ['sh', '-c', `touch ${mark}; sleep 60`]
      await until(() => listeners().some((each) => each.port === port), 'the holder listens')
      const error = await caught(serve({ server, ready: { port } }))
      expect(error).toBeInstanceOf(Alloc8Error)
      expect(error).toMatchObject({ code: 'PORT_IN_USE', exitStatus: 125 })
      expect(error.message).toMatch(
        new RegExp(
          `^port ${port} is in use: process ${holder.pid} \\(.*http\\.server.*\\) listens on 127\\.0\\.0\\.1:${port}$`,
        ),
      )
      expect(error.hint).toContain('another port')
      const byUrl = await caught(serve({ server, ready: { url: `http://localhost:${port}` } }))
      expect(byUrl.code).toBe('PORT_IN_USE')
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
  })

  test('of another address is no obstacle where the service names its own', async () => {
    const other = createServer().listen(0, '127.0.0.2')
    await once(other, 'listening')
    try {
      const { port } = other.address() as { port: number }
      const taken = await caught(serve({ server: nodeServer(port), ready: { port } }))
      expect(taken.message).toContain(`process ${process.pid} (`)
      const run = await serve({ server: nodeServer(port), ready: { port, host: '127.0.0.1' } })
      expect(run.failure).toBeNull()
    } finally {
      other.close()
    }
  })

  test('that somebody takes meanwhile does not make the server ready', async () => {
    const port = await freePort()
    const thief = createServer()
    const onOutput = () => void thief.listen(port, '127.0.0.1')
    const server = ['sh', '-c', 'echo started; exec sleep 60']
    try {
      const { failure } = await serve({ server, ready: { port }, readyTimeoutMs: 1000, onOutput })
      expect(failure?.message).toMatch(new RegExp(`somebody else listens on port ${port}$`))
    } finally {
      thief.close()
    }
  })
})

describe('aborting', () => {
  const aborts = async (words: Parameters<typeof serve>[0], when: (started: Promise<void>) => Promise<void>) => {
    const abort = new AbortController()
    let heard = (): void => {}
    const started = new Promise<void>((resolve) => {
      heard = resolve
    })
    when(started).then(() => abort.abort())
    const error = await caught(serve({ ...words, signal: abort.signal, onOutput: () => heard() }))
    expect(error.code).toBe('ABORTED')
  }
  const forking = 'sleep 60 & (setsid sleep 60 &) ; echo started; wait'

  test('before the start', () => aborts({ server: ['sleep', '60'], ready: { line: 'x' } }, async () => {}))

  test('while it gets ready', () =>
    aborts({ server: ['sh', '-c', forking], ready: { line: 'never' } }, (started) => started))

  test('under load', async () => {
    const port = await freePort()
    const load = ['sh', '-c', 'sleep 0.3; echo loading; sleep 60 & wait']
    await aborts({ server: nodeServer(port), ready: { port }, load }, async (started) => {
      await started
      await new Promise((resolve) => setTimeout(resolve, 600))
    })
  })

  test('while it settles, and while it is being stopped', async () => {
    const port = await freePort()
    const stubborn = "process.on('SIGTERM', () => console.log('no'))"
    const later = (ms: number) => async (started: Promise<void>) => {
      await started
      await new Promise((resolve) => setTimeout(resolve, ms))
    }
    await aborts({ server: nodeServer(port), ready: { port }, settleMs: 60_000 }, later(500))
    await aborts({ server: nodeServer(port, { before: stubborn }), ready: { port }, graceMs: 60_000 }, later(800))
  })
})

test('what a reader of output throws ends everything and comes back', async () => {
  const port = await freePort()
  const problem = new Error('full disk')
  const onOutput = () => {
    throw problem
  }
  expect(await caught(serve({ server: nodeServer(port), ready: { port }, onOutput }))).toBe(problem)
})

describe('what is wrong before the first run', () => {
  const service = { server: ['true'], ready: { port: 8080 }, load: ['true'] }
  const problem = (words: object, env?: NodeJS.ProcessEnv) => {
    try {
      prepareService({ ...service, ...words }, { env })
    } catch (error) {
      return error as Alloc8Error
    }
    return expect.fail('nothing was thrown')
  }
  const bare = { PATH: folder.path }

  test.each([
    ['wrk', 'wrk'],
    ['ab', 'apache2-utils'],
    ['hey', 'hey'],
    ['redis-benchmark', 'redis-tools'],
    ['pgbench', 'postgresql'],
  ])('a load tool that is missing: %s is in %s', (tool, name) => {
    const error = problem({ server: ['/bin/true'], load: [tool, '-c', '1'] }, bare)
    expect(error).toMatchObject({ code: 'TARGET_NOT_FOUND', message: `load: ${tool}: not found in PATH` })
    expect(error.hint).toBe(`install it: apt-get install ${name}`)
  })

  test('a load tool that Debian does not have, and one that nobody knows', () => {
    expect(problem({ server: ['/bin/true'], load: ['autocannon'] }, bare).hint).toMatch(/^npm install .*autocannon/)
    expect(problem({ server: ['/bin/true'], load: ['memtier_benchmark'] }, bare).hint).toContain('build it from')
    expect(problem({ server: ['/bin/true'], load: ['nonsense'] }, bare).hint).toContain('check the spelling')
  })

  test('a load tool inside a text for the shell', () => {
    const text = (load: string) => problem({ server: ['/bin/true'], load }, bare).message
    expect(text('wrk -d 1 http://localhost')).toBe('load: wrk: not found in PATH')
    expect(text('sleep 1 && N=3 hey -n "$N" | tail -1')).toBe('load: hey: not found in PATH')
    expect(text('sleep 1; ab -n 1 http://localhost/')).toBe('load: ab: not found in PATH')
    // Only where a command stands.
    const fine = { server: ['/bin/true'], load: 'echo wrk; cat < ab' }
    expect(prepareService({ ...service, ...fine }, { env: bare }).load.command).toEqual(['/bin/sh', '-c', fine.load])
  })

  test('a load tool that may not be executed', () => {
    const path = join(folder.path, 'wrk')
    writeFileSync(path, '')
    chmodSync(path, 0o644)
    expect(problem({ load: [path] })).toMatchObject({ code: 'TARGET_NOT_EXECUTABLE' })
  })

  test('a server that does not exist', () => {
    expect(problem({ server: ['/no/such'] })).toMatchObject({
      code: 'TARGET_NOT_FOUND',
      message: '/no/such does not exist',
    })
  })

  test.each([
    [{ ready: {} }, /^ready: expected \{ port: NUMBER \}/],
    [{ ready: { port: 1, line: 'x' } }, /^ready: expected/],
    [{ ready: null }, /^ready: expected/],
    [{ ready: { port: 0 } }, /^ready\.port: expected a whole number from 1 to 65535, got 0$/],
    [{ ready: { port: '80' } }, /^ready\.port: expected/],
    [{ ready: { line: '' } }, /^ready\.line: expected/],
    [{ ready: { url: 'localhost:80' } }, /^ready\.url: expected an address that begins with http/],
    [{ server: [] }, /^server: expected a program and its arguments/],
    [{ load: ' ' }, /^load: expected a program and its arguments/],
    [{ settleMs: -1 }, /^settleMs: expected a whole number of milliseconds/],
    [{ readyTimeoutMs: 1.5 }, /^readyTimeoutMs: expected/],
    [{ stopSignal: 'SIGKILL' }, /^stopSignal: expected SIGTERM, SIGINT, SIGQUIT, got "SIGKILL"$/],
  ])('%j', (words, message) => {
    expect(problem(words)).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
  })

  test('a user that there is not, and one that only root can become', async () => {
    expect(problem({ user: 'no-such-user' })).toMatchObject({
      code: 'USAGE',
      message: 'user: there is no user "no-such-user"',
    })
    if (process.getuid?.() === 0) expect(prepareService({ ...service, user: 'root' }).group).toBeNull()
    else expect(problem({ user: 'root' }).message).toBe('user: only root can run a server as root')
  })

  test('a host that nobody knows', async () => {
    const ready = { port: await freePort(), host: 'no-such-host.invalid' }
    expect((await caught(serve({ server: ['true'], ready }))).message).toBe(
      'ready: the host "no-such-host.invalid" is not known',
    )
  })
})
