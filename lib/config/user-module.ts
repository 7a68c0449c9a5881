/**
 * Loads a module of the user's, a configuration or an experiment, in JavaScript or TypeScript. TypeScript is loaded
 * through jiti, which does on every Node what only the newest do themselves.
 */

import { createJiti } from 'jiti'
import { evaluated } from './evaluate.ts'
import { isPlainObject } from './shape.ts'

/** What a module exports. */
export interface UserModule {
  /** Its default export; undefined where it has none. */
  value: unknown
  /** The names of what else it exports. */
  names: string[]
}

/**
 * Runs a module and gives what it exports. Whatever it does wrong is thrown as it comes.
 * @param alloc8 what `import … from 'alloc8'` gives in it, wherever alloc8 is installed
 */
export async function importUserModule(file: string, alloc8: object | undefined): Promise<UserModule> {
  const jiti = createJiti(import.meta.url, {
    // It is loaded once; a cache would be a file in somebody's folder.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    ...(alloc8 === undefined ? {} : { virtualModules: { alloc8: { ...alloc8 } } }),
  })
  const exported = await evaluated(async () => {
    const module: unknown = await jiti.import(file)
    // What is exported may be a promise, and is waited for here, where its failure is the file's.
    return isPlainObject(module) ? { ...module, default: await module['default'] } : module
  })
  if (!isPlainObject(exported)) return { value: undefined, names: [] }
  return { value: exported['default'], names: Object.keys(exported).filter((key) => key !== 'default') }
}

/** What went wrong, in one line: a parser's message has several. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim()
}

/** The line of the file in which an error arose, where its stack has it. */
export function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack.split('\n').find((line) => line.includes(`${file}:`))
  const position = at === undefined ? undefined : /:(\d+:\d+)\)?$/.exec(at)?.[1]
  return position === undefined ? 'see whether what it imports is installed' : `it stopped at ${file}:${position}`
}
