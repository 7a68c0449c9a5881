/** Loading a configuration from real files: each form, and each way in which one can fail. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { defineConfig, findConfig, loadConfig } from '../../../lib/config/index.ts'
import { scratch } from '../../support/launching.ts'
import { schemaProblems } from '../../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

let count = 0

/** A folder of its own with these files. */
function place(files: Record<string, string>): string {
  count++
  const path = join(folder.path, String(count))
  mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

const load = (cwd: string, path?: string) => loadConfig(path, { cwd, alloc8: { defineConfig } })
const plain = `{ workloads: [{ name: 'a', command: ['true'] }] }`

describe('the forms', () => {
  test.each([
    [
      'alloc8.config.ts',
      `import { defineConfig } from 'alloc8'\nconst n: number = 3\nexport default defineConfig({ ...${plain}, blocks: n })`,
    ],
    ['alloc8.config.mts', `export default { ...${plain}, blocks: 3 } as const`],
    [
      'alloc8.config.js',
      `const { join } = await import('node:path')\nexport default { ...${plain}, blocks: join('3') * 1 }`,
    ],
    ['alloc8.config.mjs', `export default Promise.resolve({ ...${plain}, blocks: 3 })`],
    ['alloc8.config.json', JSON.stringify({ workloads: [{ name: 'a', command: ['true'] }], blocks: 3 })],
  ])('%s', async (name, text) => {
    const cwd = place({ [name]: text })
    const { config, file, folder: where } = await load(cwd)
    expect(config).toEqual({ workloads: [{ name: 'a', command: ['true'] }], blocks: 3 })
    expect([file, where]).toEqual([join(cwd, name), cwd])
  })

  test('with what the file imports, and a file of another name', async () => {
    const cwd = place({
      'suite.ts': `import { name } from './names'\nexport default { workloads: [{ name, command: 'x' }] }`,
      'names.ts': `export const name: string = 'b'`,
    })
    expect((await load(cwd, 'suite.ts')).config.workloads[0]?.name).toBe('b')
  })
})

describe('what goes wrong', () => {
  test.each<[string, Record<string, string>, string | undefined, RegExp, RegExp]>([
    ['none is there', {}, undefined, /there is no alloc8\.config\.ts/, /--config[\s\S]*defineConfig/],
    [
      'two are there',
      { 'alloc8.config.ts': '', 'alloc8.config.json': '' },
      undefined,
      /there are alloc8\.config\.ts and alloc8\.config\.json/,
      /--config/,
    ],
    ['a name that is not there', {}, 'x.ts', /^x\.ts: there is no such file/, /name a file/],
    [
      'it throws',
      { 'alloc8.config.ts': 'const a = 1\nthrow new Error("no luck")' },
      undefined,
      /^alloc8\.config\.ts: it could not be loaded: no luck/,
      /alloc8\.config\.ts:2:/,
    ],
    [
      'it does not parse',
      { 'alloc8.config.ts': 'export default {' },
      undefined,
      /could not be loaded: .*alloc8\.config\.ts:1:16/,
      /./,
    ],
    [
      'it imports what is not there',
      { 'alloc8.config.mjs': 'import "not-installed-anywhere"' },
      undefined,
      /could not be loaded: .*not-installed-anywhere/,
      /./,
    ],
    [
      'it exports nothing',
      { 'alloc8.config.ts': 'const a = 1' },
      undefined,
      /expected a default export, got nothing/,
      /export default/,
    ],
    [
      'it exports by another name',
      { 'alloc8.config.ts': 'export const config = {}' },
      undefined,
      /expected a default export, got config/,
      /export default/,
    ],
    [
      'it exports a function',
      { 'alloc8.config.ts': 'export default () => ({})' },
      undefined,
      /as its default export, got a function/,
      /export default/,
    ],
    ['no JSON', { 'alloc8.config.json': '{,' }, undefined, /it is not JSON/, /schema/],
    [
      'a mistake in it',
      { 'alloc8.config.json': '{"workloads":[{"name":"a","command":["x"],"block":1}]}' },
      undefined,
      /workloads\[0\]\.block: unknown/,
      /^$/,
    ],
  ])('%s', async (_, files, path, message, hint) => {
    const error = await load(place(files), path).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'Alloc8Error', code: 'CONFIG' })
    expect((error as Error).message).toMatch(message)
    expect((error as { hint?: string }).hint ?? '').toMatch(hint)
  })

  test('a folder of that name is none', () => {
    const cwd = place({})
    mkdirSync(join(cwd, 'alloc8.config.ts'))
    expect(() => findConfig(cwd)).toThrow(/there is no/)
  })
})

describe('the schema of the JSON form', () => {
  const full = {
    ...{ $schema: 'x', heaps: ['system'], gate: ['cpu'], maxTimeMs: 5, seed: 0, threshold: { cpu: 0.1 } },
    workloads: [
      {
        name: 'a',
        command: 'x',
        against: ['y'],
        setup: 'z',
        stdin: 'f',
        threshold: 0.2,
        pairing: 'duet',
        env: { A: 'b' },
      },
      { name: 'b', server: ['x'], ready: { port: 80, host: 'h' }, load: 'y', stopSignal: 'SIGINT', settleMs: 0 },
    ],
  }

  test('takes what is right', () => {
    expect(schemaProblems('config', full)).toEqual([])
  })

  test.each([
    [{ ...full, workloads: [] }],
    [{ ...full, colour: 1 }],
    [{ ...full, workloads: [{ ...full.workloads[0], blocks: 0 }] }],
    [{ ...full, workloads: [{ ...full.workloads[0], ready: { port: 1 } }] }],
    [{ ...full, workloads: [{ ...full.workloads[1], ready: { port: '80' } }] }],
    [{ ...full, workloads: [{ ...full.workloads[1], ready: {} }] }],
    [{ ...full, workloads: [{ name: 'x' }] }],
  ])('refuses what the check refuses too, %#', async (wrong) => {
    expect(schemaProblems('config', wrong)).not.toEqual([])
    const cwd = place({ 'alloc8.config.json': JSON.stringify(wrong) })
    await expect(load(cwd)).rejects.toMatchObject({ code: 'CONFIG' })
  })
})
