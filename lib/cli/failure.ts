/** Errors as the command line shows them, and the exit statuses that they become. */

import { Alloc8Error, type ErrorCode, errorCodes } from '../errors.ts'
import { clean, wrap } from '../report/layout.ts'
import { paletteFor, styleFor } from './terminal.ts'

/** Prints an error on stderr: what is wrong and what to do; a stack only for an error that nobody foresaw. */
export function printError(error: unknown): void {
  const { bold, red, dim } = paletteFor(process.stderr)
  const outOfFiles = isOutOfFiles(error)
  if (error instanceof Alloc8Error || outOfFiles) {
    const { message, hint } = error as Error & { hint?: string | undefined }
    // A compiler's words are lines; elsewhere a line break can only come from a name.
    const whole = error instanceof Alloc8Error && error.code === 'COMPILE'
    process.stderr.write(`${red(bold('alloc8:'))} ${whole ? harmless(message) : clean(message)}\n`)
    const advice = outOfFiles ? 'raise the limit of open files: ulimit -n 1024' : hint
    if (advice) process.stderr.write(`${dim(indent(harmless(advice)))}\n`)
    return
  }
  process.stderr.write(`${red(bold('alloc8:'))} internal error, please report it\n`)
  process.stderr.write(`${harmless(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`)
}

/** A text of ours made harmless, names in it above all: its line breaks stay. */
export function harmless(text: string): string {
  return text.split('\n').map(clean).join('\n')
}

/** Whether this process, or the machine, has no descriptor left: whatever failed, failed for that. */
function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  return code === 'EMFILE' || code === 'ENFILE' || isOutOfFiles(error.cause)
}

/**
 * The exit status for an error under a command. `run` passes its target's status on, so that its own troubles must
 * stand apart: 125, except for a target that was not found or not executable.
 */
export function exitStatusOf(command: string | undefined, error: unknown): number {
  if (isOutOfFiles(error)) return 125
  const code = error instanceof Alloc8Error ? error.code : isCode(error) ? error : null
  if (code === null) return 125
  const status = errorCodes[code]
  const own = new Set<number>([126, 127, 130, 3])
  return command === 'run' && !own.has(status) ? 125 : status
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && value in errorCodes
}

/** Two columns in, and on a terminal no wider than it is. */
function indent(text: string): string {
  const width = process.stderr.isTTY ? styleFor(process.stderr).width - 2 : Number.POSITIVE_INFINITY
  return text
    .split('\n')
    .flatMap((line) => wrap(line, width))
    .map((line) => `  ${line}`)
    .join('\n')
}
