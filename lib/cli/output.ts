/** `--json FILE`: opened before anything runs, so that a path that cannot be written is found before hours of work. */

import { closeSync, existsSync, fstatSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { Alloc8Error } from '../errors.ts'

/** A place for a report. */
export interface ReportFile {
  /** Writes the whole report. */
  write(text: string | Uint8Array): void
  /** For a run that came to nothing: removes the file if it was not there before. */
  abandon(): void
}

/**
 * Checks that a report can be written to `path` (`-` is stdout).
 *
 * @throws Alloc8Error OUTPUT_PATH
 */
export function openReport(path: string): ReportFile {
  if (path === '-') return { write: writeStdout, abandon: () => {} }
  const existed = existsSync(path)
  const stream = openStream(path)
  if (stream !== null) return { write: (text) => writeAll(stream, path, text), abandon: () => closeSync(stream) }
  return {
    write(text) {
      try {
        writeFileSync(path, text)
      } catch (error) {
        // Half a report would be taken for one.
        if (!existed) rmSync(path, { force: true })
        throw outputError(path, error)
      }
    },
    abandon() {
      if (!existed) rmSync(path, { force: true })
    },
  }
}

/** A FIFO or a device is kept open, as its reader would take a second opening for another report; of a file null. */
function openStream(path: string): number | null {
  try {
    const descriptor = openSync(path, 'a')
    if (!fstatSync(descriptor).isFile()) return descriptor
    closeSync(descriptor)
    return null
  } catch (error) {
    throw outputError(path, error)
  }
}

function outputError(path: string, cause: unknown): Alloc8Error {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  const hint = why === 'ENOSPC' || why === 'EDQUOT' ? 'free some space there, or name another file' : undefined
  return new Alloc8Error('OUTPUT_PATH', `${path}: cannot be written (${why})`, {
    hint: hint ?? 'name a file in a folder that exists and that you may write to',
    cause,
  })
}

/**
 * Makes failed writes to stdout and stderr end this process in order: a reader that went away (`| head`) is no error of
 * ours, and what else there is to do is done; anything else, such as a full disk, is reported and gives status 125.
 */
export function watchOutput(): void {
  let failed = false
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || failed) return
    failed = true
    try {
      writeSync(2, `alloc8: cannot write output: ${error.message}\n`)
    } catch {
      // There is nobody left to tell.
    }
    process.on('exit', () => {
      process.exitCode = 125
    })
  }
  process.stdout.on('error', onError)
  process.stderr.on('error', onError)
}

const writeStdout = (text: string | Uint8Array) => writeAll(1, 'stdout', text)

/** Synchronous, because the process may end right after; a reader that went away is no error of ours. */
function writeAll(descriptor: number, name: string, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw outputError(name, error)
    }
  }
}

/** A result as the JSON of `--json`: indented, one object, with a newline at the end. */
export function toJson(result: unknown): string {
  return `${JSON.stringify(result, null, 2)}\n`
}
