/**
 * The loader's cache, /etc/ld.so.cache: which file the loader takes for a soname. Reading it answers what a program
 * would really get, without starting ldconfig.
 *
 * The layout is glibc's (elf/cache.c, sysdeps/generic/dl-cache.h): the format `glibc-ld.so.cache1.1`, alone or behind
 * the older `ld.so-1.7.0`, in the machine's own byte order. The cache only speeds the loader up, and so it does us: a
 * missing or corrupt one holds nothing and is not an error.
 */

import { readFileSync, statSync } from 'node:fs'
import { endianness } from 'node:os'

/** One library of the cache. `flags` say its kind of machine; `platform.ts` has the numbers. */
export interface CacheEntry {
  soname: string
  path: string
  flags: number
}

const cachePath = '/etc/ld.so.cache'

const newMagic = Buffer.from('glibc-ld.so.cache1.1')
const newHeaderSize = 48
const newEntrySize = 24
const oldMagic = Buffer.from('ld.so-1.7.0')
const oldHeaderSize = 16
const oldEntrySize = 12

/** A real cache has some kilobytes; one of many megabytes is not one. */
const sizeLimit = 64 * 1024 * 1024

let remembered: { key: string; entries: CacheEntry[] } | undefined

/**
 * The entries of the cache, in its order. Libraries for a better processor than the architecture's base
 * (glibc-hwcaps) are left out. Read again only when the file has changed.
 */
export function readLoaderCache(path: string = cachePath): CacheEntry[] {
  try {
    const { mtimeMs, size, ino, dev } = statSync(path)
    const key = [path, mtimeMs, size, ino, dev].join(' ')
    if (remembered?.key === key) return remembered.entries
    const entries = size > sizeLimit ? [] : parseLoaderCache(readFileSync(path))
    remembered = { key, entries }
    return entries
  } catch {
    return []
  }
}

/** The path that the cache gives for a soname of a kind of machine, or null. */
export function findInLoaderCache(soname: string, flags: number, path: string = cachePath): string | null {
  return readLoaderCache(path).find((entry) => entry.soname === soname && entry.flags === flags)?.path ?? null
}

/** Reads the bytes of a cache file; what does not hold up is left out. */
export function parseLoaderCache(bytes: Buffer): CacheEntry[] {
  const u32 = (at: number) => (endianness() === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const startsWith = (magic: Buffer, at: number) => bytes.subarray(at, at + magic.length).equals(magic)
  if (startsWith(newMagic, 0)) return newEntries(bytes, u32, 0)
  if (!startsWith(oldMagic, 0) || bytes.length < oldHeaderSize) return []
  const count = u32(oldMagic.length + 1)
  const end = oldHeaderSize + count * oldEntrySize
  const aligned = Math.ceil(end / 8) * 8
  if (startsWith(newMagic, aligned)) return newEntries(bytes, u32, aligned)
  return entriesAt(bytes, u32, { first: oldHeaderSize, count, entrySize: oldEntrySize, strings: end })
}

/** The new format that begins at `start`: its string offsets count from there. */
function newEntries(bytes: Buffer, u32: (at: number) => number, start: number): CacheEntry[] {
  if (bytes.length < start + newHeaderSize) return []
  const count = u32(start + newMagic.length)
  return entriesAt(bytes, u32, { first: start + newHeaderSize, count, entrySize: newEntrySize, strings: start })
}

function entriesAt(
  bytes: Buffer,
  u32: (at: number) => number,
  table: { first: number; count: number; entrySize: number; strings: number },
): CacheEntry[] {
  const entries: CacheEntry[] = []
  for (let index = 0; index < table.count; index++) {
    const at = table.first + index * table.entrySize
    if (at + table.entrySize > bytes.length) break
    // The last eight bytes of a new entry are its hardware capabilities; any means "not for every processor".
    if (table.entrySize === newEntrySize && (u32(at + 16) !== 0 || u32(at + 20) !== 0)) continue
    const soname = stringAt(bytes, table.strings + u32(at + 4))
    const path = stringAt(bytes, table.strings + u32(at + 8))
    if (soname !== null && path?.startsWith('/')) entries.push({ soname, path, flags: u32(at) })
  }
  return entries
}

function stringAt(bytes: Buffer, at: number): string | null {
  const end = at < bytes.length ? bytes.indexOf(0, at) : -1
  return end <= at ? null : bytes.toString('utf8', at, end)
}
