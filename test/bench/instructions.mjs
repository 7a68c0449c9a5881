// What plugging a heap in costs on malloc's and free's fast path: liballoc8-simple.so, and the same heap in the header
// form, against that heap exported by hand, compiled with the same flags, and beside libc's own malloc.

import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'shell-quote'
import { flagsOf, products, sourcesOf } from '../../scripts/sources.mjs'
import { instructionsOfPair } from './callgrind.mjs'
import { compile, need, product, root, Unmeasurable } from './tools.mjs'

const sizes = [16, 64, 1000]

/** The rows, measured with files in `folder`. */
export function instructionRows(folder) {
  need('valgrind')
  const program = path.join(folder, 'pairs')
  compile('cc', ['-O2', '-fno-builtin', '-o', program, 'test/bench/pairs.c'])
  const redirected = product('liballoc8-simple.so')
  refuseOlder(redirected)
  const byHand = compileByHand(folder)
  const byHeader = compileByHeader(folder)
  return sizes.flatMap((size) => {
    const libc = measure(program, null, size, folder)
    const plugged = measure(program, redirected, size, folder)
    const header = measure(program, byHeader, size, folder)
    const yardstick = measure(program, byHand, size, folder)
    const what = `malloc and free of ${size} bytes`
    const note = (form) => `${share(form)}; by hand ${share(yardstick)}`
    return [
      row(`${what}, simple heap in the header form`, header.pair, 'exported by hand', yardstick.pair, 1, note(header)),
      row(`${what}, simple heap plugged in`, plugged.pair, 'exported by hand', yardstick.pair, 1, note(plugged)),
      row(`${what}, simple heap plugged in`, plugged.pair, "libc's own malloc", libc.pair, null, null),
    ]
  })
}

/** libc's malloc without the cache in front of its arenas, which the multiarena heap has none of. */
const withoutCache = { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' }

/** Hoard's rows: beside libc's malloc with its thread cache. */
export const hoardRows = (folder) => besideLibc(folder, 'hoard', "libc's own malloc", {})

/** The multiarena heap's rows: beside what it is built like. */
export const arenaRows = (folder) =>
  besideLibc(folder, 'multiarena', "libc's own without its thread cache", withoutCache)

/** A built-in heap's pairs of all sizes beside libc's under an environment. */
function besideLibc(folder, heap, against, env) {
  need('valgrind')
  const program = path.join(folder, 'pairs')
  compile('cc', ['-O2', '-fno-builtin', '-o', program, 'test/bench/pairs.c'])
  return [...sizes, 20_000].map((size) => {
    const own = measure(program, product(`liballoc8-${heap}.so`), size, folder)
    const libc = measure(program, null, size, folder, { env })
    return row(`malloc and free of ${size} bytes, ${heap}`, own.pair, against, libc.pair, null, share(own))
  })
}

const row = (what, value, against, reference, budget, note) => {
  return { what, value, unit: 'instructions', against, reference, budget, note }
}

const share = ({ functions }) => `malloc ${functions.malloc}, free ${functions.free}`

/** Throws Unmeasurable where the library is older than its sources: the yardstick is compiled from those of now. */
function refuseOlder(library) {
  const built = statSync(library).mtimeMs
  const headers = [
    'native/heaps/simple/simple_heap.h',
    'native/include/alloc8/detail/libc_rules.h',
    'native/sources.json',
  ]
  const newer = [...sourcesOf('alloc8-simple'), ...headers].find(
    (file) => statSync(path.join(root, file)).mtimeMs > built,
  )
  if (newer !== undefined) throw new Unmeasurable(`${library} is older than ${newer}; run \`npm run build\``)
}

/** Measures, and makes sure that it was this library's malloc, which may call libc where `withLibc` says so. */
export function measure(program, library, size, folder, { env = {}, withLibc = false } = {}) {
  const measured = instructionsOfPair(program, library, size, folder, env)
  const expected = library ?? '/libc.so.6'
  const others = measured.objects.filter((object) => !object.endsWith(expected))
  const allowed = withLibc ? others.filter((object) => !object.endsWith('/libc.so.6')) : others
  if (measured.objects.length === others.length || allowed.length > 0) {
    throw new Error(`malloc came from ${measured.objects.join(', ') || 'nowhere'} and not from ${expected}`)
  }
  return measured
}

/** Builds the yardstick: the heap's exports by hand, with what of the interposer a heap needs to have memory at all. */
function compileByHand(folder) {
  const needed = ['native/interpose/contracts.cpp', ...platformSources()]
  return compileHeap(path.join(folder, 'libsimple-by-hand.so'), ['test/bench/simple_by_hand.cpp', ...needed])
}

/** Builds the header form: one file, and nothing that is optimised when it is linked. */
function compileByHeader(folder) {
  return compileHeap(path.join(folder, 'libsimple-by-header.so'), ['test/bench/simple_by_header.cpp', '-fno-lto'])
}

function compileHeap(out, words) {
  const { compile: compiling, link, libraries } = builtFlags()
  compile('g++', [...compiling, ...link, '-shared', '-o', out, ...words, ...libraries])
  return out
}

/** The platform's sources, which every preload library has. */
function platformSources() {
  return sourcesOf('alloc8-simple').filter((file) => file.startsWith('native/platform/') && !file.includes('symbols'))
}

/** The flags with which node-gyp has built liballoc8-simple.so, from the makefile that it wrote. */
export function builtFlags() {
  let makefile
  try {
    makefile = readFileSync(path.join(root, 'build/alloc8-simple.target.mk'), 'utf8')
  } catch {
    throw new Unmeasurable('node-gyp has left no makefile in build/; run `npm run build`')
  }
  const variable = (name) => {
    const value = new RegExp(`^${name} :=((?:.*\\\\\\n)*.*)$`, 'm').exec(makefile)?.[1] ?? ''
    return parse(value.replaceAll('\\\n', ' ').replaceAll('$(srcdir)', root)).filter((word) => typeof word === 'string')
  }
  const names = ['DEFS_Release', 'INCS_Release', 'CFLAGS_Release', 'CFLAGS_CC_Release']
  const flags = { compile: names.flatMap(variable), link: variable('LDFLAGS_Release'), libraries: variable('LIBS') }
  const { kind } = products['alloc8-simple']
  const missing = flagsOf(kind, 'compile').filter((flag) => !flags.compile.includes(flag))
  if (missing.length > 0)
    throw new Unmeasurable(`build/ is older than native/sources.json (${missing.join(' ')}); run \`npm run build\``)
  return flags
}
