/** Writes the project of a new heap from the template beside this file: the names in it are replaced, nothing else. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'

/** What was written. */
export interface CreateResult {
  /** The project's absolute path. */
  folder: string
  /** Its files, from there. */
  files: string[]
  /** The heap's class. */
  className: string
}

/** What npm would not ship under its own name. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore' }

/**
 * Writes a project named `name` into a folder of that name under `parent`, which may hold anything else.
 *
 * @param template the folder of the template
 * @throws Alloc8Error USAGE for a name that is none or a folder that is taken, OUTPUT_PATH
 */
export function createHeap(template: string, name: string, parent: string): CreateResult {
  if (!/^[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*$/.test(name)) {
    throw usageError('name', 'letters and digits with - or _ between, as in my-heap', name)
  }
  const folder = resolve(parent, name)
  if (existsSync(folder) && readdirSyncOrNull(folder)?.length !== 0) {
    throw new Alloc8Error('USAGE', `${folder}: expected a new or empty folder, got one with something in it`, {
      hint: 'choose another name; nothing was written',
    })
  }
  const names = namesFor(name)
  const files = readdirSync(template, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(template, file)).isFile())
    .sort()
  // Beside, and then moved: a project is there whole or not at all.
  const beside = `${folder}.${process.pid}.new`
  try {
    const written = files.map((file) => {
      const target = names(renamed[file] ?? file)
      mkdirSync(dirname(join(beside, target)), { recursive: true })
      writeFileSync(join(beside, target), names(readFileSync(join(template, file), 'utf8')))
      return target
    })
    renameSync(beside, folder)
    return { folder, files: written.sort(), className: names('MyHeap') }
  } catch (error) {
    rmSync(beside, { recursive: true, force: true })
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Alloc8Error('OUTPUT_PATH', `${folder}: cannot be written (${why})`, {
      hint: 'go to a folder that you may write to',
      cause: error,
    })
  }
}

function readdirSyncOrNull(path: string): string[] | null {
  try {
    return readdirSync(path)
  } catch {
    return null
  }
}

/** Replaces the template's three spellings by those of a name: my-heap, my_heap, MyHeap. */
function namesFor(name: string): (text: string) => string {
  const words = name.split(/[-_]/)
  const snake = words.join('_').toLowerCase()
  const capitals = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  // Without that `lock` would be alloc8's Lock.
  const pascal = /heap$/i.test(capitals) ? capitals : `${capitals}Heap`
  return (text) => text.replaceAll('my-heap', name).replaceAll('my_heap', snake).replaceAll('MyHeap', pascal)
}
