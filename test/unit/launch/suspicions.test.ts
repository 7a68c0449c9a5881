/** What an image shows besides its bindings: allocators inside, what it loaded late, an auditor. */

import { describe, expect, test } from 'vitest'
import { journalFlags } from '../../../lib/binding/native.ts'
import { good, verdict } from './judging.ts'
import { entry, executablePath, fork, heapPath, image, journal, libc } from './witnessed.ts'

describe('more of what an image shows', () => {
  test('an allocator inside is suspected, with the evidence', () => {
    const found = verdict({
      records: [image(good)],
      carried: (path) =>
        path === executablePath ? [{ allocator: 'jemalloc', certainty: 'suspected', evidence: 'the text x' }] : [],
    })
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'suspected' }] })
    expect(found.reasons[0]?.message).toMatch(/target carries jemalloc of its own: the text x/)
  })

  test('libraries are looked at but for the heap and what stands in the system’s own folders', () => {
    const paths = ['/lib/x86_64-linux-gnu/libx.so', '/usr/lib/libx.so', '/usr/lib/bfd-plugins/libx.so', './libx.so']
    const objects = [...good, ...[...paths, '/usr/local/lib/libx.so', 'linux-vdso.so.1'].map((path) => ({ path }))]
    const late = image([{ path: '/late/libx.so', refers: ['malloc@GLIBC_2.2.5'] }, libc], { kind: 'late' })
    const target = image(objects)
    const entries = [
      entry('late', { late }),
      entry('late', { late: { ...late, objects: ['/apart/libx.so', ''] }, flags: journalFlags.ownNamespace }),
      ...['/load/libx.so', '../libx.so', 'libx.so', '/proc/self/fd/3'].map((text) => entry('load', { text })),
      entry('looked', { timeNs: 2n }),
      fork(101, 100, 3n),
    ]
    const looked: string[] = []
    verdict({
      records: [target],
      journals: [journal(target, ...entries)],
      carried: (path) => {
        looked.push(path)
        return []
      },
    })
    // Each once, though there are two processes.
    expect(looked).toEqual([
      executablePath,
      '/usr/lib/bfd-plugins/libx.so',
      '/app/libx.so',
      '/usr/local/lib/libx.so',
      '/late/libx.so',
      '/apart/libx.so',
      '/load/libx.so',
      '/libx.so',
    ])
  })

  test('what the heap needs is the heap’s; what the system calls an allocator is looked at', () => {
    const needs: Record<string, string[]> = { [heapPath]: ['libinner.so'], '/opt/libinner.so': ['libinmost.so'] }
    const parts = ['/opt/libinner.so', '/opt/libinmost.so', '/opt/libother.so', '/usr/lib/libtbbmalloc.so.2']
    const found = verdict({
      records: [image([...good, ...parts.map((path) => ({ path }))])],
      needed: (path) => needs[path] ?? [],
      carried: (path) =>
        path === executablePath ? [] : [{ allocator: 'tbbmalloc', certainty: 'certain', evidence: 'its symbols' }],
    })
    expect(found.reasons.map(({ message }) => message)).toEqual([
      '/opt/libother.so carries tbbmalloc of its own: its symbols',
      '/usr/lib/libtbbmalloc.so.2 carries tbbmalloc of its own: its symbols',
    ])
  })

  test('a library by a path that leads nowhere from here is named: nobody could look at it', () => {
    const target = image([...good, { path: './libx.so' }, { path: './there.so' }, { path: '/gone.so' }])
    const loads = ['plugins/y.so', 'soname.so'].map((text) => entry('load', { text }))
    const journals = [journal(target, ...loads, entry('looked', { timeNs: 2n }))]
    const exists = (path: string) => path === '/app/there.so'
    const found = verdict({ records: [target], journals, exists })
    expect(found.state).toBe('active')
    expect(found.reasons.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'library-unseen: ./libx.so was asked for by a path that leads nowhere from /app',
      'library-unseen: plugins/y.so was asked for by a path that leads nowhere from /app',
    ])
  })

  test('known allocators and libc may be linked with -Bsymbolic', () => {
    const names = ['/opt/libjemalloc.so.2', '/opt/libmine.so']
    const objects = [...good.slice(0, 2), ...names.map((path) => ({ path, defines: ['malloc'] })), libc]
    const found = verdict({ records: [image(objects)], offered: () => ({ symbolic: true }) })
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'suspected' }] })
    expect(found.reasons.map(({ message }) => message)).toEqual([
      '/opt/libmine.so defines malloc and is linked with -Bsymbolic: it uses its own',
    ])
  })

  test('an auditor is named, and leaves the state as it is', () => {
    expect(verdict({ records: [image(good, { audited: true })] })).toMatchObject({
      state: 'active',
      reasons: [{ code: 'audited' }],
    })
  })

  test('what was loaded too late to be looked at is named', () => {
    const target = image(good)
    const load = (flags: number) =>
      verdict({ records: [target], journals: [journal(target, entry('load', { text: '/x.so', flags }))] })
    expect(load(0)).toMatchObject({ state: 'active', reasons: [{ code: 'late-unseen' }] })
    expect(load(journalFlags.deepBound)).toMatchObject({ state: 'partial', reasons: [{ code: 'deep-bind' }] })
    expect(load(journalFlags.ownNamespace)).toMatchObject({ state: 'partial', reasons: [{ code: 'own-namespace' }] })
    const looked = [entry('load', { text: '/x.so' }), entry('looked', { timeNs: 2n })]
    expect(verdict({ records: [target], journals: [journal(target, ...looked)] }).reasons).toEqual([])
  })

  test('what did not fit leaves doubt', () => {
    const target = image(good)
    const found = verdict({ records: [target], journals: [{ ...journal(target), lostEntries: 3 }] })
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'journal-full' }] })
    expect(found.reasons[0]?.message).toMatch(/^3 things .* 4 MiB for each process image$/)
  })
})
