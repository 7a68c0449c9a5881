/**
 * From how a program ended to what that says of the heap. The programs' own rules stand in native/conformance/check.h:
 * a case writes nothing and ends with 0 where all holds; a misuse ends with 0 where no harm was done.
 */

import type { CaseOutcome, MisuseOutcome } from '../types.ts'
import type { Ending } from './execute.ts'

/** Statuses that check.h gives: the machine lacks what the case needs; libc and the heap lack what it tests. */
const skipStatus = 77
const lacksStatus = 78
/** The status of a misuse after which something was hurt. */
const harmedStatus = 79

/** The outcome of a case. `chatty`: the heap prints whatever starts, which then fails no case. */
export function judgeCase(
  ending: Ending,
  timeoutMs: number,
  chatty: boolean,
): { outcome: CaseOutcome; message: string } {
  const { status, stdout, stderr } = ending
  const words = wordsOf(ending)
  if (ending.timedOut)
    return { outcome: 'fail', message: joined(`it had not ended after ${seconds(timeoutMs)}`, words) }
  if (ending.signal !== null) return { outcome: 'fail', message: joined(`it ended by ${ending.signal}`, words) }
  if (status === skipStatus || status === lacksStatus) return { outcome: 'skip', message: words.replace(/^\w+ /, '') }
  if (status !== 0)
    return {
      outcome: 'fail',
      message: words.startsWith('FAIL ') ? plain(words) : joined(`it ended with status ${status}`, words),
    }
  if (!chatty && stdout + stderr !== '')
    return { outcome: 'fail', message: joined('the heap wrote to its output', words) }
  return { outcome: 'pass', message: '' }
}

/** The score of a misuse. */
export function judgeMisuse(ending: Ending, timeoutMs: number): { outcome: MisuseOutcome; message: string } {
  const words = wordsOf(ending)
  if (ending.timedOut)
    return { outcome: 'silent', message: joined(`it had not ended after ${seconds(timeoutMs)}`, words) }
  if (ending.signal !== null) return { outcome: 'stopped', message: joined(ending.signal, words) }
  if (ending.status === 0) return { outcome: 'masked', message: words }
  if (ending.status === harmedStatus) return { outcome: 'silent', message: words.replace(/^HARM /, '') }
  return { outcome: 'stopped', message: joined(`status ${ending.status}`, words) }
}

/** What the loader said where it ignored a library, or null. Programs then run on libc's malloc. */
export function refusedPreload({ stderr }: Ending): string | null {
  return (
    /^ERROR: ld\.so: object '[^\n]*' from LD_PRELOAD cannot be preloaded \(([^\n]*)\): ignored\.$/m.exec(stderr)?.[1] ??
    null
  )
}

/** The program's own words where it has some, else the last of what was written. */
function wordsOf({ stdout, stderr }: Ending): string {
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim())
  const own = lines.find((line) => /^(FAIL|SKIP|LACKS|HARM) /.test(line))
  return (
    own ??
    lines
      .filter((line) => line !== '')
      .slice(0, 3)
      .join(' | ')
  )
}

/** `FAIL align/tiny.c:12: at[0], expected …` without its first word. */
const plain = (words: string) => words.slice('FAIL '.length)

const joined = (first: string, words: string) => (words === '' ? first : `${first}: ${words.replace(/^FAIL /, '')}`)

const seconds = (ms: number) => `${Number((ms / 1000).toFixed(1))} s`
