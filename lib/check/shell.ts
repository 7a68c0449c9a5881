/** The command with which somebody runs one case by hand: what differs from their own environment, and the program. */

import { quote } from 'shell-quote'

/** A line for a POSIX shell that runs `program` with `env`, started from the environment `base`. */
export function shellCommand(program: string, env: Record<string, string>, base: NodeJS.ProcessEnv): string {
  const ours = Object.entries(env).filter(([name, value]) => base[name] !== value && name !== 'LC_ALL')
  return [...ours.map(([name, value]) => `${name}=${quoted(value)}`), quoted(program)].join(' ')
}

/** A line that runs one case by alloc8. */
export function checkCommand(heap: string, id: string): string {
  return ['alloc8', 'check', heap, '--case', id].map(quoted).join(' ')
}

const isControl = /\p{Cc}/u

/** One word; with control characters as bash and POSIX.1-2024 shells write them, so that none is lost on a terminal. */
function quoted(word: string): string {
  if (!isControl.test(word)) return quote([word])
  const escaped = word.replace(/[\\']/g, '\\$&')
  const hex = (letter: string) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`
  return `$'${escaped.replace(/\p{Cc}/gu, hex)}'`
}
