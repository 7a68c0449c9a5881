/**
 * Which calls a puppet makes of the system for memory, and when: strace is attached to it and its words are read. A
 * puppet's `mark` is among these calls, so that what it was told to do stands between two of them.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { Alloc8Error } from '../errors.ts'

/** One call of the system. */
export interface SystemCall {
  /** When it began, in milliseconds of the machine's clock. */
  atMs: number
  /** The thread's number in the system; null where the process has only one. */
  tid: number | null
  name: string
  /** As strace writes them. */
  args: string[]
  /** Null where it failed, or did not come back. */
  result: bigint | null
}

/** A puppet's number for a place among its calls, as its `mark` has told it. */
export function markOf(call: SystemCall): number | null {
  const [address = '', bytes] = call.args
  if (call.name !== 'madvise' || bytes !== '0' || call.args.length !== 3) return null
  return address === 'NULL' ? 0 : Number(BigInt(address) / 4096n)
}

const begun = /^(?:\[pid +(\d+)\] )?(\d+)\.(\d{6}) (.*)$/
const whole = /^(\w+)\((.*)\) += (-?\w+)/
const unfinished = /^(\w+)\((.*?),? <unfinished \.\.\.>$/
const resumed = /^<\.\.\. (\w+) resumed>,? ?(.*)\) += (-?\w+)/

/** The calls in what strace has written with `-ttt`, in the order in which they began. */
export function parseSystemCalls(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, SystemCall>()
  for (const line of text.split('\n')) {
    const [, thread = '', seconds, micros, words = ''] = begun.exec(line) ?? []
    if (seconds === undefined) continue
    const atMs = Number(seconds) * 1000 + Number(micros) / 1000
    const tid = thread === '' ? null : Number(thread)
    const back = resumed.exec(words)
    if (back !== null) {
      const call = open.get(thread)
      open.delete(thread)
      if (call === undefined) continue
      call.args.push(...argumentsOf(back[2] ?? ''))
      call.result = resultOf(back[3] ?? '')
      continue
    }
    const [, name = '', args = '', result] = whole.exec(words) ?? unfinished.exec(words) ?? []
    if (name === '') continue
    const call = { atMs, tid, name, args: argumentsOf(args), result: result === undefined ? null : resultOf(result) }
    calls.push(call)
    if (result === undefined) open.set(thread, call)
  }
  return calls
}

function argumentsOf(words: string): string[] {
  return words === '' ? [] : words.split(', ')
}

/** strace writes failures as `-1 ENOMEM (…)`, and `?` for what did not come back. */
function resultOf(word: string): bigint | null {
  return /^(0x[0-9a-f]+|\d+)$/.test(word) ? BigInt(word) : null
}

/** How long strace may take until it is attached. */
const attachMs = 5000
/** And until it has left, if it is not stuck. */
const stopMs = 3000

/** Follows the memory calls of a process from now on. */
export class SystemCallTracer {
  readonly #child: ChildProcess
  readonly #closed: Promise<void>
  readonly #text: () => string

  private constructor(child: ChildProcess, closed: Promise<void>, text: () => string) {
    this.#child = child
    this.#closed = closed
    this.#text = text
  }

  /**
   * Comes back once all of the process's threads are followed. It slows each call of the system down, and nothing else.
   * @throws Alloc8Error TRACER: there is no strace, or it may not
   */
  static async attach(pid: number): Promise<SystemCallTracer> {
    const words = ['-f', '-ttt', '-e', 'trace=memory', '-e', 'signal=none', '-p', String(pid)]
    const child = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
    const chunks: string[] = []
    const text = () => chunks.join('')
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve())
      child.once('error', () => resolve())
    })
    let attached = false
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('error', (cause: NodeJS.ErrnoException) => reject(cannotStart(cause)))
        child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
          chunks.push(chunk)
          // From there on only the whole matters, and it is not searched again for each part that comes.
          attached ||= /^strace: Process \d+ attached/m.test(text())
          if (attached) resolve()
        })
        void closed.then(() => reject(cannotAttach(pid, text())))
        timer = setTimeout(() => reject(cannotAttach(pid, `not within ${attachMs} ms\n${text()}`)), attachMs)
      })
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    } finally {
      clearTimeout(timer)
    }
    return new SystemCallTracer(child, closed, text)
  }

  /** Lets the process go on alone, and gives what it has called. */
  async stop(): Promise<SystemCall[]> {
    this.#child.kill('SIGINT')
    // It may wait for good for the end of a process that has died under it.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    await this.#closed
    clearTimeout(timer)
    return parseSystemCalls(this.#text())
  }
}

function cannotStart(cause: NodeJS.ErrnoException): Alloc8Error {
  const found = cause.code === 'ENOENT' ? 'found none in PATH' : `it does not start (${cause.code})`
  return new Alloc8Error('TRACER', `expected strace, to follow system calls: ${found}; Debian's package is strace`, {
    cause,
    hint: 'install it (Debian: apt-get install strace)',
  })
}

function cannotAttach(pid: number, said: string): Alloc8Error {
  return new Alloc8Error('TRACER', `strace cannot follow process ${pid}: ${said.trim() || 'it said nothing'}`, {
    hint:
      'kernel.yama.ptrace_scope of 2 or 3 keeps all but root out (sudo sysctl kernel.yama.ptrace_scope=1); ' +
      'in a container, tracing has to be allowed (--cap-add SYS_PTRACE)',
  })
}
