/** Errors as the command line shows them, and the exit statuses that they become. */

import { Alloc8Error, type ErrorCode, errorCodes } from '../errors.ts'
import { paletteFor } from './terminal.ts'

/** Prints an error on stderr: what is wrong and what to do; a stack only for an error that nobody foresaw. */
export function printError(error: unknown): void {
  const { bold, red, dim } = paletteFor(process.stderr)
  if (error instanceof Alloc8Error) {
    process.stderr.write(`${red(bold('alloc8:'))} ${error.message}\n`)
    if (error.hint) process.stderr.write(`${dim(indent(error.hint))}\n`)
    return
  }
  process.stderr.write(`${red(bold('alloc8:'))} internal error, please report it\n`)
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
}

/**
 * The exit status for an error under a command. `run` passes its target's status on, so that its own troubles must
 * stand apart: 125, except for a target that was not found or not executable.
 */
export function exitStatusOf(command: string | undefined, error: unknown): number {
  const code = error instanceof Alloc8Error ? error.code : isCode(error) ? error : null
  if (code === null) return 125
  const status = errorCodes[code]
  const own = new Set<number>([126, 127, 130, 3])
  return command === 'run' && !own.has(status) ? 125 : status
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && value in errorCodes
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
