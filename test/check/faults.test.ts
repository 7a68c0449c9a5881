/**
 * The conformance kit sees what is wrong: under the fault library, each fault below fails the case that is meant for it,
 * with words that name the defect, and without a fault that case passes.
 */

import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../../lib/api/check.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)
const library = join(folder.path, 'libfaults.so')
const sources = fileURLToPath(new URL('faults/', import.meta.url))

beforeAll(async () => {
  const files = readdirSync(sources).filter((file) => file.endsWith('.cpp'))
  const flags = ['-std=c++20', '-O1', '-shared', '-fPIC', '-D_GNU_SOURCE', '-fno-builtin', '-pthread']
  await promisify(execFile)(process.env.CXX || 'g++', [...flags, '-o', library, ...files, '-ldl'], { cwd: sources })
}, 120_000)

const faults: [fault: string, id: string, shows: string][] = [
  ['eight-off:malloc', 'align/malloc', 'expected a multiple of 16'],
  ['half-aligned:memalign', 'align/memalign', 'expected a multiple of 32'],
  ['zero-null:calloc', 'sizes/zero-calloc', 'expected a block, got null'],
  ['zero-shared:malloc', 'sizes/zero-malloc', 'blocks[i] != blocks[j]'],
  ['errno-kept:malloc', 'overflow/malloc', 'check_errno, expected 12'],
  ['wraps:pvalloc', 'overflow/pvalloc', 'expected null'],
  ['clobbers:free', 'errno/free-small', 'errno, expected 1, got 22'],
  ['dirty:calloc', 'sizes/calloc-dirty', 'expected 0x00'],
  ['long-usable:malloc', 'sizes/usable', 'memory corruption'],
  ['realloc-copies-a-page', 'sizes/realloc-grow', 'expected 0x'],
  ['mallinfo-empty', 'statistics/in-use', 'grown, expected at least'],
  ['malloc-info-takes-options', 'statistics/info-options', 'expected 22, got 0'],
  ['no-handler:new', 'operators/handler-gives-up', 'calls, expected 5, got 0'],
  ['reads-null:delete', 'operators/null', 'SIGSEGV'],
]

test('without a fault the library passes the whole kit', { timeout: 300_000 }, async () => {
  const { heaps } = await check({ heaps: [library], env: { ...process.env, ALLOC8_FAULT: '' } })
  const failed = heaps[0]?.cases.filter(({ outcome }) => outcome === 'fail')
  expect(failed?.map(({ id, message }) => `${id}: ${message}`)).toEqual([])
  expect(heaps[0]?.cases.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(100)
})

const outcomeOf = async (id: string, fault: string) => {
  const { heaps } = await check({ heaps: [library], cases: [id], env: { ...process.env, ALLOC8_FAULT: fault } })
  return heaps[0]?.cases[0]
}

test.each(faults)('%s fails %s', { timeout: 120_000 }, async (fault, id, shows) => {
  const honest = await outcomeOf(id, '')
  expect(honest?.outcome, honest?.message).toBe('pass')
  const faulty = await outcomeOf(id, fault)
  expect(faulty?.outcome).toBe('fail')
  expect(faulty?.message).toContain(shows)
})
