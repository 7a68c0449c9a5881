/** What the tests of services share: small servers and loads that are real programs, and proof that nothing is left. */

import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { OutputMatcher, parseMetrics } from '../../lib/compare/index.ts'
import { resolveHeap } from '../../lib/heaps/index.ts'
import {
  prepareService,
  runService,
  type ServiceRun,
  type ServiceRunOptions,
  type ServiceWords,
} from '../../lib/service/index.ts'

const markName = 'ALLOC8_TEST_MARK'

/** What a test changes of a usual run. */
export interface Serving extends Partial<ServiceWords>, Partial<Omit<ServiceRunOptions, 'reader'>> {
  heap?: string
  metrics?: string[]
}

/**
 * Runs a service once; afterwards no process that was started for it may be alive, whatever the run gave.
 */
export async function serve(words: Serving & Pick<ServiceWords, 'server' | 'ready'>): Promise<ServiceRun> {
  const {
    heap = 'system',
    metrics = ['wall'],
    timeoutMs,
    signal,
    onOutput,
    sampleMs,
    paddingBytes,
    probe,
    ...rest
  } = words
  const mark = randomUUID()
  const service = prepareService({
    load: ['true'],
    readyTimeoutMs: 120_000,
    settleMs: 10,
    graceMs: 5_000,
    ...rest,
    env: { ...rest.env, [markName]: mark },
  })
  const reader = new OutputMatcher(parseMetrics(metrics))
  const options = { reader, timeoutMs, signal, onOutput, sampleMs, paddingBytes, probe }
  try {
    return await runService(service, await resolveHeap(heap), options)
  } finally {
    expect(marked(mark), 'left running').toEqual([])
  }
}

/** The processes with a mark in their environment. A zombie has none. */
function marked(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(`${markName}=${mark}`)
    } catch {
      return false
    }
  })
}

/** A node HTTP server on a port; each request keeps \`kept\` bytes for good. */
export function nodeServer(port: number, { before = '', kept = 0, request = '' } = {}): string[] {
  const script = `
    const kept = []
    ${before}
    const server = require('http').createServer((request, response) => {
      ${request}
      if (${kept} > 0) kept.push(Buffer.alloc(${kept}, 1))
      response.end('ok')
    })
    server.listen(${port}, '127.0.0.1', () => console.log('listening on ' + server.address().port))
  `
  return [process.execPath, '-e', script]
}

/** A load of so many requests, one after the other. */
export function nodeLoad(port: number, requests: number): string[] {
  const script = `
    (async () => {
      const agent = new (require('http').Agent)({ keepAlive: true })
      const get = () => new Promise((resolve, reject) => require('http').get({ host: '127.0.0.1', port: ${port}, agent },
        (response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', reject))
      const started = performance.now()
      for (let i = 0; i < ${requests}; i++) await get()
      agent.destroy()
      console.log('requests per second: ' + (${requests} / (performance.now() - started) * 1000).toFixed(2))
    })().catch((error) => { console.error(String(error)); process.exitCode = 3 })
  `
  return [process.execPath, '-e', script]
}
