/** Sizes from a file: those that ship give what they should, and a bad file is named with the line that is wrong. */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from '../repo/tree.ts'
import { scratch } from '../support/launching.ts'

const native = process.env['ALLOC8_NATIVE_DIR'] || `${root}build/Release`
const folder = scratch()
afterAll(folder.remove)

function randomMix(...args: string[]) {
  const all = ['--operations', '20000', '--size', '1000000', ...args]
  return spawnSync(join(native, 'workloads/random-mix'), all, { encoding: 'utf8' })
}

function withFile(text: string) {
  const path = join(folder.path, 'sizes.txt')
  writeFileSync(path, text)
  return { path, ...randomMix('--sizes', path) }
}

const checksum = (stdout: string) => (JSON.parse(stdout) as { checksum: string }).checksum

describe('--sizes', () => {
  test('has the sizes of sqlite3 unless given, and those of the file then', () => {
    const own = randomMix()
    const sqlite = randomMix('--sizes', `${root}native/workloads/sizes/sqlite.txt`)
    const python = randomMix('--sizes', `${root}native/workloads/sizes/python.txt`)
    expect([own.status, sqlite.status, python.status]).toEqual([0, 0, 0])
    expect(checksum(sqlite.stdout)).toBe(checksum(own.stdout))
    expect(checksum(python.stdout)).not.toBe(checksum(own.stdout))
  })

  test('takes comments, blank lines and fractions', () => {
    const { status, stdout } = withFile('# sizes\n\n  64 0.5  # half\r\n\t64 3\n')
    expect(status).toBe(0)
    const { liveBytes } = JSON.parse(stdout) as { liveBytes: { end: number } }
    expect(liveBytes.end % 64).toBe(0)
  })

  test.each([
    ['64\n', ':1, "64"'],
    ['# a\n64 1\nsixty 1\n', ':3, "sixty 1"'],
    ['64 1 2\n', ':1, "64 1 2"'],
    ['0 1\n', ':1, "0 1"'],
    ['-5 1\n', ':1, "-5 1"'],
    ['64 0\n', ':1, "64 0"'],
    ['64 -1\n', ':1, "64 -1"'],
    ['64 nan\n', ':1, "64 nan"'],
    ['1e12 1\n', ':1, "1e12 1"'],
  ])('refuses %j', (text, where) => {
    const { path, status, stdout, stderr } = withFile(text)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`random-mix: --sizes: expected lines of SIZE WEIGHT`)
    expect(stderr).toContain(path + where)
  })

  test('refuses a file without sizes, one that is not there and a folder', () => {
    const empty = withFile('# nothing\n')
    expect([empty.status, empty.stderr]).toEqual([
      1,
      `random-mix: --sizes: expected lines of SIZE WEIGHT, got none: ${empty.path}\n`,
    ])
    const missing = randomMix('--sizes', `${folder.path}/none`)
    expect([missing.status, missing.stderr]).toEqual([
      1,
      `random-mix: --sizes: cannot be opened: ${folder.path}/none\n`,
    ])
    expect(randomMix('--sizes', folder.path).status).toBe(1)
  })

  test('is no option of a workload that draws none', () => {
    const { status, stderr } = spawnSync(join(native, 'workloads/larson'), ['--sizes', 'x'], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toContain('no such option or argument: "--sizes"')
  })
})
