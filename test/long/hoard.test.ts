/**
 * The Hoard heap against a shadow for ten minutes (`ALLOC8_STRESS_SECONDS` for another time), with what a debug build
 * looks after and under AddressSanitizer: `npm run test:long`.
 */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { groupOf } from '../../scripts/sources.mjs'
import { scratch } from '../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const root = join(import.meta.dirname, '../..')
const seconds = Number(process.env.ALLOC8_STRESS_SECONDS ?? 600)
const execute = promisify(execFile)

test.each([
  ['as it is', ['-O2'], 0.6],
  ['under AddressSanitizer', ['-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'], 0.4],
])(
  '%s',
  async (name, flags, share) => {
    const program = join(folder.path, name.replaceAll(' ', '-'))
    const sources = [
      'native/interpose/foreign.cpp',
      'native/platform/linux/symbols.cpp',
      ...groupOf('common'),
      ...groupOf('platform'),
    ]
    const include = ['-Inative', '-Inative/include', '-Itest/native']
    const words = ['-std=c++20', '-g', '-DALLOC8_CHECKED', ...flags, ...include]
    await execute(
      'g++',
      [...words, '-o', program, 'test/native/heaps/hoard_stress_test.cpp', ...new Set(sources), '-pthread'],
      {
        cwd: root,
      },
    )
    const env = {
      ...process.env,
      ALLOC8_STRESS_SECONDS: String(Math.ceil(seconds * share)),
      ALLOC8_STRESS_SEED: String(Date.now()),
    }
    const { stdout, stderr } = await execute(program, [], { env })
    expect(stdout, `seed ${env.ALLOC8_STRESS_SEED}: ${stderr}`).toContain('blocksAreTheProgramsAlone')
  },
  3_600_000,
)
