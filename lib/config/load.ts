/**
 * Finds and loads `alloc8.config.ts` or one of its kin. A file that runs may fail in any way; each becomes one error that
 * names it.
 */

import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import type { Alloc8Config } from '../types.ts'
import { checkConfig } from './check.ts'
import { isPlainObject, type Suggest, shown } from './shape.ts'
import { importUserModule, messageOf, placeOf, type UserModule } from './user-module.ts'

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

function loadJson(file: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw configError(`${name}: it is not JSON: ${messageOf(error)}`, 'see schema/config.json for its shape', error)
  }
}

async function loadModule(file: string, name: string, { alloc8 }: LoadOptions): Promise<unknown> {
  let exported: UserModule
  try {
    exported = await importUserModule(file, alloc8)
  } catch (error) {
    throw configError(`${name}: it could not be loaded: ${messageOf(error)}`, placeOf(error, file), error)
  }
  const { value, names } = exported
  if (value === undefined) {
    const instead = names.length === 0 ? 'nothing' : names.join(', ')
    throw configError(`${name}: expected a default export, got ${instead}`, EXAMPLE)
  }
  if (!isPlainObject(value)) {
    throw configError(`${name}: expected a configuration as its default export, got ${shown(value)}`, EXAMPLE)
  }
  return value
}
