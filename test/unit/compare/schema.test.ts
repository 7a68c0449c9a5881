/**
 * The JSON Schemas against results: what the functions return must pass, and what lacks a field or holds another type
 * must not, or a schema that allows everything would go unnoticed.
 */

import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { runComparison } from '../../../lib/compare/index.ts'
import type { HeapsResult, ReasonCode, RunResult, Verdict } from '../../../lib/types.ts'
import { small } from '../report/profiles.ts'
import { crash, metric, noisyRunner, options, sample, verdict } from './machine.ts'

const names = ['heaps', 'verdict', 'profile', 'run', 'compare'] as const
type Name = (typeof names)[number]

const ajv = new Ajv2020({ strict: true, strictTypes: 'log', allowUnionTypes: true, allErrors: true, logger: false })
for (const name of names) {
  ajv.addSchema(JSON.parse(readFileSync(new URL(`../../../schema/${name}.json`, import.meta.url), 'utf8')))
}

/** The complaints about a result after its way through JSON, as a reader of a file sees it. */
function complaints(name: Name, value: unknown): string[] {
  const validate = ajv.getSchema(`urn:alloc8:schema:${name}:1`)
  if (validate === undefined) throw new Error(`no schema ${name}`)
  validate(JSON.parse(JSON.stringify(value)))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const verdictExample: Verdict = {
  state: 'partial',
  reasons: [{ code: 'bound-elsewhere', message: 'aligned_alloc is bound to /lib/libc.so.6', advice: 'leave it out' }],
  processes: [
    {
      pid: 12,
      ppid: 11,
      executable: '/bin/true',
      state: 'partial',
      reasons: [
        { code: 'bound-elsewhere', message: 'aligned_alloc is bound to /lib/libc.so.6', advice: 'leave it out' },
      ],
      bindings: { malloc: '/usr/lib/libjemalloc.so.2', free: null },
    },
  ],
}

const runExample: RunResult = {
  schema: 1,
  heap: 'jemalloc',
  command: ['true'],
  exitCode: null,
  signal: 'SIGSEGV',
  timedOut: false,
  wallNs: 1_200_000,
  suspendedNs: 0,
  userNs: 400_000,
  sysNs: 500_000,
  peakRssBytes: 1_048_576,
  minorFaults: 100,
  majorFaults: 0,
  voluntarySwitches: 1,
  involuntarySwitches: 0,
  tree: { processes: 1, userNs: 400_000, sysNs: 500_000, peakRssBytes: 1_048_576 },
  threads: { begun: 5, ended: 4 },
  probe: null,
  profile: null,
  verdict: verdictExample,
  session: null,
  leftovers: [{ pid: 99, command: 'sleep 100' }],
  warnings: [{ code: 'unaccounted', message: 'do this' }],
}

const heapsExample: HeapsResult = {
  schema: 1,
  heaps: [
    { name: 'default', kind: 'default', path: null, version: null, tunables: [] },
    {
      name: 'jemalloc',
      kind: 'found',
      path: '/usr/lib/libjemalloc.so.2',
      version: '5.3.0',
      tunables: [{ key: 'narenas', kind: 'integer', default: null, description: 'number of arenas' }],
    },
  ],
}

/** A comparison with everything in it: numbers, failures, a heap that never worked, warnings, a metric of its own. */
const compareExample = await runComparison(
  options(['system', 'jemalloc', 'broken'], { metrics: [...options([]).metrics, metric('rps', 'rps (.*)', true)] }),
  async (run) => {
    if (run.subject === 2) return crash('SIGSEGV', 'boom')
    const { wallNs } = await noisyRunner([1, 0.8], 0.1, run.block + 50)(run)
    const values = { rps: run.block === 3 ? null : 5 }
    return sample(wallNs, 1, { values, verdict: run.subject === 1 ? verdict('partial', 'x') : verdict() })
  },
)

const examples: Record<Name, unknown> = {
  heaps: heapsExample,
  verdict: verdictExample,
  profile: small,
  run: runExample,
  compare: compareExample,
}

/** All paths of a value to members of objects, those of the first element only in an array. */
function paths(value: unknown, at: string[] = []): string[][] {
  if (Array.isArray(value)) return value.length === 0 ? [] : paths(value[0], [...at, '0'])
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [[...at, key], ...paths(member, [...at, key])])
}

/** A copy of a value in which the member at `path` went through `change`. */
function changed(value: unknown, path: string[], change: (parent: Record<string, unknown>, key: string) => void) {
  const copy = JSON.parse(JSON.stringify(value))
  const key = path.at(-1) ?? ''
  change(
    path.slice(0, -1).reduce((at, step) => at[step], copy),
    key,
  )
  return copy
}

/** What a reader may do without: the members of a free-form map, and a tunable's description. */
const optional = /(^|\/)bindings\/|description$/

describe.each(names)('schema %s', (name) => {
  const example = examples[name]

  test('accepts a result', () => {
    expect(complaints(name, example)).toEqual([])
  })

  test('accepts fields that a later version adds', () => {
    expect(complaints(name, { ...(example as object), later: { x: 1 } })).toEqual([])
  })

  test('refuses a result that lacks a field', () => {
    const silent = paths(example)
      .filter((path) => !optional.test(path.join('/')))
      .filter(
        (path) =>
          complaints(
            name,
            changed(example, path, (parent, key) => delete parent[key]),
          ).length === 0,
      )
    expect(silent).toEqual([])
  })

  test('refuses a field of another type', () => {
    const silent = paths(example).filter(
      (path) =>
        complaints(
          name,
          changed(example, path, (parent, key) => {
            parent[key] = typeof parent[key] === 'boolean' ? 'yes' : true
          }),
        ).length === 0,
    )
    expect(silent).toEqual([])
  })
})

test('a comparison that was stopped before its first block is a result too', async () => {
  const result = await runComparison(options(['a'], { signal: AbortSignal.abort() }), async () => sample(1))
  expect(complaints('compare', result)).toEqual([])
})

test.each([
  ['run', { ...runExample, schema: 2 }],
  ['run', { ...runExample, exitCode: 256 }],
  ['run', { ...runExample, command: [] }],
  ['heaps', { ...heapsExample, schema: '1' }],
  ['compare', { ...compareExample, threshold: -1 }],
  ['verdict', { ...verdictExample, state: 'maybe' }],
] as const)('schema %s refuses a wrong value', (name, value) => {
  expect(complaints(name, value)).not.toEqual([])
})

test('schema verdict knows every reason code', () => {
  // The compiler asks for a code that is missing here.
  const codes: Record<ReasonCode, true> = {
    'static-executable': true,
    'secure-exec': true,
    'own-malloc': true,
    suspected: true,
    sanitizer: true,
    'wrong-elf-class': true,
    'other-libc': true,
    'not-an-elf': true,
    'library-not-loaded': true,
    'bound-elsewhere': true,
    'preload-in-front': true,
    'mis-versioned-exports': true,
    'missing-entry-points': true,
    'deep-bind': true,
    'own-namespace': true,
    'late-unseen': true,
    'library-unseen': true,
    audited: true,
    'preload-dropped': true,
    'session-dropped': true,
    'other-root': true,
    'not-run': true,
    'not-witnessed': true,
    'witness-unreadable': true,
    'journal-full': true,
  }
  const schema = ajv.getSchema('urn:alloc8:schema:verdict:1')?.schema as { $defs: Record<string, unknown> }
  expect(schema.$defs['reason']).toMatchObject({ properties: { code: { enum: Object.keys(codes) } } })
})
