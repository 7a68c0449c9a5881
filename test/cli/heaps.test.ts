/** `alloc8 heaps`: the table for people, the JSON for programs, and both about libraries that are really there. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { HeapsResult } from '../../lib/types.ts'
import { alloc8 } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

async function json(): Promise<HeapsResult> {
  const { status, stdout, stderr } = await alloc8(['heaps', '--json', '-'])
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

test('the JSON is as the schema says, and every library exists', async () => {
  const result = await json()
  expect(schemaProblems('heaps', result)).toEqual([])
  expect(result.heaps.slice(0, 3).map(({ name, kind }) => [name, kind])).toEqual([
    ['default', 'default'],
    ['system', 'system'],
    ['simple', 'builtin'],
  ])
  for (const { name, path } of result.heaps)
    expect(path === null ? name === 'default' : existsSync(path), name).toBe(true)
})

test('the table has a line for each, --verbose their tunables', async () => {
  const { heaps } = await json()
  const { status, stdout, stderr } = await alloc8(['heaps'])
  expect([status, stderr]).toEqual([0, ''])
  for (const { name } of heaps) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'))
  expect(stdout).not.toContain('tcache_count')
  const verbose = (await alloc8(['heaps', '--verbose'])).stdout
  for (const { key } of heaps.find(({ name }) => name === 'system')?.tunables ?? []) expect(verbose).toContain(key)
})

test('--json FILE leaves the table on stdout', async () => {
  const file = join(folder.path, 'heaps.json')
  const { stdout } = await alloc8(['heaps', '--json', file])
  expect(stdout).toContain('system')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(await json())
})
