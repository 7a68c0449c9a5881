/**
 * What a configuration may say, key by key, and the function by which it is written. All that can be seen without
 * running anything is checked here, before the first run of what may take an hour.
 */

import { Alloc8Error } from '../errors.ts'
import type { Alloc8Config } from '../types.ts'
import {
  boolean,
  type Check,
  integer,
  isPlainObject,
  type Keys,
  listOf,
  objectOf,
  oneOf,
  Problems,
  recordOf,
  type Suggest,
  shown,
  text,
  value,
} from './shape.ts'

/** The longest time in milliseconds: what the launcher takes. */
const longestMs = 1e12

/** Gives the configuration back: an editor checks and completes what is written between its brackets. */
export function defineConfig(config: Alloc8Config): Alloc8Config {
  return config
}

const words: Check = (given, path, problems) => {
  if (typeof given === 'string') return text(given, path, problems)
  if (!Array.isArray(given) || given.length === 0) {
    return problems.expected(path, 'a command, as a list of its words or as one text for the shell', given)
  }
  for (const [at, word] of given.entries()) {
    const what = at === 0 ? 'the name of a program' : 'a text'
    const holds = typeof word === 'string' && !word.includes('\0') && (at > 0 || word !== '')
    if (!holds) problems.expected(`${path}[${at}]`, what, word)
  }
}

const share = value('a share from 0 to below 1, such as 0.01', isShare)

function isShare(given: unknown): boolean {
  return typeof given === 'number' && given >= 0 && given < 1
}

const threshold: Check = (given, path, problems) => {
  if (isPlainObject(given)) recordOf('', share)(given, path, problems)
  else value('a share from 0 to below 1, such as 0.01, or shares by metric', isShare)(given, path, problems)
}

const variable = value('a text, or undefined to take the variable out', (given) => {
  return given === undefined || (typeof given === 'string' && !given.includes('\0'))
})

/** What a suite and each of its workloads may say. */
const shared: Keys['optional'] = {
  cwd: text,
  env: recordOf('variables by name', variable),
  metrics: listOf('a list of metrics', text, true),
  higherIsBetter: listOf('a list of names of metrics', text, true),
  threshold,
  blocks: integer(1),
  warmupBlocks: integer(0),
  timeoutMs: integer(1, longestMs),
  setupTimeoutMs: integer(1, longestMs),
  pairing: oneOf('alone', 'duet'),
  probe: listOf('a list of levels of the probe', oneOf('counts', 'live', 'latency', 'sample'), true),
  untilDecided: boolean,
}

const name = value('a name of 1 to 64 characters in one line', (given) => {
  return typeof given === 'string' && given.length <= 64 && /^\S(?:.*\S)?$/.test(given)
})

const around: Keys['optional'] = { setup: words, teardown: words, prepare: words }

const command = objectOf('a workload', {
  required: { name, command: words },
  optional: { ...shared, ...around, against: words, stdin: text, ignoreFailure: boolean },
})

const port = integer(1, 65_535)
const url = value('a URL of http or https', (given) => {
  return typeof given === 'string' && URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)
})
const line = value('a text or a regular expression', (given) => {
  return given instanceof RegExp || (typeof given === 'string' && given !== '')
})

const ready: Check = (given, path, problems) => {
  const kinds = ['port', 'line', 'url']
  if (!isPlainObject(given)) return problems.expected(path, '{ port }, { line } or { url }', given)
  const present = kinds.filter((kind) => given[kind] !== undefined)
  const [kind, ...others] = present
  if (others.length > 0) problems.add(path, `expected one of port, line and url, got ${present.join(' and ')}`)
  else if (kind === 'port') {
    objectOf('', { required: { port }, optional: { host: text } })(given, path, problems)
  } else if (kind !== undefined) {
    objectOf('', { required: { [kind]: kind === 'line' ? line : url }, optional: {} })(given, path, problems)
  } else {
    const [wrong] = Object.keys(given)
    if (wrong === undefined) problems.expected(path, '{ port }, { line } or { url }', 'an empty object')
    else problems.unknown(path, wrong, kinds)
  }
}

const service = objectOf('a workload', {
  required: { name, server: words, ready, load: words },
  optional: {
    ...shared,
    ...around,
    readyTimeoutMs: integer(1, longestMs),
    user: text,
    settleMs: integer(0, longestMs),
    stopSignal: oneOf('SIGTERM', 'SIGINT', 'SIGQUIT'),
    graceMs: integer(0, longestMs),
  },
})

const workload: Check = (given, path, problems) => {
  if (!isPlainObject(given)) return problems.expected(path, 'a workload', given)
  const isService = given['server'] !== undefined
  if (isService && given['command'] !== undefined) {
    return problems.add(path, 'expected a command, or a server with ready and load, got both')
  }
  // One who writes `ready` and `load` means a service, whatever else is missing or misspelt.
  const means = isService || (given['command'] === undefined && ('ready' in given || 'load' in given))
  if (means) service(given, path, problems)
  else command(given, path, problems)
}

/** Two of one name could not be told apart in any report. */
const uniqueNames: Check = (given, path, problems) => {
  if (!Array.isArray(given)) return
  const seen = new Map<unknown, number>()
  for (const [at, each] of given.entries()) {
    const called: unknown = isPlainObject(each) ? each['name'] : undefined
    if (typeof called !== 'string') continue
    const first = seen.get(called)
    if (first === undefined) seen.set(called, at)
    else problems.add(`${path}[${at}].name`, `${shown(called)} is the name of ${path}[${first}] already`)
  }
}

const config = objectOf('a configuration', {
  required: {
    workloads: (given, path, problems) => {
      listOf('a list of workloads', workload)(given, path, problems)
      uniqueNames(given, path, problems)
    },
  },
  optional: {
    ...shared,
    $schema: text,
    heaps: listOf('a list of heaps', text),
    gate: listOf('a list of names of metrics', text, true),
    maxTimeMs: integer(1, longestMs),
    seed: integer(0),
  },
})

/** How many mistakes are told at once; more do not help. */
const MOST_PROBLEMS = 10

/**
 * The configuration, if it is one.
 * @param file its name, for the error
 * @throws Alloc8Error CONFIG: with the first mistake in its message and the others in its hint
 */
export function checkConfig(given: unknown, file: string, suggest: Suggest = () => []): Alloc8Config {
  const problems = new Problems(suggest)
  config(given, '', problems)
  const [first, ...others] = problems.found
  if (first === undefined) return given as Alloc8Config
  const listed = others.slice(0, MOST_PROBLEMS - 1)
  const more = others.length > listed.length ? [`and ${others.length - listed.length} more`] : []
  throw new Alloc8Error('CONFIG', `${file}: ${first}`, {
    hint: others.length === 0 ? undefined : ['also:', ...listed, ...more].join('\n'),
  })
}
