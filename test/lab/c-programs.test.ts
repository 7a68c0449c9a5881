/**
 * The C programs of examples/lab/c, built and run under three heaps. Their status says whether what must hold did; here
 * their key lines are read besides, and what a heap makes of corruption is none of the assertions.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testHeaps } from '../support/heaps.ts'
import { requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const sources = fileURLToPath(new URL('../../examples/lab/c', import.meta.url))
const heaps = ['system', 'hoard', 'jemalloc'] as const

/** Lines that stand in the output whatever the heap. */
const keyLines: Record<string, RegExp[]> = {
  inspector: [
    /^break at first: 0x/m,
    /^thread 3 blocks: (?:not )?ascending, steps (?:not )?all alike$/m,
    /^least distance between two threads: [1-9]\d* bytes$/m,
    /^fork: status 0$/m,
  ],
  'layout-map': [
    /^size 4194304:\n {2}thread 0: first 0x[0-9a-f]+, spacing [+-]\d+ [+-]\d+ [+-]\d+, in \S+ of [1-9]\d* KiB/m,
    /^reuse: thread 0 frees a block of 64 bytes and allocates again: (?:the same|another) address$/m,
    /^reuse: thread 1 allocates after thread 0 has freed: an? ?/m,
    /^blocks: 120 of 10 sizes in 3 threads, overlapping pairs: 0$/m,
  ],
  'corruption-chain': [
    /^nearest blocks of one thread: (?:[3-9]\d|[12]\d\d+) bytes apart$/m,
    /^64 too many: (?:ended by signal \d+|status 0|did not come back)/m,
    ...[1, 8, 16, 64].map((bytes) => new RegExp(`^${bytes} too many: noticed (?:when|while|never)`, 'm')),
    /^the parent is unharmed$/m,
  ],
  'fork-inherit': [
    /^child: faults for writing 16 pages: (?:1[6-9]|[2-9]\d)$/m,
    /^parent: after the child wrote, the block's first bytes are "parent"$/m,
    /^children made while 2 threads allocated: 60, of which could allocate: 60, hung: 0$/m,
  ],
  'mmap-compare': [
    /^262144 bytes, heap: spacing [+-]\d+/m,
    /^after the child wrote, heap: the parent reads "parent"$/m,
    /^after the child wrote, private mapping: the parent reads "parent"$/m,
    /^after the child wrote, shared mapping: the parent reads "child"$/m,
  ],
  'heap-map': [
    /^map of the parent, process \d+:\n {2}0x[0-9a-f]+ \|[.A-Ca-c]{64}\| /m,
    /^map of the child, process \d+:[\s\S]*\|[.A-Ca-cZ]*Z[.A-Ca-cZ]*\| /m,
    /^blocks: 72, live: 48, rows: [1-9]\d*$/m,
  ],
  'arena-scope': [
    /^two blocks: base 0x[0-9a-f]+, offset 56, capacity 262144$/m,
    /^ {2}dump \+16: 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41$/m,
    /^alignments kept: 13 of 13$/m,
    /^resize: the arena (?:moved|stayed where it was), the offset came along$/m,
    /^null unchecked, element 0: ended by signal 11, /m,
    /^null unchecked, element 1000: ended by signal 11, /m,
    /^null unchecked, an element as far as a block lies: status 0$/m,
    /^use after unmap: ended by signal 11, /m,
    /^two threads, by load and store: given twice \d+ of 40000000$/m,
    /^two threads, atomically: given twice 0 of 4000000$/m,
  ],
  'arena-leaks': [
    /^ {2}leaked: 132 bytes at 0x[0-9a-f]+, by request 32$/m,
    /^leaks found: 5 of 5, 580 bytes$/m,
    /^rounds served without reset: 14, with reset: 100$/m,
    /^overflow of 8 bytes: 8 bytes of the next block changed, and nothing noticed$/m,
    /^double free, the table: noticed$/m,
    /^double free, the heap: (?:ended by signal \d+, |status 0$)/m,
  ],
  'arena-fork': [
    /^arena from the heap: offset of the child \+320, of the parent \+128$/m,
    /^arena from the heap: the child's bytes are not seen by the parent$/m,
    /^arena in a private mapping: 50000000 additions by each, the parent's offset grew by 50000000$/m,
    /^arena in a private mapping: two writers that read the same offset: the child's bytes are intact$/m,
    /^arena in a shared mapping: offset of the child \+320, of the parent \+448$/m,
    /^arena in a shared mapping: two writers that read the same offset: the child's bytes are overwritten$/m,
  ],
}

let built = ''
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'alloc8-lab-c-'))
  const flags = ['CFLAGS=-O1 -Werror']
  execFileSync('make', ['--silent', '-C', sources, `OUT=${built}`, ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
})
afterAll(() => rmSync(built, { recursive: true, force: true }))

test('every program is here', () => {
  const programs = readdirSync(sources).flatMap((name) => (name.endsWith('.c') ? [name.slice(0, -2)] : []))
  expect(programs.sort()).toEqual(Object.keys(keyLines).sort())
})

describe.each(heaps)('under %s', (heap) => {
  test.for(Object.keys(keyLines))('%s', async (program, { skip }) => {
    requireOrSkip(skip, testHeaps().find(({ name }) => name === heap)?.missing ?? null)
    const { result, stdout } = await runUnder(heap, [join(built, program)])
    expect([result.exitCode, result.signal, result.verdict.state], stdout).toEqual([0, null, 'active'])
    for (const line of keyLines[program] ?? []) expect(stdout).toMatch(line)
    expect(result.tree.processes).toBeGreaterThan(0)
  })
})
