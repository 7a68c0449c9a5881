/**
 * Finds and loads `alloc8.config.ts` or one of its kin. TypeScript is loaded through jiti, which does on every Node
 * what only the newest do themselves. A file that runs may fail in any way; each becomes one error that names it.
 */

import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { createJiti } from 'jiti'
import { Alloc8Error } from '../errors.ts'
import type { Alloc8Config } from '../types.ts'
import { checkConfig } from './check.ts'
import { evaluated } from './evaluate.ts'
import { isPlainObject, type Suggest, shown } from './shape.ts'

/** The names under which a configuration is looked for. */
export const CONFIG_NAMES: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map((type) => `alloc8.config.${type}`)

const EXAMPLE = `for example alloc8.config.ts:
  import { defineConfig } from 'alloc8'
  export default defineConfig({
    heaps: ['system', 'jemalloc'],
    workloads: [{ name: 'bench', command: ['./bench', '--fast'] }],
  })`

/** A configuration with where it came from. */
export interface LoadedConfig {
  config: Alloc8Config
  /** Absolute. */
  file: string
  /** The file's folder, to which the paths in it are relative. */
  folder: string
}

/** What `loadConfig` takes besides the file. */
export interface LoadOptions {
  cwd?: string | undefined
  suggest?: Suggest | undefined
  /** What `import … from 'alloc8'` gives in it, wherever alloc8 is installed. */
  alloc8?: object | undefined
}

/**
 * The path of the configuration in a folder.
 * @throws Alloc8Error CONFIG where there is none, or more than one
 */
export function findConfig(folder: string): string {
  const found = CONFIG_NAMES.filter((name) => isFile(join(folder, name)))
  const [name, other] = found
  if (other !== undefined) {
    throw configError(`${folder}: there are ${found.join(' and ')}`, 'keep one, or name one: --config FILE')
  }
  if (name !== undefined) return join(folder, name)
  throw configError(
    `${folder}: there is no alloc8.config.ts, .mts, .js, .mjs or .json`,
    `write one, or name one: --config FILE\n${EXAMPLE}`,
  )
}

/**
 * Loads a configuration and checks it.
 * @param path relative to `cwd`; the one in `cwd` unless given
 * @throws Alloc8Error CONFIG
 */
export async function loadConfig(path: string | undefined, options: LoadOptions = {}): Promise<LoadedConfig> {
  const cwd = options.cwd ?? process.cwd()
  const file = path === undefined ? findConfig(cwd) : resolve(cwd, path)
  const name = path ?? relative(cwd, file)
  if (!isFile(file)) throw configError(`${name}: there is no such file`, `name a file that is there\n${EXAMPLE}`)
  const given = file.endsWith('.json') ? loadJson(file, name) : await loadModule(file, name, options)
  return { config: checkConfig(given, name, options.suggest), file, folder: dirname(file) }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function configError(message: string, hint: string, cause?: unknown): Alloc8Error {
  return new Alloc8Error('CONFIG', message, { hint, cause })
}

/** In one line: a parser's message has several. */
const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim()

function loadJson(file: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw configError(`${name}: it is not JSON: ${messageOf(error)}`, 'see schema/config.json for its shape', error)
  }
}

async function loadModule(file: string, name: string, { alloc8 }: LoadOptions): Promise<unknown> {
  const jiti = createJiti(import.meta.url, {
    // A configuration is loaded once; a cache would be a file in somebody's folder.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    ...(alloc8 === undefined ? {} : { virtualModules: { alloc8: { ...alloc8 } } }),
  })
  let exported: unknown
  try {
    exported = await evaluated(async () => {
      const module: unknown = await jiti.import(file)
      // What is exported may be a promise, and is waited for here, where its failure is the file's.
      return isPlainObject(module) ? { ...module, default: await module['default'] } : module
    })
  } catch (error) {
    throw configError(`${name}: it could not be loaded: ${messageOf(error)}`, placeOf(error, file), error)
  }
  const given = isPlainObject(exported) ? exported['default'] : undefined
  if (given === undefined) {
    const names = isPlainObject(exported) ? Object.keys(exported).filter((key) => key !== 'default') : []
    const instead = names.length === 0 ? 'nothing' : names.join(', ')
    throw configError(`${name}: expected a default export, got ${instead}`, EXAMPLE)
  }
  if (!isPlainObject(given)) {
    throw configError(`${name}: expected a configuration as its default export, got ${shown(given)}`, EXAMPLE)
  }
  return given
}

/** The line of the file in which an error arose, where its stack has it. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack.split('\n').find((line) => line.includes(`${file}:`))
  const position = at === undefined ? undefined : /:(\d+:\d+)\)?$/.exec(at)?.[1]
  return position === undefined ? 'see whether what it imports is installed' : `it stopped at ${file}:${position}`
}
