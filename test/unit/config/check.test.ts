/** What a configuration may say: what is right passes, and what is wrong is named by its path. */

import { describe, expect, test } from 'vitest'
import { checkConfig, defineConfig } from '../../../lib/config/index.ts'
import { Alloc8Error } from '../../../lib/errors.ts'
import { nearest } from '../../../lib/heaps/nearest.ts'

const right = { name: 'bench', command: ['./bench', '--fast'] }
const service = { name: 'web', server: 'node server.js', ready: { port: 8080 }, load: ['autocannon'] }

/** The first mistake and the others of a configuration. */
function mistakes(config: unknown): { first: string; others: string[] } {
  try {
    checkConfig(config, 'file.ts', (written, known) => nearest(written, known, 0.5))
  } catch (error) {
    expect(error).toBeInstanceOf(Alloc8Error)
    const { code, message, hint, exitStatus } = error as Alloc8Error
    expect([code, exitStatus]).toEqual(['CONFIG', 2])
    expect(message).toMatch(/^file\.ts: /)
    return { first: message.slice('file.ts: '.length), others: hint?.split('\n').slice(1) ?? [] }
  }
  return expect.fail('nothing was found wrong')
}

const ofWorkload = (workload: object) => mistakes({ workloads: [right, workload] }).first
const ofService = (changes: object) => ofWorkload({ ...service, ...changes })

test('all that the type allows passes, and is given back as it is', () => {
  const common = {
    ...{ cwd: 'sub', env: { A: 'b', GONE: undefined }, metrics: ['cpu', 'x=/(\\d+)/'], higherIsBetter: ['x'] },
    ...{
      blocks: 5,
      warmupBlocks: 0,
      timeoutMs: 1000,
      setupTimeoutMs: 5,
      pairing: 'alone' as const,
      untilDecided: true,
    },
    threshold: { cpu: 0.02, x: 0 },
  } as const
  const around = { setup: 'make', teardown: ['make', 'clean', ''], prepare: 'sync' }
  const config = defineConfig({
    ...common,
    heaps: ['system', 'system'],
    threshold: 0.01,
    gate: ['cpu'],
    maxTimeMs: 60_000,
    seed: 0,
    workloads: [
      { ...right, ...common, ...around, against: './old', stdin: 'in.txt', ignoreFailure: true },
      { ...service, ...common, ...around, readyTimeoutMs: 1, settleMs: 0, stopSignal: 'SIGINT', graceMs: 0 },
      { ...service, name: 'lines', ready: { line: /ready/ } },
      { ...service, name: 'url', ready: { url: 'http://localhost:80/x' } },
      { ...right, name: 'undefined is not there', setup: undefined },
    ],
  })
  expect(checkConfig(config, 'file.ts')).toBe(config)
})

describe('an unknown key names the nearest right one', () => {
  test.each([
    [{ workload: [right] }, 'workload: unknown; did you mean workloads?'],
    [{ workloads: [right], treshold: 1 }, 'treshold: unknown; did you mean threshold?'],
    [{ workloads: [{ ...right, teardwon: 'x' }] }, 'workloads[0].teardwon: unknown; did you mean teardown?'],
    [{ workloads: [{ ...service, settleMS: 1 }] }, 'workloads[0].settleMs', 'settleMS'],
    [{ workloads: [{ ...service, ready: { prot: 1 } }] }, 'workloads[0].ready.prot: unknown; did you mean port?'],
    [{ workloads: [{ ...right, 'a b': 1 }] }, 'workloads[0]["a b"]: unknown; known are name, command'],
  ])('%#', (config, expected, written = '') => {
    const { first } = mistakes(config)
    const message =
      written === '' ? expected : expected.replace('settleMs', 'settleMS: unknown; did you mean settleMs?')
    expect(first.startsWith(message), first).toBe(true)
  })

  test('a key of services is none of commands', () => {
    expect(ofWorkload({ ...right, name: 'b', settleMs: 1 })).toMatch(/^workloads\[1\]\.settleMs: unknown/)
  })
})

describe('a wrong value is named by its path, with what was expected and what came', () => {
  test.each<[object, string]>([
    [{ ready: { port: '80' } }, 'ready.port: expected an integer from 1 to 65535, got "80"'],
    [{ ready: { port: 65_536 } }, 'ready.port: expected an integer from 1 to 65535, got 65536'],
    [{ ready: { port: 80, host: '' } }, 'ready.host: expected a text, got ""'],
    [{ ready: { port: 80, line: 'x' } }, 'ready: expected one of port, line and url, got port and line'],
    [{ ready: { url: 'ftp://x' } }, 'ready.url: expected a URL of http or https, got "ftp://x"'],
    [{ ready: { line: '' } }, 'ready.line: expected a text or a regular expression, got ""'],
    [{ ready: 8080 }, 'ready: expected { port }, { line } or { url }, got 8080'],
    [{ ready: undefined }, 'ready: expected { port }, { line } or { url }, got nothing'],
    [{ load: [] }, 'load: expected a command, as a list of its words or as one text for the shell, got an empty list'],
    [{ load: ['ab', 4] }, 'load[1]: expected a text, got 4'],
    [{ load: [''] }, 'load[0]: expected the name of a program, got ""'],
    [{ stopSignal: 'SIGKILL' }, 'stopSignal: expected "SIGTERM" or "SIGINT" or "SIGQUIT", got "SIGKILL"'],
    [{ blocks: 0 }, 'blocks: expected an integer from 1, got 0'],
    [{ blocks: 1.5 }, 'blocks: expected an integer from 1, got 1.5'],
    [{ timeoutMs: '10s' }, 'timeoutMs: expected an integer from 1 to 1000000000000, got "10s"'],
    [{ threshold: 1 }, 'threshold: expected a share from 0 to below 1, such as 0.01, or shares by metric, got 1'],
    [{ threshold: { cpu: '1%' } }, 'threshold.cpu: expected a share from 0 to below 1, such as 0.01, got "1%"'],
    [{ env: { PATH: 1 } }, 'env.PATH: expected a text, or undefined to take the variable out, got 1'],
    [{ metrics: [] }, 'metrics: expected a list of metrics, got an empty list'],
    [{ metrics: 'cpu' }, 'metrics: expected a list of metrics, got "cpu"'],
    [{ metrics: ['cpu', 'cpu'] }, 'metrics[1]: "cpu" is given twice, first as workloads[1].metrics[0]'],
    [{ untilDecided: 'yes' }, 'untilDecided: expected true or false, got "yes"'],
    [{ name: '' }, 'name: expected a name of 1 to 64 characters in one line, got ""'],
    [{ name: 'a\nb' }, 'name: expected a name of 1 to 64 characters in one line, got "a\\nb"'],
  ])('%j', (changes, expected) => {
    expect(ofService(changes)).toBe(`workloads[1].${expected}`)
  })

  test.each<[unknown, string]>([
    [undefined, 'expected a configuration, got nothing'],
    [[], 'expected a configuration, got an empty list'],
    [{}, 'workloads: expected a list of workloads, got nothing'],
    [{ workloads: [] }, 'workloads: expected a list of workloads, got an empty list'],
    [{ workloads: ['ls'] }, 'workloads[0]: expected a workload, got "ls"'],
    [{ workloads: [{ name: 'x' }] }, expect.stringMatching(/^workloads\[0\]\.command: expected a command/)],
    [{ workloads: [{ name: 'x', load: 'y' }] }, expect.stringMatching(/^workloads\[0\]\.server: expected a command/)],
    [{ workloads: [{ ...right, ...service }] }, expect.stringMatching(/^workloads\[0\]: .* got both$/)],
    [{ workloads: [right], heaps: [] }, 'heaps: expected a list of heaps, got an empty list'],
    [{ workloads: [right], seed: -1 }, 'seed: expected an integer from 0, got -1'],
  ])('%j', (config, expected) => {
    expect(mistakes(config).first).toEqual(expected)
  })
})

test('two workloads of one name', () => {
  expect(mistakes({ workloads: [right, service, right] }).first).toBe(
    'workloads[2].name: "bench" is the name of workloads[0] already',
  )
})

test('all mistakes are told at once, but not hundreds', () => {
  const { first, others } = mistakes({ workloads: [{ ...right, blocks: 0, threshold: 2 }], gate: [], color: true })
  expect(first).toMatch(/^workloads\[0\]\.blocks/)
  expect(others).toHaveLength(3)
  const many = mistakes({ workloads: Array.from({ length: 50 }, () => 1) })
  expect(many.others).toHaveLength(10)
  expect(many.others.at(-1)).toBe('and 40 more')
})
