/**
 * A library or program that is replaced while it is compared ends the comparison at the block that it touched; the
 * blocks before it count. The --prepare command, which runs before each run, is what replaces it, so that the instant is
 * the same each time.
 */

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { compare } from '../../lib/api/compare.ts'
import { Fingerprints } from '../../lib/api/fingerprint.ts'
import { resolveHeap } from '../../lib/heaps/index.ts'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

/** Warm-up and blocks have three runs each: two heaps and the control. The eighth is in the second counted block. */
const EIGHTH = 8

/** Compares `system` with a copy of `simple` under a copy of `true`; at the eighth run a shell does `script` there. */
async function compareWhile(script: string) {
  const place = mkdtempSync(join(folder.path, 'replaced-'))
  const { preload } = await resolveHeap('simple')
  const library = join(place, 'heap.so')
  const program = join(place, 'program')
  copyFileSync(preload[0] ?? expect.fail('simple has no library'), library)
  copyFileSync('/bin/true', program)
  writeFileSync(join(place, 'runs'), '')
  const result = await compare({
    command: [program],
    heaps: ['system', library],
    blocks: 4,
    warmupBlocks: 1,
    cwd: place,
    prepare: `echo >> runs; if [ "$(wc -l < runs)" -eq ${EIGHTH} ]; then ${script}; fi`,
  })
  return { result, library, program, warning: result.warnings.find(({ code }) => code === 'library-replaced') }
}

describe('ends the comparison after the complete blocks', () => {
  test.each([
    ['a library replaced by rename', 'library', 'cp heap.so new; printf x >> new; mv new heap.so'],
    ['a library rewritten in place', 'library', 'printf x >> heap.so'],
    [
      'a rewritten library of the same size and time',
      'library',
      'cp -p heap.so old; printf x | dd of=heap.so bs=1 seek=9 conv=notrunc status=none; touch -r old heap.so',
    ],
    ['a library removed', 'library', 'rm heap.so'],
    ['a program replaced by rename', 'program', 'cp program new; printf x >> new; mv new program'],
    ['a program removed', 'program', 'rm program'],
  ] as const)('%s', async (_, which, script) => {
    const { result, warning, ...files } = await compareWhile(script)
    expect(warning?.message).toContain(`${files[which]} was replaced or rewritten, seen at block 2: `)
    expect(result).toMatchObject({ partial: true, blocks: 1, requestedBlocks: 4 })
  })
})

describe('changes nothing', () => {
  test.each([
    ['touch', 'touch heap.so program'],
    ['an equal file under the same name', 'cp heap.so new; mv new heap.so'],
  ])('%s', async (_, script) => {
    const { result, warning } = await compareWhile(script)
    expect(warning).toBeUndefined()
    expect(result).toMatchObject({ partial: false, blocks: 4 })
  })
})

test('what is no regular file is not opened: a FIFO in place of a library is a change and no wait', async () => {
  const place = mkdtempSync(join(folder.path, 'fifo-'))
  const library = join(place, 'heap.so')
  writeFileSync(library, 'a library')
  const files = await Fingerprints.of([library])
  expect(await files.changed()).toBeNull()
  execFileSync('sh', ['-c', 'rm "$0" && mkfifo "$0"', library])
  expect(await files.changed()).toBe(library)
})
