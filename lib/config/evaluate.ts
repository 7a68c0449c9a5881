/**
 * Runs a configuration's code. It is somebody's program inside of ours: what it leaves undone, or throws when nobody
 * looks, is a mistake in that file and is told as one.
 */

import { setTimeout as sleep } from 'node:timers/promises'

/** How long code that has failed may take to come to its end. */
const LAST_WORDS_MS = 500

/** How long a configuration may take: it describes what is to be done, and setups have their own place. */
const LIMIT_MS = 60_000

/**
 * The result of `work`. What would end the process meanwhile rejects instead: an error or a rejection that nobody
 * handles, and that there is nothing left to wait for. So does having waited for `limitMs`.
 */
export async function evaluated<T>(work: () => Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  let undo = () => {}
  const sudden = new Promise<never>((_, reject) => {
    const late = `it was still running after ${limitMs / 1000} s`
    // Not waited for by the process: what has nothing else left is the case below.
    const limit = setTimeout(() => reject(new Error(late)), limitMs).unref()
    const onDrained = () => reject(new Error('it waits for a promise that never settles'))
    process.on('beforeExit', onDrained)
    process.on('uncaughtException', reject)
    process.on('unhandledRejection', reject)
    undo = () => {
      clearTimeout(limit)
      process.off('beforeExit', onDrained)
      process.off('uncaughtException', reject)
      process.off('unhandledRejection', reject)
    }
  })
  const whole = work()
  try {
    return await Promise.race([whole, sudden])
  } catch (error) {
    // What fails as it stands may be tried again, transformed, and would then fail once more with nobody looking.
    await Promise.race([whole.catch(() => {}), sleep(LAST_WORDS_MS)])
    throw error
  } finally {
    undo()
  }
}
