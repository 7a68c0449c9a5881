/**
 * A server that runs as another user. PostgreSQL refuses root, and in a container one is often root. Its records come
 * from that user, too, which is why the session folder has to be opened to the user's group.
 */

import { spawnSync } from 'node:child_process'
import { Alloc8Error, usageError } from '../errors.ts'

/** A user, by the numbers that count. */
export interface OtherUser {
  name: string
  user: number
  group: number
}

/**
 * Finds a user by name or number. null where that is who we are.
 * @throws Alloc8Error USAGE: there is no such user, or we are not root
 */
export function findUser(name: string): OtherUser | null {
  if (typeof name !== 'string' || name === '') throw usageError('user', 'the name of a user', name)
  const user = idOf('-u', name)
  const group = idOf('-g', name)
  const own = process.getuid?.()
  if (user === own) return null
  if (own !== 0) {
    throw new Alloc8Error('USAGE', `user: only root can run a server as ${name}`, {
      hint: 'leave it out, so that the server runs as you, or run alloc8 as root',
    })
  }
  return { name, user, group }
}

/** The words that make a command that user's. setpriv becomes the command, where su and runuser stay beside it. */
export function becoming({ name, user, group }: OtherUser): string[] {
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, ...groupsOf(name), '--']
}

/** The user's further groups; a number alone may have none. */
function groupsOf(name: string): string[] {
  return /^\d+$/.test(name) ? ['--clear-groups'] : ['--init-groups']
}

/** As the system's name service has it. */
function idOf(what: '-u' | '-g', name: string): number {
  const { status, stdout } = spawnSync('id', [what, '--', name], { encoding: 'utf8' })
  if (status !== 0) {
    throw new Alloc8Error('USAGE', `user: there is no user ${JSON.stringify(name)}`, {
      hint: 'getent passwd lists those that there are',
    })
  }
  return Number(stdout)
}
