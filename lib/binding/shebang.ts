/**
 * Scripts: which interpreter a `#!` line names, and which program `/usr/bin/env` then starts. The rules are those of
 * Linux's fs/binfmt_script.c and of GNU env.
 */

import { withFile } from './file-ranges.ts'

/** What a `#!` line says: one interpreter, and the rest of the line as a single argument. */
export interface Shebang {
  interpreter: string
  argument: string | null
}

/** The kernel looks at so many bytes of a file to see what it is. */
const kernelBufferSize = 256

/**
 * Reads the `#!` line of a file. null: it has none, or one that the kernel does not accept.
 * @throws what node:fs throws for an unreadable file
 */
export function readShebang(path: string): Shebang | null {
  return withFile(path, (file) => parseShebang(file.readUpTo(0, kernelBufferSize)))
}

/** Parses the first bytes of a file as the kernel does. */
export function parseShebang(start: Buffer): Shebang | null {
  const bytes = start.subarray(0, kernelBufferSize)
  if (bytes.toString('latin1', 0, 2) !== '#!') return null
  const lineEnd = bytes.indexOf('\n')
  const whole = lineEnd >= 0 || bytes.length < kernelBufferSize
  const zero = bytes.indexOf(0)
  const end = Math.min(...[lineEnd, zero, bytes.length].filter((each) => each >= 0))
  const line = bytes.toString('utf8', 2, end).replace(/^[ \t]+|[ \t]+$/g, '')
  const [, interpreter, argument] = /^([^ \t]+)(?:[ \t]+(.*))?$/s.exec(line) ?? []
  // An interpreter whose name the buffer cuts off would be another program; the kernel refuses it.
  if (interpreter === undefined || (!whole && zero < 0 && !/[ \t]/.test(bytes.toString('utf8', 2).trimStart()))) {
    return null
  }
  return { interpreter, argument: argument ?? null }
}

/** The program that env starts, and the environment that it starts it in. */
export interface EnvCommand {
  command: string
  env: NodeJS.ProcessEnv
}

/**
 * What `env` makes of the argument of a `#!` line. null: it names no program (env alone, or options only, where the
 * script itself would be the program).
 */
export function envCommand(argument: string | null, env: NodeJS.ProcessEnv): EnvCommand | null {
  const words = envWords(argument)
  const result = { ...env }
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const assignment = /^([^=]+)=(.*)$/s.exec(word)
    if (word === '-' || word === '-i' || word === '--ignore-environment') for (const name in result) delete result[name]
    else if (word === '-u' || word === '--unset') delete result[words[++index] ?? '']
    else if (word.startsWith('--unset=')) delete result[word.slice('--unset='.length)]
    else if (word === '-C' || word === '--chdir') index++
    else if (word === '--' || word.startsWith('-')) continue
    else if (assignment !== null) result[assignment[1] ?? ''] = assignment[2]
    else return { command: word, env: result }
  }
  return null
}

/** The kernel hands env one argument; only -S (also behind other letters, as in -vS) makes words of it. */
function envWords(argument: string | null): string[] {
  if (argument === null) return []
  const split = /^(?:-[a-z]*S|--split-string(?:=|[ \t]+))[ \t]*(.*)$/s.exec(argument)
  if (split === null) return [argument]
  return [...(split[1] ?? '').matchAll(/"([^"]*)"|'([^']*)'|([^ \t]+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
}
