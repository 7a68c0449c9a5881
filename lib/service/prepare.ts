/**
 * A service before its first run: both commands are found, and all that can be wrong with what was written is said
 * here, so that no server is started for nothing.
 */

import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { type PreparedTarget, prepareTarget } from '../launch/run.ts'
import type { CommandWords, Readiness, ServiceWorkload } from '../types.ts'
import { checkLoadText, findLoad } from './load-tools.ts'
import type { PreparedService } from './types.ts'
import { becoming, findUser } from './user.ts'

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const
const highestPort = 65535
const longestMs = 1e9

/** What of a workload makes the service; the rest (setup, metrics, blocks) is the suite's. */
export type ServiceWords = Pick<
  ServiceWorkload,
  'server' | 'user' | 'ready' | 'readyTimeoutMs' | 'load' | 'settleMs' | 'stopSignal' | 'graceMs' | 'cwd' | 'env'
>

/**
 * Finds and checks what a service needs. `context` has the folder that the service's own `cwd` counts from, and the
 * environment that its `env` is joined to.
 *
 * @throws Alloc8Error USAGE: a value of the wrong shape. TARGET_NOT_FOUND, TARGET_NOT_EXECUTABLE: the server, or the
 *   load with how to install it.
 */
export function prepareService(
  service: ServiceWords,
  context: { cwd?: string | undefined; env?: NodeJS.ProcessEnv | undefined } = {},
): PreparedService {
  const cwd = resolve(context.cwd ?? '.', service.cwd ?? '.')
  const env: NodeJS.ProcessEnv = { ...(context.env ?? process.env), ...service.env }
  const { stopSignal = 'SIGTERM' } = service
  if (!stopSignals.includes(stopSignal)) throw usageError('stopSignal', stopSignals.join(', '), stopSignal)
  checkReadiness(service.ready)
  const server = wordsOf('server', service.server)
  // What is missing is named before whom it would run as.
  const own = prepareTarget(server.words, { cwd, env })
  const other = service.user === undefined ? null : findUser(service.user)
  return {
    server: other === null ? own : prepareTarget([...becoming(other), ...server.words], { cwd, env }),
    group: other?.group ?? null,
    load: prepareLoad(service.load, { cwd, env }),
    ready: service.ready,
    readyTimeoutMs: milliseconds('readyTimeoutMs', service.readyTimeoutMs, 30_000),
    settleMs: milliseconds('settleMs', service.settleMs, 1_000),
    stopSignal,
    graceMs: milliseconds('graceMs', service.graceMs, 10_000),
    cwd,
    env,
  }
}

function prepareLoad(load: CommandWords, context: { cwd: string; env: NodeJS.ProcessEnv }): PreparedTarget {
  const { words, text } = wordsOf('load', load)
  if (text !== null) checkLoadText(text, context)
  return findLoad(words, context)
}

/** A text is the shell's. */
function wordsOf(name: string, command: CommandWords): { words: readonly string[]; text: string | null } {
  if (typeof command === 'string' && command.trim() !== '') {
    return { words: ['/bin/sh', '-c', command], text: command }
  }
  const isList = Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string')
  if (!isList || command[0] === '') {
    throw usageError(name, 'a program and its arguments, or a text for the shell', JSON.stringify(command))
  }
  return { words: command, text: null }
}

function checkReadiness(ready: Readiness): void {
  const expected = "{ port: NUMBER }, { line: 'TEXT' or /REGEX/ } or { url: 'http://…' }"
  if (typeof ready !== 'object' || ready === null) throw usageError('ready', expected, ready)
  const kinds = ['port', 'line', 'url'].filter((kind) => kind in ready)
  if (kinds.length !== 1) throw usageError('ready', expected, JSON.stringify(ready))
  if ('port' in ready && !(Number.isInteger(ready.port) && ready.port >= 1 && ready.port <= highestPort)) {
    throw usageError('ready.port', `a whole number from 1 to ${highestPort}`, ready.port)
  }
  if ('line' in ready && !(ready.line instanceof RegExp) && (typeof ready.line !== 'string' || ready.line === '')) {
    throw usageError('ready.line', 'a text or a regular expression', ready.line)
  }
  if ('url' in ready && !isHttp(ready.url)) throw usageError('ready.url', 'an address that begins with http', ready.url)
}

function isHttp(url: unknown): boolean {
  try {
    return /^https?:$/.test(new URL(String(url)).protocol)
  } catch {
    return false
  }
}

function milliseconds(name: string, value: number | undefined, usual: number): number {
  if (value === undefined) return usual
  if (!Number.isInteger(value) || value < 0 || value > longestMs) {
    throw usageError(name, `a whole number of milliseconds from 0 to ${longestMs}`, value)
  }
  return value
}
