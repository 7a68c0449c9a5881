/**
 * Commands around the measured ones: setup, teardown, prepare. They are untimed and under no heap; what they print is
 * kept only for the error when they fail.
 */

import { Alloc8Error, type ErrorCode } from '../errors.ts'
import { type LaunchResult, launch } from '../launch/launch.ts'
import { prepareTarget } from '../launch/run.ts'
import type { CommandWords } from '../types.ts'

/** How much of what a command printed is kept for its error. */
const COMPLAINT_LIMIT = 2000

/** What `runUntimed` takes. */
export interface UntimedOptions {
  /** What the error calls it: `--prepare`, `workload "redis": setup`. */
  title: string
  /** The error's code when the command fails. */
  code: ErrorCode
  cwd?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
  /** Aborted, it ends the command with all that it started. */
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
}

/** What a command left: why it failed, or null, and the processes that outlived it. */
export interface UntimedEnd {
  problem: Alloc8Error | null
  leftovers: LaunchResult['leftovers']
}

/** A command as words: a text is one for the shell. */
export function wordsOf(command: CommandWords): string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : [...command]
}

/** A command as one writes it, for messages. */
const shown = (command: CommandWords) => JSON.stringify(typeof command === 'string' ? command : command.join(' '))

/**
 * Runs a command and waits for its end. A failure is given and not thrown. What it leaves in the background is left
 * alone, unless it is aborted meanwhile.
 * @throws Alloc8Error ABORTED
 */
export async function runUntimed(command: CommandWords, options: UntimedOptions): Promise<UntimedEnd> {
  const { title, code, cwd, env = process.env, signal, timeoutMs } = options
  let complaint = ''
  const fail = (how: string, hint: string, cause?: unknown): UntimedEnd => ({
    problem: new Alloc8Error(code, `${title}: ${shown(command)} failed: ${how}`, { hint, cause }),
    leftovers: [],
  })
  let ended: LaunchResult
  try {
    const { path, argv0, args } = prepareTarget(wordsOf(command), { cwd, env })
    ended = await launch({
      path,
      argv0,
      args,
      cwd,
      env,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: (chunk) => {
        complaint = (complaint + chunk.toString()).slice(-COMPLAINT_LIMIT)
      },
      killTree: false,
      lifeline: true,
      detached: true,
      signal,
      timeoutMs,
    })
  } catch (error) {
    const known = error instanceof Alloc8Error && /^TARGET_|^USAGE$/.test(error.code)
    if (!known) throw error
    return fail(error.message, error.hint ?? 'name a program that is there', error)
  }
  const { exitCode, signal: killedBy, timedOut, leftovers } = ended
  if (exitCode === 0 && !timedOut) return { problem: null, leftovers }
  const ending = killedBy === null ? `exit status ${exitCode}` : `died by ${killedBy}`
  const how = timedOut ? `no end within ${timeoutMs} ms` : ending
  const said = complaint.trim() === '' ? 'it printed nothing; run it by itself' : complaint.trim()
  return { ...fail(how, said), leftovers }
}
