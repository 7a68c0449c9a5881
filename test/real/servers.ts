/** The servers: each is started under a heap, put under a bounded load from here, and told to end. */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { RunOptions } from '../../lib/api/run.ts'
import type { LauncherHandle } from '../../lib/launch/launch.ts'
import { until } from '../support/launching.ts'
import { type Observed, runUnder } from '../support/run-under.ts'

const run = promisify(execFile)

/** Answers with JSON, zipped text and buffers; says its port first, and what it has done at the end. */
const nodeServer = `
const { createServer } = require('http')
const { gzipSync } = require('zlib')
const { createHash } = require('crypto')
let served = 0
const server = createServer((request, response) => {
  const n = Number(request.url.slice(1))
  if (Number.isNaN(n)) {
    response.end('bye')
    server.close(() => console.log('served ' + served))
    server.closeIdleConnections()
    return
  }
  served++
  const items = Array.from({ length: n % 200 }, (_, i) => ({ id: i, name: 'item ' + i, tags: ['a', 'b', n] }))
  const text = JSON.stringify({ n, items })
  const digest = createHash('sha256').update(Buffer.alloc(n * 100, text)).digest('hex')
  response.setHeader('x-digest', digest)
  response.end(n % 3 === 0 ? gzipSync(text) : text)
})
server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))
`

const requests = 1200

/** A node server under a load of ${requests} requests over eight connections. */
export async function serveNode(
  heap: string,
  _folder: string,
  timeoutMs: number,
  more: Partial<RunOptions> = {},
): Promise<Observed> {
  let load: Promise<string> | undefined
  const abort = new AbortController()
  const pieces: string[] = []
  const observed = await runUnder(heap, [process.execPath, '-e', nodeServer], {
    ...more,
    timeoutMs,
    signal: abort.signal,
    stdout: (chunk) => {
      pieces.push(chunk.toString())
      const port = /port (\d+)\n/.exec(pieces.join(''))?.[1]
      if (port === undefined || load !== undefined) return
      load = loadNode(Number(port))
      load.catch((error) => abort.abort(error))
    },
  })
  const digest = (await load) ?? 'never started'
  const said = pieces.join('').replace(/port \d+/, 'port')
  return { ...observed, stdout: `${said}${digest}\n` }
}

async function loadNode(port: number): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const fetchOne = async (path: string) => {
    const [response] = await once(get({ host: '127.0.0.1', port, path, agent }), 'response')
    let bytes = 0
    for await (const chunk of response) bytes += chunk.length
    return `${path} ${response.statusCode} ${bytes} ${response.headers['x-digest']}`
  }
  const answers = await Promise.all(Array.from({ length: requests }, (_, n) => fetchOne(`/${n}`)))
  agent.destroy()
  const last = new Agent({ keepAlive: false })
  await once(
    get({ host: '127.0.0.1', port, path: '/end', agent: last }).on('response', (r) => r.resume()),
    'close',
  )
  return createHash('sha256').update(answers.join('\n')).digest('hex')
}

const redisTests = 'set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset'

/** redis-server under redis-benchmark, over a socket in its folder; ended by a SIGTERM, as a service manager does. */
export async function serveRedis(
  heap: string,
  folder: string,
  timeoutMs: number,
  more: Partial<RunOptions> = {},
): Promise<Observed> {
  const socket = join(folder, `${heap}.sock`)
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder]
  const abort = new AbortController()
  let launcher: LauncherHandle | undefined
  const ended = runUnder(heap, ['redis-server', ...options, '--logfile', join(folder, `${heap}.log`)], {
    ...more,
    timeoutMs,
    signal: abort.signal,
    onStart: (handle) => {
      launcher = handle
    },
  })
  ended.catch(() => {})
  try {
    let early = false
    const stop = () => {
      early = true
    }
    ended.then(stop, stop)
    await until(() => early || existsSync(socket), 'the socket of redis-server')
    // It is there before anybody listens.
    while (!early && !(await answers(socket))) await setTimeout(10)
    const state = early ? 'ended by itself' : await loadRedis(socket)
    launcher?.kill('SIGTERM')
    const observed = await ended
    return { ...observed, stdout: `${observed.stdout}${state}` }
  } catch (error) {
    abort.abort(error)
    await ended.catch(() => {})
    throw error
  } finally {
    rmSync(socket, { force: true })
  }
}

/** Whether somebody listens. */
async function answers(socket: string): Promise<boolean> {
  const connection = connect(socket)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}

/** Returns what is in the database afterwards. */
async function loadRedis(socket: string): Promise<string> {
  await run('redis-benchmark', ['-s', socket, '-n', '3000', '-c', '20', '-d', '200', '-q', '-t', redisTests])
  const ask = async (...words: string[]) => (await run('redis-cli', ['-s', socket, ...words])).stdout
  const keys = (await ask('keys', '*')).split('\n').sort().join(' ')
  return `${keys}\n${await ask('llen', 'mylist')}${await ask('zcard', 'myzset')}${await ask('get', 'counter:__rand_int__')}`
}
