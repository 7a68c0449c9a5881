/** The environment that puts a heap under a target. */

import { copyFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { targetEnvironment } from '../../../lib/launch/environment.ts'
import { launch } from '../../../lib/launch/launch.ts'
import { platform } from '../../../lib/platform.ts'
import type { ResolvedHeap } from '../../../lib/types.ts'
import { collector, scratch, silent } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

function heapOf(preload: string[], env: ResolvedHeap['env'] = []): ResolvedHeap {
  return { name: 'h', spec: 'h', kind: 'file', path: preload[0] ?? null, version: null, tunables: [], preload, env }
}

const plain = { witness: null, sessionDirectory: null, paddingBytes: 0 }

test('the heap comes before the witness, and both before what the user preloads', () => {
  const heap = heapOf(['/h/one.so', '/h/two.so'])
  const env = targetEnvironment({ LD_PRELOAD: '/u/a.so:/u/b.so', PATH: '/bin' }, heap, { ...plain, witness: '/w.so' })
  expect(env).toEqual({ LD_PRELOAD: '/h/one.so:/h/two.so:/w.so:/u/a.so:/u/b.so', PATH: '/bin' })
})

test('but libc, which `system` preloads, comes behind the witness: its own exec would be called', () => {
  const libc = `/lib/${platform().libcSoname}`
  const options = { witness: '/w.so', sessionDirectory: '/s', paddingBytes: 0 }
  expect(targetEnvironment({}, heapOf([libc]), options).LD_PRELOAD).toBe(`/w.so:${libc}`)
})

test('a user’s list may use spaces, and what we preload anyway stands once', () => {
  const env = targetEnvironment({ LD_PRELOAD: ' /u/a.so  /w.so:/h.so ' }, heapOf(['/h.so']), {
    ...plain,
    witness: '/w.so',
  })
  expect(env.LD_PRELOAD).toBe('/h.so:/w.so:/u/a.so')
})

test('with nothing to preload the user’s value stays as it is, or absent', () => {
  expect(targetEnvironment({ LD_PRELOAD: ' odd  list ' }, heapOf([]), plain)).toEqual({ LD_PRELOAD: ' odd  list ' })
  expect(targetEnvironment({}, heapOf([]), plain)).toEqual({})
})

test('the base is copied, without what is undefined', () => {
  const base = { A: '1', B: undefined }
  const env = targetEnvironment(base, heapOf(['/h.so']), plain)
  expect(env).toEqual({ A: '1', LD_PRELOAD: '/h.so' })
  expect(base).toEqual({ A: '1', B: undefined })
})

test('tunables replace the user’s value, or are joined behind it where the variable is a list', () => {
  const heap = heapOf(
    [],
    [
      { name: 'GLIBC_TUNABLES', value: 'x=1', join: ':' },
      { name: 'GLIBC_TUNABLES', value: 'y=2', join: ':' },
      { name: 'MALLOC_CONF', value: 'narenas:2', join: ',' },
      { name: 'MIMALLOC_VERBOSE', value: '1', join: null },
    ],
  )
  const env = targetEnvironment({ GLIBC_TUNABLES: 'x=0', MALLOC_CONF: '', MIMALLOC_VERBOSE: '0' }, heap, plain)
  expect(env).toEqual({ GLIBC_TUNABLES: 'x=0:x=1:y=2', MALLOC_CONF: 'narenas:2', MIMALLOC_VERBOSE: '1' })
})

test('the session folder is named; without one the variable stays as it is', () => {
  const base = { ALLOC8_SESSION: '/outer' }
  expect(targetEnvironment(base, heapOf([]), { ...plain, sessionDirectory: '/s' }).ALLOC8_SESSION).toBe('/s')
  expect(targetEnvironment(base, heapOf([]), plain).ALLOC8_SESSION).toBe('/outer')
})

describe('padding', () => {
  test('has the size asked for, and nothing is left of an outer run’s', () => {
    expect(targetEnvironment({}, heapOf([]), { ...plain, paddingBytes: 65536 }).ALLOC8_PADDING).toHaveLength(65536)
    expect(targetEnvironment({ ALLOC8_PADDING: 'xx' }, heapOf([]), plain)).toEqual({})
  })

  test.each([-1, 1.5, 65537, Number.NaN])('refuses %d', (paddingBytes) => {
    expect(() => targetEnvironment({}, heapOf([]), { ...plain, paddingBytes })).toThrow(/^paddingBytes: expected/)
  })
})

describe('a path that LD_PRELOAD cannot hold', () => {
  const names = ['with space.so', 'with:colon.so', 'with;semicolon.so', '$LIB.so', 'new\nline.so']

  test.each(names)('%j gets a link in the session folder', (name) => {
    const path = join('/somewhere', name)
    const options = { ...plain, sessionDirectory: folder.path }
    const link = targetEnvironment({}, heapOf([path]), options).LD_PRELOAD ?? ''
    expect(link).toMatch(/^\/[\w/.-]+\.so$/)
    expect(readlinkSync(link)).toBe(path)
    expect(targetEnvironment({}, heapOf([path]), options).LD_PRELOAD).toBe(link)
  })

  test('gets a link of its own', () => {
    expect(readdirSync(folder.path).filter((name) => name.startsWith('preload-'))).toHaveLength(names.length)
  })

  test.each([null, '/tmp/my session'])('is an error that names it without a usable folder (%j)', (sessionDirectory) => {
    expect(() => targetEnvironment({}, heapOf(['/a b/c.so']), { ...plain, sessionDirectory })).toThrow(
      expect.objectContaining({ code: 'HEAP_LIBRARY', message: expect.stringContaining('/a b/c.so') }),
    )
  })

  test('is loaded through the link by a real program', async () => {
    const library = join(folder.path, 'a malloc $LIB.so')
    copyFileSync('/usr/lib/x86_64-linux-gnu/libc_malloc_debug.so.0', library)
    const env = targetEnvironment({}, heapOf([library]), { ...plain, sessionDirectory: folder.path })
    const { sink, text } = collector()
    await launch({ ...silent, path: '/bin/cat', args: ['/proc/self/maps'], env, stdout: sink })
    expect(text()).toContain(library)
  })
})
