/** Waiting until a server is ready: it listens on its port, has printed a line, or answers an URL. */

import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Readiness } from '../types.ts'
import type { ProgramOutput } from './output.ts'
import { type Endpoint, ownerAmong, portsOf } from './ports.ts'
import type { ProcessTree } from './tree.ts'

/** What readiness is looked for in. */
export interface Candidate {
  output: ProgramOutput
  /** null until the launcher runs. */
  readonly tree: ProcessTree | null
}

const firstPauseMs = 5
const longestPauseMs = 50
/** An answer that takes longer counts as none. */
const answerMs = 5_000
/** The last question is given so long, however late it comes: what is told of the failure is its answer. */
const leastAnswerMs = 250

/** Looks once; null when it is ready, else what is missing, in words. */
type Look = (signal: AbortSignal, leftMs: number) => Promise<string | null>

/**
 * Resolves to null once the server is ready, or after `timeoutMs` to what it lacks, in words.
 * Rejects with an AbortError when `signal` is aborted.
 */
export async function untilReady(look: Look, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
  const end = performance.now() + timeoutMs
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    const missing = await look(signal, Math.max(end - performance.now(), leastAnswerMs))
    if (missing === null) return null
    if (performance.now() >= end) return missing
    await sleep(pause, undefined, { signal })
  }
}

/** The look for a readiness. To be made before the server is started: a line may come at once. */
export function lookFor(ready: Readiness, endpoint: Endpoint | null, candidate: Candidate): Look {
  if ('line' in ready) return lookForLine(ready.line, candidate.output)
  const members = () => candidate.tree?.members() ?? []
  if ('port' in ready) return async () => (endpoint === null ? null : missingListener(endpoint, members()))
  return async (signal, leftMs) => {
    const foreign = endpoint !== null && ownerAmong(endpoint, members()) === 'other'
    if (foreign) return `somebody else listens where ${ready.url} leads`
    return missingAnswer(ready.url, signal, Math.min(answerMs, leftMs))
  }
}

function missingListener(endpoint: Endpoint, members: readonly number[]): string | null {
  const owner = ownerAmong(endpoint, members)
  // Nobody had the port before the start: what listens where we may not look is most likely the server.
  if (owner === 'tree' || owner === 'unknown') return null
  if (owner === 'other') return `somebody else listens on port ${endpoint.port}`
  const others = portsOf(members)
  const instead = others.length === 0 ? 'on none' : `on ${others.join(', ')}`
  return `it does not listen on port ${endpoint.port}, but ${instead}`
}

function lookForLine(wanted: string | RegExp, output: ProgramOutput): Look {
  // Without the flags that make a search go on where the last one ended.
  const regex = typeof wanted === 'string' ? null : new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, ''))
  let found = false
  output.listen((line) => {
    found ||= regex === null ? line.includes(String(wanted)) : regex.test(line)
    if (found) output.listen(null)
  })
  const shown = regex === null ? `held ${JSON.stringify(wanted)}` : `matched ${regex}`
  return async () => (found ? null : `no line that it printed ${shown}`)
}

/** Asks once; any status below 500 is an answer of a server that is up. */
async function missingAnswer(url: string, signal: AbortSignal, timeout: number): Promise<string | null> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // A server under test has whatever certificate it has.
    const options = { signal, timeout, agent: false, rejectUnauthorized: false }
    const asking = request(url, options, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      resolve(status > 0 && status < 500 ? null : `${url} answered with status ${status}`)
    })
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${Math.round(timeout)} ms`)))
    asking.on('error', (error) => {
      if (signal.aborted) reject(error)
      else resolve(`${url} does not answer: ${error.message}`)
    })
    asking.end()
  })
}
