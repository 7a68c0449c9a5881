/**
 * `puppet()`: a real process under a real heap, whose threads and forks obey calls from here. Whatever becomes of it
 * (a crash, a hang, corruption on purpose), this process only hears of it, and nothing stays behind after `close()`.
 */

import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nativeFile } from '../binding/native.ts'
import { Alloc8Error, checkObject, usageError } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import type { LauncherHandle } from '../launch/launch.ts'
import { prepareTarget, runTarget } from '../launch/run.ts'
import type { ProbeLevel, ProbeSettings, ResolvedHeap, RunResult } from '../types.ts'
import { checkOptions } from './batch.ts'
import { type Arrival, Channel } from './channel.ts'
import type { Family } from './family.ts'
import type { ProcessEnd } from './kernel-words.ts'
import { PuppetProcess } from './process.ts'
import { MeetingPlaces } from './together.ts'

/** What `puppet()` takes. */
export interface PuppetOptions {
  /** As `run()` takes it: a name with tunables, or a library's path; `default` unless given. */
  heap?: string | undefined
  /** How many threads are started besides the main one; 1 unless given. */
  threads?: number | undefined
  /** How long a call may take before it is a `PuppetHung`, in milliseconds; 10,000 unless given. */
  timeoutMs?: number | undefined
  /** The base of its environment; this process's own unless given. */
  env?: NodeJS.ProcessEnv | undefined
  /** Puts the probe in front of the heap. */
  probe?: ProbeLevel | readonly ProbeLevel[] | ProbeSettings | undefined
  /** Ends the puppet and all that it has started. */
  signal?: AbortSignal | undefined
}

/** How long an orderly end may take before it is a kill. */
const graceMs = 500
/** How long a death may be looked into when the puppet is closed. */
const lastWordsMs = 3000
/** The end of its output that is kept. */
const keptOutput = 64 << 10
const mostThreads = 16_000

/** A puppet: its first process, with what holds for all of its processes. */
export class Puppet extends PuppetProcess implements AsyncDisposable {
  /** The heap as it was asked for. */
  readonly heap: string
  /** All of its processes, forks included, in order. */
  readonly processes: PuppetProcess[]
  readonly #channel: Channel
  readonly #running: Promise<RunResult>
  readonly #launcher: () => LauncherHandle | undefined
  readonly #output: () => string
  #closing: Promise<RunResult> | null = null

  constructor(family: Family, first: Arrival, parts: PuppetParts) {
    super(family, null, first)
    this.heap = family.heap
    this.processes = family.processes
    this.#channel = family.channel
    this.#running = parts.running
    this.#launcher = parts.launcher
    this.#output = family.output
  }

  /** What it, and its heap, have written to stdout and stderr. */
  get output(): string {
    return this.#output()
  }

  /** Ends all of its processes, however they are, and gives what `run()` would give: resources and verdict. */
  close(): Promise<RunResult> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<RunResult> {
    // One that has said its last words waits to die of its signal, which is what its result is to say.
    await Promise.race([
      Promise.all(this.processes.map(({ dying }) => dying)),
      sleep(lastWordsMs, null, { ref: false }),
    ])
    // Its other threads leave, and the process with them, once their connections end: not before it has died.
    if (this.dying !== null) await Promise.race([this.#running, sleep(lastWordsMs, null, { ref: false })])
    for (const process of this.processes) {
      process.ended = true
      process.blocks.close()
    }
    // Threads whose connection ends leave; those that hang are killed.
    this.#channel.close()
    for (const process of this.processes) process.stopWaiting(null)
    const left = await Promise.race([this.#running.then(() => false), sleep(graceMs, true)])
    if (left) this.#launcher()?.endTree()
    return this.#running
  }
}

interface PuppetParts {
  running: Promise<RunResult>
  launcher(): LauncherHandle | undefined
}

/**
 * Starts a puppet. Close it with `close()`, or declare it with `await using`.
 *
 * @throws Alloc8Error PUPPET: it does not come up under that heap, and the message holds what it said. HEAP_INACTIVE:
 *   the heap's library is not in the process. As `run()` for the heap, and USAGE
 */
export async function puppet(options: PuppetOptions = {}): Promise<Puppet> {
  checkObject('puppet', options)
  const { heap = 'default', threads = 1, timeoutMs = 10_000, env, probe, signal } = options
  if (!(Number.isInteger(threads) && threads >= 0 && threads <= mostThreads)) {
    throw usageError('threads', `a whole number from 0 to ${mostThreads}`, threads)
  }
  checkOptions({ timeoutMs })
  if (env !== undefined) checkObject('env', env)
  if (!(signal === undefined || signal instanceof AbortSignal)) throw usageError('signal', 'an AbortSignal', signal)
  const resolved = await resolveHeap(heap)
  const channel = await Channel.open()
  const { arrival } = channel.expect()
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-keptOutput)
  }
  let launcher: LauncherHandle | undefined
  const target = prepareTarget([nativeFile('alloc8-puppet'), channel.path, channel.meetings])
  const running = runTarget(target, resolved, {
    ...{ env, probe, signal, graceMs, stdin: 'ignore', stdout: keep, stderr: keep },
    ...{ killTree: true, lifeline: true, detached: true },
    onStart: (handle) => {
      launcher = handle
    },
  })
  const rootEnd = running.then<ProcessEnd, ProcessEnd>(
    ({ exitCode, signal }) => ({ exitCode, signal }),
    () => ({ exitCode: null, signal: null }),
  )
  const family: Family = {
    ...{ heap, channel, timeoutMs, processes: [], rootEnd, output: () => output },
    places: new MeetingPlaces((place) => channel.abandon(place)),
  }
  try {
    const first = await firstArrival({ arrival, running, timeoutMs, heap, output: () => output })
    const made = new Puppet(family, first, { running, launcher: () => launcher })
    checkHeap(made, resolved)
    for (let i = 0; i < threads; ++i) await made.startThread()
    return made
  } catch (error) {
    channel.close()
    launcher?.endTree()
    await rootEnd
    throw error
  }
}

/** Waits for the first thread. Whatever keeps it from coming is an error that says what the process said. */
async function firstArrival(parts: {
  arrival: Promise<Arrival>
  running: Promise<RunResult>
  timeoutMs: number
  heap: string
  output(): string
}): Promise<Arrival> {
  const { arrival, running, timeoutMs, heap, output } = parts
  const failed = (how: string) => {
    const said = output().trim()
    return new Alloc8Error(
      'PUPPET',
      `a puppet does not come up under ${heap}: ${how}${said === '' ? '' : `\n${said}`}`,
      {
        hint: `see whether any program does: alloc8 run --heap ${heap} -- true`,
      },
    )
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failed(`nothing was heard from it for ${timeoutMs} ms`)), timeoutMs)
  })
  const ended = running.then((result) => {
    throw failed(`it ended at its start (${result.signal ?? `status ${result.exitCode}`})`)
  })
  ended.catch(() => {})
  try {
    return await Promise.race([arrival, ended, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The whole verdict comes with the end; that the library is not even there is said at once. */
function checkHeap(made: Puppet, resolved: ResolvedHeap): void {
  const loaded = new Set(made.mappings().map(({ name }) => basename(name)))
  const missing = resolved.preload.find(
    (path) => !loaded.has(basename(path)) && !loaded.has(basename(realpathSync(path))),
  )
  if (missing === undefined) return
  throw new Alloc8Error('HEAP_INACTIVE', `${made.heap}: ${missing} was not loaded into the puppet`, {
    hint: `alloc8 run --heap ${made.heap} -- true says why`,
  })
}
