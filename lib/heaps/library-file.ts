/**
 * A library given as a file. What the loader would only complain about on the target's stderr, or silently leave out,
 * is said before anything runs.
 */

import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { exportsMalloc } from '../binding/closure.ts'
import { type ElfInfo, readElf } from '../binding/elf.ts'
import { withFile } from '../binding/file-ranges.ts'
import { machineName, platform } from '../binding/machine.ts'
import { Alloc8Error } from '../errors.ts'
import { nearest } from './nearest.ts'

/**
 * Checks that a file can be preloaded as a heap.
 * @returns its absolute path
 * @throws Alloc8Error HEAP_LIBRARY
 */
export function checkLibrary(written: string, cwd: string): string {
  const path = resolve(cwd, written)
  const elf = readLibrary(path, written)
  const expected = platform().elf
  if (elf.bits !== expected.bits || elf.machine !== expected.machine) {
    const [found, wanted] = [machineName(elf), machineName(expected)]
    throw refuse(written, `is a ${found} library; programs here are ${wanted}`, `build it for ${wanted}`)
  }
  if (elf.type !== 'dyn' || elf.isPie) {
    throw refuse(written, 'is a program or an object file, not a shared library', 'link it with -shared')
  }
  if (elf.truncated)
    throw refuse(written, 'is cut short: it ends before what its header speaks of', 'copy or build it anew')
  if (!exportsMalloc(elf)) {
    throw refuse(
      written,
      'has no malloc',
      `a heap exports malloc, free, calloc and realloc: nm -D --defined-only ${written} must list them; ` +
        'if it does not, look for -fvisibility=hidden, static or a version script',
    )
  }
  return path
}

/** `./libmine.so.2` is called mine. */
export function libraryName(path: string): string {
  const name = basename(path)
  return name.replace(/^lib(?=.)/, '').replace(/(.)\.so(\.[\w.]+)?$/, '$1')
}

function readLibrary(path: string, written: string): ElfInfo {
  let elf: ElfInfo | null
  try {
    elf = readElf(path)
  } catch (cause) {
    const missing = cause instanceof Alloc8Error && cause.code === 'TARGET_NOT_FOUND'
    const what = missing ? 'does not exist' : 'cannot be read'
    throw refuse(written, what, missing ? missingHint(path) : `check its permissions: ls -l ${written}`, cause)
  }
  if (elf !== null) return elf
  const [what, hint] = otherKind(path)
  throw refuse(written, `is ${what}, not a shared library`, hint)
}

function missingHint(path: string): string {
  const folder = dirname(path)
  if (!existsSync(folder)) return `there is no folder ${folder}`
  // All libraries begin and end alike, so that less may differ than in other names.
  const near = nearest(basename(path), readdirSync(folder), 0.25)
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'check the spelling of the path'
}

/** What a file is instead, with what to do, by its first bytes. */
function otherKind(path: string): [what: string, hint: string] {
  const start = withFile(path, (file) => file.readUpTo(0, 4096).toString('latin1'))
  if (start === null) return ['a folder or device', 'name the library file itself']
  if (start.startsWith('!<arch>'))
    return ['a static library', 'link it into a shared one: gcc -shared -Wl,--whole-archive']
  const script = /(?:GROUP|INPUT)\s*\(\s*(?:AS_NEEDED\s*\(\s*)?([^\s)]+)/.exec(start)
  if (script !== null) return ["a linker's script", `name the library that it stands for: ${script[1]}`]
  return [start === '' ? 'an empty file' : 'not an ELF file', 'name a shared library, as gcc -shared makes it']
}

function refuse(written: string, what: string, hint: string, cause?: unknown): Alloc8Error {
  return new Alloc8Error('HEAP_LIBRARY', `${written} ${what}`, { hint, cause })
}
