/**
 * A puppet's death as a value: which signal, at which address, in which thread, by which command, with its stack, and
 * what it wrote last. Experiments that corrupt memory on purpose look at these.
 */

import { constants } from 'node:os'
import { basename } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import { type Mapping, mappingOf } from './memory.ts'

/** A place on the stack of a thread that died, the innermost first. */
export interface StackFrame {
  address: bigint
  /** The file that it lies in; null for none. */
  file: string | null
  /** What is to be looked up in that file. */
  fileOffset: bigint
  /** Null where nobody knows. */
  function: string | null
}

/** What is known of a death. */
export interface Death {
  pid: number
  /** `SIGSEGV` and so on; null where it ended by a status, with the first process, or nobody knows how. */
  signal: string | null
  exitCode: number | null
  /** The address that a SIGSEGV or SIGBUS was for; null where there was none. */
  address: bigint | null
  /** Which thread: `main`, `thread 1`; null where it could not say so. */
  thread: string | null
  /** The command that was under way, as `free(0x…)`; null where there was none. */
  command: string | null
  backtrace: StackFrame[]
  /** The last of what it wrote. */
  output: string
}

/** Of a death without last words. */
export const untold = { address: null, thread: null, command: null, backtrace: [] }

/** A puppet, or a fork of it, has died. Everything that was asked of it, and is asked of it afterwards, rejects with it. */
export class PuppetDied extends Alloc8Error implements Death {
  readonly pid: number
  readonly signal: string | null
  readonly exitCode: number | null
  readonly address: bigint | null
  readonly thread: string | null
  readonly command: string | null
  readonly backtrace: StackFrame[]
  readonly output: string

  /** `withFirst`: of a fork that was ended because the first process is no more. */
  constructor(death: Death, withFirst = false) {
    super('PUPPET_DIED', deathText(death, withFirst), { hint: deathHint(death) })
    this.name = 'PuppetDied'
    this.pid = death.pid
    this.signal = death.signal
    this.exitCode = death.exitCode
    this.address = death.address
    this.thread = death.thread
    this.command = death.command
    this.backtrace = death.backtrace
    this.output = death.output
  }
}

/** One thread of a puppet has not answered in time; it and its process may never again. */
export class PuppetHung extends Alloc8Error {
  readonly pid: number
  readonly thread: string
  readonly command: string
  /** What the thread was at then, as far as the kernel tells. */
  readonly state: string

  constructor(found: { pid: number; thread: string; command: string; afterMs: number; state: string }) {
    const { pid, thread, command, afterMs, state } = found
    super('PUPPET_HUNG', `puppet ${pid}, ${thread}: ${command} has not come back after ${afterMs} ms (${state})`, {
      hint: 'close() ends the puppet all the same; { timeoutMs } waits longer',
    })
    this.name = 'PuppetHung'
    this.pid = pid
    this.thread = thread
    this.command = command
    this.state = state
  }
}

/** What came of something: its value, or the death or the hang that it met. Other errors are thrown on. */
export async function outcomeOf<T>(work: Promise<T>): Promise<T | PuppetDied | PuppetHung> {
  try {
    return await work
  } catch (error) {
    if (error instanceof PuppetDied || error instanceof PuppetHung) return error
    throw error
  }
}

/** `SIGSEGV` for 11. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, each]) => each === number)
  return found?.[0] ?? `signal ${number}`
}

/** Addresses as places in files. Names of functions come from whoever symbolises. */
export function framesOf(addresses: readonly bigint[], mappings: readonly Mapping[]): StackFrame[] {
  return addresses.map((address) => {
    const mapping = mappingOf(mappings, address)
    const isFile = mapping?.name.startsWith('/') === true
    if (mapping === undefined || !isFile) return { address, file: null, fileOffset: 0n, function: null }
    // Of position-independent files addresses begin at 0 in the first mapping.
    const first = mappings.find(({ name }) => name === mapping.name)
    return {
      address,
      file: mapping.name,
      fileOffset: address - (first?.start ?? 0n) + (first?.offset ?? 0n),
      function: null,
    }
  })
}

/** No block begins there. */
const firstPageBytes = 4096n

function deathText(death: Death, withFirst: boolean): string {
  const { pid, signal, exitCode, address, thread, command, output } = death
  const unknown = withFirst ? 'with the first process' : 'how, only its parent was told'
  const status = exitCode === null ? unknown : `status ${exitCode}`
  const how = signal ?? status
  const isNull = address !== null && address < firstPageBytes
  const nullText = isNull ? ' (about null, which malloc gives where there is no memory)' : ''
  const at = address === null ? '' : ` at 0x${address.toString(16)}${nullText}`
  const who = thread === null ? '' : ` in ${thread}`
  const what = command === null ? '' : `, by ${command}`
  const said = output.trim().split('\n').at(-1) ?? ''
  return `puppet ${pid} has died: ${how}${at}${who}${what}${said === '' ? '' : `; it said: ${said}`}`
}

function deathHint({ exitCode, backtrace }: Death): string | undefined {
  const hints = backtrace.slice(0, 8).map(({ address, file, fileOffset, function: name }) => {
    const place = file === null ? `0x${address.toString(16)}` : `${basename(file)}+0x${fileOffset.toString(16)}`
    return name === null ? place : `${name} (${place})`
  })
  // As it does where its connection is closed.
  if (exitCode === 0) hints.push('with many threads, this process may have reached its limit of open files: ulimit -n')
  return hints.length === 0 ? undefined : hints.join('\n')
}
