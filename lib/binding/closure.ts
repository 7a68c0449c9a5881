/**
 * The libraries that the loader would bring into a program, in its search order, found without running the program.
 * That answers whose malloc an untouched program calls: Debian's redis-server, for one, needs libjemalloc.so.2.
 * The search is ld.so's (man 8 ld.so).
 */

import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFlagsOf, libraryFolders, platform } from '../platform.ts'
import { type ElfInfo, readElf } from './elf.ts'
import { findInLoaderCache } from './loader-cache.ts'
import { preloadNames, systemPreload } from './preload-lists.ts'

/** An object of a program: `elf` is null where the library was not found, which the loader would complain about. */
export interface ProgramObject {
  /** As it was asked for: a soname or a path. */
  name: string
  elf: ElfInfo | null
  /** The object that needs it; null for the program itself and for what is preloaded. */
  neededBy: ProgramObject | null
}

/** No program has more libraries; a circle cannot, because each is loaded once. */
const objectLimit = 2048

/** The program, what is preloaded into it, and all that these need, breadth first as the loader searches them. */
export function programObjects(program: ElfInfo, env: NodeJS.ProcessEnv = process.env): ProgramObject[] {
  const root: ProgramObject = { name: program.path, elf: program, neededBy: null }
  const objects = [root]
  const known = new Set([program.path])
  const add = (name: string, neededBy: ProgramObject | null) => {
    if (known.has(name) || objects.length >= objectLimit) return
    known.add(name)
    const elf = findLibrary(name, neededBy ?? root, program, env)
    // What was preloaded by its path answers to its soname too.
    if (elf?.soname != null && elf.soname !== name && known.has(elf.soname)) return
    if (elf?.soname != null) known.add(elf.soname)
    objects.push({ name, elf, neededBy })
  }
  for (const name of preloaded(env)) add(name, null)
  for (let index = 0; index < objects.length; index++) {
    const object = objects[index]
    for (const name of object?.elf?.needed ?? []) add(name, object ?? null)
  }
  return objects
}

/** The object whose malloc the program calls: the first in search order that defines it. null: none does. */
export function mallocOwner(program: ElfInfo, env: NodeJS.ProcessEnv = process.env): ElfInfo | null {
  const owner = programObjects(program, env).find(({ elf }) => elf !== null && exportsMalloc(elf))
  return owner?.elf ?? null
}

/** Whether an object's dynamic table offers a malloc function to others. */
export function exportsMalloc(elf: ElfInfo): boolean {
  return elf.findDynamic(['malloc']).some((symbol) => symbol.defined && symbol.callable)
}

/** LD_PRELOAD first, then /etc/ld.so.preload, as the loader takes them. */
function preloaded(env: NodeJS.ProcessEnv): string[] {
  return [...preloadNames(env.LD_PRELOAD), ...systemPreload()]
}

/** Finds a library that an object needs; null where no file of the program's class and machine is found. */
function findLibrary(name: string, by: ProgramObject, program: ElfInfo, env: NodeJS.ProcessEnv): ElfInfo | null {
  if (name.includes('/')) return readFitting(expandTokens(name, by.elf, program), program)
  const first = [...inheritedRpath(by, program), ...split(env.LD_LIBRARY_PATH), ...ownRunpath(by, program)]
  for (const folder of first) {
    const elf = readFitting(join(folder, name), program)
    if (elf !== null) return elf
  }
  const flags = cacheFlagsOf(program)
  const cached = flags === null ? null : findInLoaderCache(name, flags)
  const elf = cached === null ? null : readFitting(cached, program)
  if (elf !== null) return elf
  for (const folder of libraryFolders()) {
    const found = readFitting(join(folder, name), program)
    if (found !== null) return found
  }
  return null
}

/** DT_RPATH of the object and of those that led to it; an object with DT_RUNPATH has none. */
function inheritedRpath(by: ProgramObject, program: ElfInfo): string[] {
  if (by.elf !== null && by.elf.runpath.length > 0) return []
  const folders: string[] = []
  for (let object: ProgramObject | null = by; object !== null; object = object.neededBy) {
    const { elf } = object
    if (elf === null || elf.runpath.length > 0) continue
    folders.push(...elf.rpath.map((folder) => expandTokens(folder, elf, program)))
  }
  return folders
}

function ownRunpath({ elf }: ProgramObject, program: ElfInfo): string[] {
  return (elf?.runpath ?? []).map((folder) => expandTokens(folder, elf, program))
}

/** $ORIGIN is the folder of the object that names it; $LIB and $PLATFORM are the distribution's. */
function expandTokens(text: string, elf: ElfInfo | null, program: ElfInfo): string {
  const origin = dirname(realPath(elf?.path ?? program.path))
  const lib = program.bits === 64 ? `lib/${platform().triplet}` : 'lib'
  return text
    .replaceAll(/\$(ORIGIN\b|\{ORIGIN\})/g, origin)
    .replaceAll(/\$(LIB\b|\{LIB\})/g, lib)
    .replaceAll(/\$(PLATFORM\b|\{PLATFORM\})/g, platform().llvmArch)
}

function readFitting(path: string, program: ElfInfo): ElfInfo | null {
  try {
    const elf = readElf(path)
    return elf !== null && elf.bits === program.bits && elf.machine === program.machine ? elf : null
  } catch {
    return null
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function split(folders: string | undefined): string[] {
  return (folders ?? '').split(/[:;]/).filter((folder) => folder !== '')
}
