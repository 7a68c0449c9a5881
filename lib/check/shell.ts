/** The command with which somebody runs one case by hand: what differs from their own environment, and the program. */

import { quote } from 'shell-quote'

/** A line for a POSIX shell that runs `program` with `env`, started from the environment `base`. */
export function shellCommand(program: string, env: Record<string, string>, base: NodeJS.ProcessEnv): string {
  const ours = Object.entries(env).filter(([name, value]) => base[name] !== value && name !== 'LC_ALL')
  return [...ours.map(([name, value]) => `${name}=${quote([value])}`), quote([program])].join(' ')
}

/** A line that runs one case by alloc8. */
export function checkCommand(heap: string, id: string): string {
  return quote(['alloc8', 'check', heap, '--case', id])
}
