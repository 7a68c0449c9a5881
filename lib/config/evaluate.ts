/**
 * Runs a configuration's code. It is somebody's program inside of ours: what it leaves undone, or throws when nobody
 * looks, is a mistake in that file and is told as one.
 */

import { setTimeout as sleep } from 'node:timers/promises'

/** How long code that has failed may take to come to its end. */
const LAST_WORDS_MS = 500

/**
 * The result of `work`. What would end the process meanwhile rejects instead: an error or a rejection that nobody
 * handles, and that there is nothing left to wait for.
 */
export async function evaluated<T>(work: () => Promise<T>): Promise<T> {
  let undo = () => {}
  const sudden = new Promise<never>((_, reject) => {
    const onDrained = () => reject(new Error('it waits for a promise that never settles'))
    process.on('beforeExit', onDrained)
    process.on('uncaughtException', reject)
    process.on('unhandledRejection', reject)
    undo = () => {
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
