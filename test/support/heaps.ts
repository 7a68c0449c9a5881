/**
 * The heaps that the preload tests run under, and how to put one in front of a program. This knows nothing of the
 * command line or the registry on purpose: these tests judge the libraries alone.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A heap for tests. `library` is null for `default` and for one that is `missing` (which says how to get it). */
export interface TestHeap {
  name: string
  kind: 'default' | 'builtin' | 'found'
  library: string | null
  missing: string | null
  /** The upstream version of the Debian package, null where that cannot be told. */
  version: string | null
}

/** Our own heaps, by the name of their library in the native folder. */
const builtin = ['simple', 'multiarena', 'arena', 'hoard']

/** Others' heaps: where their library is, and the Debian package that brings it. */
const found = [
  { name: 'jemalloc', soname: 'libjemalloc.so.2', packageName: 'libjemalloc2' },
  { name: 'tcmalloc', soname: 'libtcmalloc_minimal.so.4', packageName: 'libtcmalloc-minimal4' },
  { name: 'mimalloc', soname: 'libmimalloc.so.2', packageName: 'libmimalloc2.0' },
  { name: 'tbbmalloc', soname: 'libtbbmalloc_proxy.so.2', packageName: 'libtbbmalloc2' },
  { name: 'scudo', soname: 'libclang_rt.scudo_standalone', packageName: 'libclang-rt-14-dev' },
] as const

/** Every heap that the suite knows, installed or not. */
export function testHeaps(): TestHeap[] {
  const cache = loaderCache()
  return [
    { name: 'default', kind: 'default', library: null, missing: null, version: null },
    ...builtin.map(builtinHeap),
    ...found.map(({ name, soname, packageName }): TestHeap => {
      const library = name === 'scudo' ? scudoLibrary() : (cache.get(soname) ?? null)
      const missing = library ? null : `${name} is not installed: apt-get install ${packageName}`
      return { name, kind: 'found', library, missing, version: library ? packageVersion(packageName) : null }
    }),
  ]
}

/** The environment that puts a heap in force, with other libraries preloaded in front of it and behind it. */
export function heapEnvironment(heap: TestHeap, before: string[], behind: string[]): Record<string, string> {
  const preload = [...before, ...(heap.library ? [heap.library] : []), ...behind]
  const slowness = process.env.PROGRAM_SLOWNESS ?? ''
  const base = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: '/', LC_ALL: 'C', PROGRAM_SLOWNESS: slowness }
  return preload.length ? { ...base, LD_PRELOAD: preload.join(':') } : base
}

function builtinHeap(name: string): TestHeap {
  const folder = process.env.ALLOC8_NATIVE_DIR || fileURLToPath(new URL('../../build/Release', import.meta.url))
  const library = join(folder, `liballoc8-${name}.so`)
  const built = existsSync(library)
  const missing = built ? null : `${library} is not built: npm run build`
  return { name, kind: 'builtin', library: built ? library : null, missing, version: null }
}

/** The loader's own list: soname -> path, of this machine's word size. */
function loaderCache(): Map<string, string> {
  const tool = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find(existsSync)
  const cache = new Map<string, string>()
  if (!tool) return cache
  const wanted = { x64: 'x86-64', arm64: 'AArch64' }[process.arch as string] ?? ''
  for (const line of execFileSync(tool, ['-p'], { encoding: 'utf8' }).split('\n')) {
    const match = /^\s+(\S+) \(([^)]*)\) => (\S+)$/.exec(line)
    if (match?.[1] && match[3] && match[2]?.includes(wanted) && !cache.has(match[1])) cache.set(match[1], match[3])
  }
  return cache
}

/** The newest scudo of the compiler runtimes. */
function scudoLibrary(): string | null {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string]
  const candidates: string[] = []
  for (const llvm of children('/usr/lib').filter((path) => /\/llvm-\d+$/.test(path)))
    for (const version of children(join(llvm, 'lib/clang')))
      candidates.push(join(version, `lib/linux/libclang_rt.scudo_standalone-${machine}.so`))
  const present = [...new Set(candidates.filter(existsSync).map((path) => realpathSync(path)))]
  return present.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(0) ?? null
}

function children(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

/** `5.3.0-1` -> `5.3.0`. */
function packageVersion(packageName: string): string | null {
  try {
    const text = execFileSync('dpkg-query', ['-s', packageName], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return /^Version: (?:\d+:)?([\d.]+)/m.exec(text)?.[1] ?? null
  } catch {
    return null
  }
}
