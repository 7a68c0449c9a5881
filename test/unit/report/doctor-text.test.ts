/** The doctor's reports: each lack with what to do, at any width; how sure an answer is. */

import { describe, expect, test } from 'vitest'
import { doctorText, processText } from '../../../lib/report/index.ts'
import type { DoctorResult, ProcessAllocator } from '../../../lib/types.ts'
import { ascii50, colour80, plain80 } from './fixtures.ts'

const machine: DoctorResult = {
  schema: 1,
  holds: true,
  checks: [
    { id: 'native', state: 'good', found: 'version 0.1.0', meaning: null, advice: null },
    { id: 'thp', state: 'limited', found: 'always', meaning: 'memory comes in large pieces', advice: 'echo madvise' },
  ],
  heaps: [
    { name: 'system', kind: 'system', path: '/lib/libc.so.6', version: '2.36', state: 'active', reasons: [] },
    { name: 'simple', kind: 'builtin', path: null, version: null, state: 'active', reasons: [] },
  ],
}

const lame: DoctorResult = {
  schema: 1,
  holds: false,
  checks: [
    { id: 'native', state: 'good', found: 'version 0.1.0', meaning: null, advice: null },
    {
      id: 'session-folder',
      state: 'bad',
      found: '/x \x1b[2Jcannot be written to',
      meaning: 'no run',
      advice: 'set TMPDIR',
    },
  ],
  heaps: [
    {
      name: 'jemalloc',
      kind: 'found',
      path: '/lib/libjemalloc.so.2',
      version: '5.3.0',
      state: 'inactive',
      reasons: ['damaged; get it anew'],
    },
    { name: 'scudo', kind: 'found', path: '/lib/scudo.so', version: null, state: 'partial', reasons: [] },
    { name: 'mesh', kind: 'found', path: '/lib/mesh.so', version: null, state: null, reasons: [] },
  ],
}

describe('a machine', () => {
  test('where all works', () =>
    expect(doctorText(machine, plain80)).toMatchInlineSnapshot(`
    "alloc8 works here, with 1 limitation

      native          version 0.1.0
      thp             limited: always; memory comes in large pieces
                      to do: echo madvise

    heaps, each tried under a program
      system          loads: 2.36, /lib/libc.so.6
      simple          loads
    "
  `))
  test('where it does not', () =>
    expect(doctorText(lame, plain80)).toMatchInlineSnapshot(`
      "alloc8 does not work fully here: session-folder, jemalloc is not in effect,
      scudo is only partly in effect

        native          version 0.1.0
        session-folder  bad: /x cannot be written to; no run
                        to do: set TMPDIR

      heaps, each tried under a program
        jemalloc        inactive: 5.3.0, /lib/libjemalloc.so.2
                        damaged; get it anew
        scudo           partial: /lib/scudo.so
        mesh            not tried: /lib/mesh.so
      "
    `))
  test('in 50 columns', () => {
    const text = doctorText(lame, ascii50)
    expect(text.split('\n').filter((line) => line.length > 50)).toEqual([])
  })
  test('in colour: the words are the same', () => {
    const text = doctorText(lame, colour80)
    expect(text.replace(/<\/?\w+>/g, '')).toBe(doctorText(lame, plain80))
    expect(text).not.toBe(doctorText(lame, plain80))
  })
})

const process: ProcessAllocator = {
  schema: 1,
  pid: 4711,
  name: 'server',
  kind: 'process',
  executable: '/opt/server',
  bits: 64,
  linkage: 'dynamic',
  libc: 'glibc',
  allocator: 'jemalloc',
  version: '5.3.0',
  heap: 'jemalloc',
  library: '/lib/libjemalloc.so.2',
  libraryDeleted: true,
  certainty: 'suspected',
  evidence: ['/lib/libjemalloc.so.2 is the first', 'the order was worked out'],
  others: [
    {
      allocator: 'unknown',
      version: null,
      library: '/lib/liba.so',
      role: 'apart',
      certainty: 'certain',
      evidence: 'opened later',
    },
    {
      allocator: 'mimalloc',
      version: null,
      library: '/opt/server',
      role: 'carried',
      certainty: 'suspected',
      evidence: 'the text "mimalloc: "',
    },
  ],
  warnings: [{ code: 'library-deleted', message: 'it was replaced: restart it' }],
}

describe('a process', () => {
  test('with all that there is to say', () =>
    expect(processText(process, plain80)).toMatchInlineSnapshot(`
    "server (process 4711): jemalloc 5.3.0, as it seems
      program         /opt/server (64-bit, dynamic, glibc)
      library         /lib/libjemalloc.so.2
      as a heap       alloc8 run --heap jemalloc -- …
      suspected       /lib/libjemalloc.so.2 is the first; the order was worked out
      also there      an allocator that alloc8 does not know in /lib/liba.so: opened
                      later
      carried inside  perhaps mimalloc in /opt/server: the text "mimalloc: "
      warning         it was replaced: restart it
    "
  `))
  test('without memory', () => {
    const none = { executable: null, bits: null, linkage: null, libc: null, allocator: null, version: null, heap: null }
    const evidence = ['it is a thread of the kernel']
    const thread = {
      ...process,
      ...none,
      library: null,
      certainty: 'certain',
      evidence,
      others: [],
      warnings: [],
    } as const
    expect(processText({ ...thread, evidence, others: [], warnings: [] }, plain80)).toMatchInlineSnapshot(`
      "server (process 4711): no allocator
        certain         it is a thread of the kernel
      "
    `)
  })
  test('many others are counted', () => {
    const [first] = process.others
    if (first === undefined) throw new Error('no example')
    const text = processText({ ...process, others: Array.from({ length: 9 }, () => first) }, plain80)
    expect(text).toContain('and 3 others: see --json')
  })
  test('in 50 columns', () => {
    const text = processText(process, ascii50)
    expect(text.split('\n').filter((line) => line.length > 50)).toEqual([])
  })
})
