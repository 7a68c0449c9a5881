/**
 * A server in one run: started under its heap through the launcher, which ends its whole tree whatever happens here.
 * It may end at any moment by itself, so everything that waits beside it is interrupted by its end.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { Alloc8Error } from '../errors.ts'
import type { LauncherHandle } from '../launch/launch.ts'
import { runTarget } from '../launch/run.ts'
import type { ResolvedHeap, RunResult } from '../types.ts'
import { ProgramOutput } from './output.ts'
import { ProcessTree } from './tree.ts'
import type { PreparedService, ServiceRunOptions } from './types.ts'

/** What is left of a server that was told to end and does not: SIGTERM to all of it, so long, then SIGKILL. */
const lastGraceMs = 2_000

/** How a server ended: by a result, by an error of ours, or with its launcher. */
export type ServerEnd = { result: RunResult } | { error: unknown }

/** Started by its constructor; `end` must be awaited whatever happens. */
export class RunningServer {
  readonly output = new ProgramOutput()
  /** By `performance.now()`, just before its launcher was started. */
  readonly started: number
  readonly #service: PreparedService
  readonly #interrupt = new AbortController()
  readonly #quit = new AbortController()
  readonly #ended: Promise<ServerEnd>
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => {
    this.#interrupt.abort()
    this.#quit.abort(this.#signal?.reason)
  }
  #launcher: LauncherHandle | null = null
  #tree: ProcessTree | null = null
  #end: ServerEnd | null = null

  constructor(service: PreparedService, heap: ResolvedHeap, options: ServiceRunOptions) {
    this.#service = service
    this.#signal = options.signal
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (this.#signal?.aborted) this.#onAbort()
    this.started = performance.now()
    const end = this.#run(heap, options).then(
      (result): ServerEnd => ({ result }),
      (error: unknown): ServerEnd => ({ error }),
    )
    this.#ended = end.then((ended) => {
      this.#end = ended
      this.#interrupt.abort()
      return ended
    })
  }

  /** Aborted when the server has ended or the caller gives up: whatever goes on beside the server ends with it. */
  get interrupted(): AbortSignal {
    return this.#interrupt.signal
  }

  /** null as long as it lives. */
  get ended(): ServerEnd | null {
    return this.#end
  }

  get tree(): ProcessTree | null {
    return this.#tree
  }

  /** Whether it ends within `ms`, or has ended. */
  async endsWithin(ms: number): Promise<boolean> {
    const timer = new AbortController()
    const late = sleep(ms, false, { signal: timer.signal }).catch(() => false)
    const ended = await Promise.race([this.#ended.then(() => true), late])
    timer.abort()
    return ended
  }

  /** Asks it to end by its stop signal, and ends its whole tree if it does not. Returns whether it obeyed. */
  async stop(): Promise<{ end: ServerEnd; obeyed: boolean }> {
    this.#launcher?.kill(this.#service.stopSignal)
    const obeyed = await this.endsWithin(this.#service.graceMs)
    if (!obeyed) this.#launcher?.endTree()
    return { end: await this.#ended, obeyed }
  }

  /** Resolves once nothing of it is left, without asking it first. To be called in any case. */
  async close(): Promise<ServerEnd> {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    if (this.#end === null) this.#quit.abort()
    const end = await this.#ended
    this.#tree?.close()
    return end
  }

  #run(heap: ResolvedHeap, options: ServiceRunOptions): Promise<RunResult> {
    const { cwd, env, server, group, graceMs } = this.#service
    const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      this.output.push(chunk, stream)
      options.onOutput?.(chunk)
    }
    return runTarget(server, heap, {
      cwd,
      env,
      signal: this.#quit.signal,
      graceMs: Math.min(graceMs, lastGraceMs),
      stdin: 'ignore',
      stdout: take('stdout'),
      stderr: take('stderr'),
      paddingBytes: options.paddingBytes ?? 0,
      probe: options.probe,
      sessionGroup: group ?? undefined,
      killTree: true,
      lifeline: true,
      detached: true,
      onStart: (launcher) => {
        this.#launcher = launcher
        this.#tree = new ProcessTree(launcher.pid)
      },
    })
  }
}

/** The run's own result, or null for one that lost its launcher; rethrows what is an error of ours. */
export function resultOf(end: ServerEnd): RunResult | Alloc8Error {
  if ('result' in end) return end.result
  if (end.error instanceof Alloc8Error && end.error.code === 'LAUNCHER_LOST') return end.error
  throw end.error
}
