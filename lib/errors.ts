/**
 * Every error that alloc8 raises on purpose: one class, one closed table of codes.
 *
 * A code is stable (scripts may test it), an error names the thing, what was expected and what came, and says what
 * to do next. The command line prints `message` and `hint` and never a stack for these.
 */

/** All codes, with the exit status that the command line gives to each (see DESIGN, "Command line"). */
export const errorCodes = {
  /** A wrong option, argument or combination of them. */
  USAGE: 2,
  /** A configuration file that is missing, does not load, or says what it may not. */
  CONFIG: 2,
  /** A stored result that is none, or that this comparison cannot be held against. */
  BASE: 2,
  /** No heap of that name is built in or found; `hint` holds the nearest names. */
  HEAP_UNKNOWN: 2,
  /** A known heap is not installed on this machine. */
  HEAP_NOT_INSTALLED: 2,
  /** A heap's library is missing, unreadable, of another machine, or has no malloc. */
  HEAP_LIBRARY: 2,
  /** A tunable that the heap does not know, or a value it cannot take. */
  HEAP_TUNABLE: 2,
  /** A requested heap was not in effect. */
  HEAP_INACTIVE: 3,
  /** The target does not exist. */
  TARGET_NOT_FOUND: 127,
  /** The target is a folder or is not executable. */
  TARGET_NOT_EXECUTABLE: 126,
  /** A process that does not exist, or that may not be looked at. */
  PROCESS: 1,
  /** A metric that is not known, or a pattern that is not a regular expression. */
  METRIC: 2,
  /** A file that should hold a result is cut short, something else, or of a newer version. */
  RESULT_FILE: 2,
  /** A report or session path that cannot be written. */
  OUTPUT_PATH: 2,
  /** A folder that is no session, or in which there is not what was asked for. */
  SESSION: 2,
  /** A puppet that cannot be started, or a call that the system refused in it. */
  PUPPET: 1,
  /** A puppet was killed by a signal, or ended. */
  PUPPET_DIED: 1,
  /** A puppet's thread does not come back from a call. */
  PUPPET_HUNG: 1,
  /** An address at which no live block of that puppet begins. */
  PUPPET_ADDRESS: 1,
  /** An experiment that is not known, does not load, or is none. */
  EXPERIMENT: 2,
  /** No strace, by which an experiment follows system calls, or one that may not follow them. */
  TRACER: 2,
  /** A heap's source that is not there. */
  SOURCE: 2,
  /** No C++ compiler. */
  COMPILER: 2,
  /** The compiler refused a heap; the message holds all of its words. */
  COMPILE: 1,
  /** A command that makes a workload ready, or clears it away, failed. */
  SETUP: 125,
  /** The native part is missing, does not load, or is of another version. */
  NATIVE: 125,
  /** A folder or a process that is of no session. */
  SESSION_UNKNOWN: 2,
  /** A session file is truncated or corrupt; the message holds the offset. */
  SESSION_CORRUPT: 125,
  /** The launcher failed before the target started. */
  LAUNCH: 125,
  /** The launcher was killed while the target ran: what the target did is not known. */
  LAUNCHER_LOST: 125,
  /** A service cannot be started: somebody else listens where it would. */
  PORT_IN_USE: 125,
  /** The caller's signal was aborted. */
  ABORTED: 130,
} as const

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes

/** The one error class. `hint` says what to do next; `cause` is the underlying error, if there was one. */
export class Alloc8Error extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Alloc8Error'
    this.code = code
    this.hint = options.hint
  }

  /** The exit status that the command line gives to this error. */
  get exitStatus(): number {
    return errorCodes[this.code]
  }
}

/** Throws a USAGE error unless what was given as a call's options is an object. */
export function checkObject(call: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw usageError(call, 'an object with options', options)
}

/** The error for an option or argument of the wrong shape: names the option, what was expected, what came. */
export function usageError(option: string, expected: string, actual: unknown): Alloc8Error {
  const shown = typeof actual === 'string' ? JSON.stringify(actual) : String(actual)
  return new Alloc8Error('USAGE', `${option}: expected ${expected}, got ${shown}`)
}
