/** What these tests share: the error that an action throws, and small programs made on the spot. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Alloc8Error } from '../../../lib/errors.ts'

/** The Alloc8Error that an action throws; any other outcome fails the test. */
export function thrownBy(action: () => unknown): Alloc8Error {
  try {
    action()
  } catch (error) {
    if (error instanceof Alloc8Error) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The Alloc8Error that a promise ends with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Alloc8Error> {
  const outcome = await promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  )
  if (outcome instanceof Alloc8Error) return outcome
  throw outcome
}

/** Compiles C source into `folder/name` and gives the path. Libraries to link with go behind the flags. */
export function compileC(folder: string, name: string, source: string, ...flags: string[]): string {
  const path = join(folder, name)
  const result = spawnSync('g++', ['-x', 'c', '-', '-x', 'none', '-o', path, ...flags], {
    input: source,
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(result.stderr)
  return path
}
