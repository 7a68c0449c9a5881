/**
 * What native/sources.json says about building a preload library, and what a heap's own sources say about what they
 * need of it. Reads files, builds nothing.
 */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import { codeOf } from './lint.ts'

/** The list of sources and flags, as far as heaps of others need it. */
interface SourceList {
  kinds: { preload: Record<'compile' | 'link' | 'libraries', string[]> }
  groups: Record<string, string[]>
}

/** A source of the heap, or a header of its own that it includes. */
export interface AuthorFile {
  path: string
  text: string
}

/** Reads the heap's sources and the headers beside them that they include with quotes. */
export function readSources(paths: readonly string[]): AuthorFile[] {
  const files = new Map<string, AuthorFile>()
  const add = (path: string, text: string) => {
    files.set(path, { path, text })
    for (const [, name] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)) {
      const beside = join(dirname(path), name ?? '')
      if (!files.has(beside) && existsSync(beside)) add(beside, readFileSync(beside, 'utf8'))
    }
  }
  for (const path of paths) add(path, readSource(path))
  return [...files.values()]
}

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Alloc8Error('SOURCE', `${path}: expected a C++ source of a heap, got ${explained(why)}`, {
      hint: 'alloc8 new NAME writes a heap to begin with',
      cause: error,
    })
  }
}

function explained(code: string): string {
  if (code === 'ENOENT') return 'no such file'
  return code === 'EISDIR' ? 'a folder' : code
}

/** What is compiled besides the heap's own sources, and with which flags. */
export interface Recipe {
  /** Sources of the interposer, with their paths. */
  sources: string[]
  compile: string[]
  link: string[]
  libraries: string[]
}

/**
 * What the library is made of. A heap in the header form brings all of it along; one with thread hooks has their source
 * besides; with a prefix the functions are `PREFIX_malloc` and so on and nothing of libc's is replaced.
 */
export function recipeFor(native: string, files: readonly AuthorFile[], prefix: string | undefined): Recipe {
  const list = JSON.parse(readFileSync(join(native, 'sources.json'), 'utf8')) as SourceList
  const code = files.map((file) => codeOf(file.text)).join('\n')
  const headerForm = /#\s*include\s*[<"]alloc8\/gnu_wrapper\.h[>"]/.test(code)
  const threads = /\bALLOC8_(?:REDIRECT_WITH_THREADS|THREAD_REDIRECT)\b|\bxxthread_(?:init|cleanup)\b/.test(code)
  const groups = [prefix === undefined ? 'interpose' : 'prefixed', 'common', 'platform']
  if (threads && prefix === undefined) groups.push('threads')
  return {
    ...list.kinds.preload,
    sources: headerForm ? [] : groups.flatMap((group) => list.groups[group] ?? []).map((file) => join(native, file)),
  }
}
