/** What a test needs of the machine. Where it is not there the test is skipped by name, and fails where CI=true. */

import { spawnSync } from 'node:child_process'
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

/** A command in front that makes a command somebody else's, one with no rights at all. Root only. */
export const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const

/**
 * Null when tests can become nobody, who can then read these files; else why not. A user who is not root cannot, and a
 * checkout in root's home cannot be read: neither is for CI to mend.
 */
export function lackingNobody(...paths: readonly string[]): string | null {
  if (process.getuid?.() !== 0) return 'only root can become somebody else'
  const [command, ...words] = asNobody
  const unread = paths.find((path) => spawnSync(command, [...words, 'test', '-r', path]).status !== 0)
  return unread === undefined ? null : `${unread} cannot be read by others`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
