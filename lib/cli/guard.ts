/**
 * The status of a process that runs a suite. Its configuration is code that lives on in the same process, and may end it
 * at any time; the status must then not be the one that says that all is well.
 */

import { writeSync } from 'node:fs'

/** What Node gives where the process has nothing left to wait for, before its main module is through. */
const UNSETTLED = 13

/** Where the process ends before `work` has set its status, it ends with this. */
const UNJUDGED = 2

/**
 * Does `work`, which sets `process.exitCode`. However the process ends, it does not end with status 0 unless that was
 * set; where it ends too early, that is said.
 */
export async function guardStatus(what: string, work: () => Promise<void>): Promise<void> {
  let status: number | undefined
  process.prependListener('exit', (ending) => {
    if (ending !== 0 && ending !== UNSETTLED) return
    if (status === undefined) tell(what)
    process.exitCode = status ?? UNJUDGED
  })
  try {
    await work()
    status = Number(process.exitCode ?? 0)
  } catch (error) {
    // What is thrown is printed, and gives another status than 0.
    status = UNJUDGED
    throw error
  }
}

/** Does `load`, which runs the code of a configuration: there, a call of `process.exit` is an error like others. */
export async function withoutExit<T>(load: () => Promise<T>): Promise<T> {
  const usual = process.exit
  // Whoever calls it counts on its not returning.
  process.exit = (status) => {
    throw new Error(`it called process.exit(${status ?? ''})`)
  }
  try {
    return await load()
  } finally {
    process.exit = usual
  }
}

function tell(what: string): void {
  try {
    writeSync(2, `alloc8: ${what}: the process was ended before there was a result\n`)
    writeSync(2, '  see whether the configuration, or what it imports, calls process.exit\n')
  } catch {
    // There is nobody left to tell.
  }
}
