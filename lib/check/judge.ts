/**
 * From how a program ended to what that says of the heap. The programs' own rules stand in native/conformance/check.h:
 * a case writes nothing and comes to its end where all holds; a misuse does so where no harm was done.
 */

import type { CaseOutcome, MisuseOutcome } from '../types.ts'
import type { Ending } from './execute.ts'

/** Statuses that check.h gives: the machine lacks what the case needs; libc and the heap lack what it tests. */
const skipStatus = 77
const lacksStatus = 78
/** The status of a program that came to its end, where it is told so: a heap may end the process by itself with 0. */
export const doneStatus = 42
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
  const skips = status === skipStatus || status === lacksStatus
  if (skips && /^(SKIP|LACKS) /.test(words)) return { outcome: 'skip', message: words.replace(/^\w+ /, '') }
  if (status === 0) return { outcome: 'fail', message: joined('it ended with status 0 before it was done', words) }
  if (status !== doneStatus)
    return {
      outcome: 'fail',
      message: words.startsWith('FAIL ') ? plain(words) : joined(`it ended with status ${status}`, words),
    }
  if (!chatty && stdout + stderr !== '')
    return { outcome: 'fail', message: joined('the heap wrote to its output', words) }
  return { outcome: 'pass', message: '' }
}

/** What a program of misuse says right before it. */
const reached = /^MISUSE$/m

/** The score of a misuse, null where the program was ended before it. */
export function judgeMisuse(
  { stderr, ...rest }: Ending,
  timeoutMs: number,
): { outcome: MisuseOutcome; message: string } | null {
  if (!reached.test(stderr)) return null
  const ending: Ending = { ...rest, stderr: stderr.replace(reached, '') }
  const words = wordsOf(ending)
  if (ending.timedOut)
    return { outcome: 'silent', message: joined(`it had not ended after ${seconds(timeoutMs)}`, words) }
  if (ending.signal !== null) return { outcome: 'stopped', message: joined(ending.signal, words) }
  if (ending.status === doneStatus) return { outcome: 'masked', message: words }
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

const isOwn = (line: string) => /^(FAIL|SKIP|LACKS|HARM) /.test(line)

/** The program's own words where it has some, with the heap's first behind them; else the first of what was written. */
function wordsOf({ stdout, stderr }: Ending): string {
  const lines = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const own = lines.find(isOwn)
  if (own === undefined) return lines.slice(0, 3).join(' | ')
  return [own, ...lines.filter((line) => !isOwn(line)).slice(0, 1)].join(' | ')
}

/** `FAIL align/tiny.c:12: at[0], expected …` without its first word. */
const plain = (words: string) => words.slice('FAIL '.length)

const joined = (first: string, words: string) => (words === '' ? first : `${first}: ${words.replace(/^FAIL /, '')}`)

const seconds = (ms: number) => (ms < 100 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`)
