/** What a test needs of the machine. Where it is not there the test is skipped by name, and fails where CI=true. */

import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'

/** The `skip` of vitest's test context. */
type Skip = (note?: string) => never

/** Goes on when `lacking` is null; otherwise skips the test with that note, or fails it in CI. */
export function requireOrSkip(skip: Skip, lacking: string | null): void {
  if (lacking === null) return
  if (process.env.CI === 'true') expect.fail(lacking)
  skip(lacking)
}

/** Where a tool is: in PATH, or among the system administrator's. */
export function findTool(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

/** Null when the tool is there, else the note that says how to get it. */
export function lackingTool(name: string, debianPackage: string): string | null {
  return findTool(name) === null ? `${name} is not installed: apt-get install ${debianPackage}` : null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
