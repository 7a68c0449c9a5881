/** The loader's cache against ldconfig's own listing, in both formats, missing and corrupt. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findInLoaderCache, parseLoaderCache, readLoaderCache } from '../../../lib/binding/loader-cache.ts'
import { cacheFlagsOf, platform } from '../../../lib/platform.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-cache-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const u32 = (value: number) => {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}

interface Row {
  soname: string
  path: string
  flags: number
  hwcap?: number
}

/** A cache in the new format whose strings begin after its entries. */
function newFormat(rows: Row[]): Buffer {
  const strings: Buffer[] = []
  let at = 48 + rows.length * 24
  const add = (text: string) => {
    const start = at
    strings.push(Buffer.from(`${text}\0`))
    at += text.length + 1
    return start
  }
  const entries = rows.map(({ soname, path, flags, hwcap = 0 }) =>
    Buffer.concat([u32(flags), u32(add(soname)), u32(add(path)), u32(0), u32(0), u32(hwcap)]),
  )
  return Buffer.concat([
    Buffer.from('glibc-ld.so.cache1.1'),
    u32(rows.length),
    u32(at - 48 - rows.length * 24),
    Buffer.alloc(20),
    ...entries,
    ...strings,
  ])
}

/** The old format, with the new one behind it where given. */
function oldFormat(rows: Row[], behind?: Buffer): Buffer {
  const header = Buffer.concat([Buffer.from('ld.so-1.7.0\0'), u32(rows.length)])
  const strings = rows.map(({ soname, path }) => Buffer.from(`${soname}\0${path}\0`))
  let at = 0
  const entries = rows.map(({ soname, path, flags }) => {
    const entry = Buffer.concat([u32(flags), u32(at), u32(at + soname.length + 1)])
    at += soname.length + path.length + 2
    return entry
  })
  const table = Buffer.concat([header, ...entries])
  if (behind === undefined) return Buffer.concat([table, ...strings])
  return Buffer.concat([table, Buffer.alloc((8 - (table.length % 8)) % 8), behind])
}

const rows: Row[] = [
  { soname: 'libx.so.1', path: '/lib32/libx.so.1', flags: 0x0003 },
  { soname: 'libx.so.1', path: '/lib/x86_64-linux-gnu/libx.so.1', flags: 0x0303 },
  { soname: 'liby.so', path: '/opt/liby.so', flags: 0x0303 },
]

test.skipIf(!existsSync('/sbin/ldconfig') || !existsSync('/etc/ld.so.cache'))(
  'every entry is what ldconfig -p prints',
  () => {
    const printed = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
    const expected = [...printed.matchAll(/^\t(\S+) \((.*)\) => (\S+)$/gm)]
      .filter(([, , kind]) => !kind?.includes('hwcap'))
      .map(([, soname, , path]) => `${soname} ${path}`)
    const ours = readLoaderCache().map(({ soname, path }) => `${soname} ${path}`)
    expect(ours.length).toBeGreaterThan(10)
    expect(ours).toEqual(expected)
  },
)

test.skipIf(!existsSync('/etc/ld.so.cache'))("libc is found for this machine's programs", () => {
  const flags = cacheFlagsOf(platform().elf)
  const path = findInLoaderCache('libc.so.6', flags ?? -1)
  expect(path).toContain(platform().triplet)
  expect(existsSync(path ?? '')).toBe(true)
})

describe('formats', () => {
  test.each([
    ['new', newFormat(rows)],
    ['old', oldFormat(rows)],
    ['new behind old, aligned', oldFormat(rows, newFormat(rows))],
    ['new behind an old one of another length', oldFormat(rows.slice(0, 2), newFormat(rows))],
  ])('%s', (_, bytes) => expect(parseLoaderCache(bytes)).toEqual(rows))

  test('an entry for better processors only is left out', () => {
    const better = {
      soname: 'libx.so.1',
      path: '/lib/glibc-hwcaps/x86-64-v3/libx.so.1',
      flags: 0x0303,
      hwcap: 0x40000000,
    }
    expect(parseLoaderCache(newFormat([better, ...rows]))).toEqual(rows)
  })

  test('the right class of a soname is chosen, and none of another', () => {
    const path = join(folder, 'classes')
    writeFileSync(path, newFormat(rows))
    expect(findInLoaderCache('libx.so.1', 0x0303, path)).toBe('/lib/x86_64-linux-gnu/libx.so.1')
    expect(findInLoaderCache('libx.so.1', 0x0003, path)).toBe('/lib32/libx.so.1')
    expect(findInLoaderCache('liby.so', 0x0003, path)).toBeNull()
    expect(findInLoaderCache('libx.so', 0x0303, path)).toBeNull()
  })

  test('a changed file is read again', () => {
    const path = join(folder, 'changing')
    writeFileSync(path, newFormat(rows))
    expect(readLoaderCache(path)).toHaveLength(3)
    writeFileSync(path, newFormat(rows.slice(0, 1)))
    expect(readLoaderCache(path)).toHaveLength(1)
  })
})

describe('missing and corrupt files hold nothing', () => {
  test('missing', () => expect(readLoaderCache('/no/such/cache')).toEqual([]))
  test('a folder', () => expect(readLoaderCache('/')).toEqual([]))
  test.each([
    ['empty', Buffer.alloc(0)],
    ['another magic', Buffer.from('hello, I am not a cache at all, I only look like one')],
    ['the magic alone', Buffer.from('glibc-ld.so.cache1.1')],
    ['the old magic alone', Buffer.from('ld.so-1.7.0')],
    ['offsets beyond the end', Buffer.concat([newFormat(rows).subarray(0, 60), Buffer.alloc(12 + 48, 0xff)])],
  ])('%s', (_, bytes) => expect(parseLoaderCache(bytes)).toEqual([]))

  test('a cut file gives the entries that are whole', () => {
    const bytes = newFormat(rows)
    for (let length = 0; length < bytes.length; length++) {
      expect(parseLoaderCache(bytes.subarray(0, length)).length).toBeLessThan(rows.length)
    }
  })

  test('any byte changed, nothing is thrown', () => {
    const original = existsSync('/etc/ld.so.cache')
      ? readFileSync('/etc/ld.so.cache').subarray(0, 3000)
      : newFormat(rows)
    for (let at = 0; at < original.length; at += 3) {
      const bytes = Buffer.from(original)
      bytes[at] = 0xff
      expect(() => parseLoaderCache(bytes)).not.toThrow()
    }
  })
})
