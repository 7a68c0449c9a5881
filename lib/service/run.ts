/**
 * One run of a service under a heap: start the server, wait until it is ready, put it under load, let it settle, read
 * its memory, stop it. A server that fails in any of these is a failed run of its heap and never an error; whatever
 * happens, nothing is left running.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { Alloc8Error } from '../errors.ts'
import { type LaunchResult, launch } from '../launch/launch.ts'
import type { ResolvedHeap, RunResult } from '../types.ts'
import {
  crashStopping,
  diedIn,
  type Failure,
  launcherLost,
  loadFailed,
  loadTimedOut,
  neverReady,
  type Stage,
  stopWarnings,
} from './failures.ts'
import { ProgramOutput } from './output.ts'
import { endpointOf, refuseTaken } from './ports.ts'
import type { CpuUsage } from './proc.ts'
import { lookFor, untilReady } from './ready.ts'
import { MemorySampler } from './sampler.ts'
import { RunningServer, resultOf } from './server.ts'
import type { PreparedService, ServiceRun, ServiceRunOptions } from './types.ts'

/** A load that fails because its server died ends a moment before we hear of that: dumping a core takes time. */
const deathNewsMs = 1_000

/**
 * Runs a prepared service once. What `setup`, `prepare` and `teardown` do is the caller's; so is the choice of metrics.
 *
 * @throws Alloc8Error PORT_IN_USE: somebody listens already where the server would; nothing was started. ABORTED:
 *   `signal` was aborted; no process of server or load is alive any more. Others as `runTarget` has them.
 */
export async function runService(
  service: PreparedService,
  heap: ResolvedHeap,
  options: ServiceRunOptions,
): Promise<ServiceRun> {
  const endpoint = await endpointOf(service.ready)
  if (endpoint !== null) refuseTaken(endpoint)
  const server = new RunningServer(service, heap, options)
  // Nothing of what it prints is lost: output comes in a later turn of the event loop.
  const look = lookFor(service.ready, endpoint, server)
  const sampler = new MemorySampler(() => server.tree?.residentBytes() ?? null, server.started, options.sampleMs)
  sampler.start()
  const run = new Run(service, server, sampler, options)
  try {
    const problem = await run.drive(look)
    sampler.stop()
    const { end, obeyed } = await server.stop()
    return run.finish(resultOf(end), obeyed, problem)
  } finally {
    sampler.stop()
    await server.close()
  }
}

/** What is learnt on the way. */
class Run {
  readonly #service: PreparedService
  readonly #server: RunningServer
  readonly #sampler: MemorySampler
  readonly #options: ServiceRunOptions
  #stage: Stage = 'starting'
  #load: LaunchResult | null = null
  #loadFromMs: number | null = null
  #loadToMs: number | null = null
  #usage: CpuUsage | null = null
  #rssAfter: number | null = null
  readonly #loadOutput = new ProgramOutput()

  constructor(service: PreparedService, server: RunningServer, sampler: MemorySampler, options: ServiceRunOptions) {
    this.#service = service
    this.#server = server
    this.#sampler = sampler
    this.#options = options
  }

  /** Everything from the start to where the server is to be stopped. Gives what went wrong but for its own end. */
  async drive(look: Parameters<typeof untilReady>[0]): Promise<Failure | null> {
    const { readyTimeoutMs, settleMs } = this.#service
    const { interrupted } = this.#server
    const lacks = await this.#unlessInterrupted(untilReady(look, readyTimeoutMs, interrupted))
    if (interrupted.aborted || lacks === undefined) return null
    if (lacks !== null) return neverReady(this.#service, lacks, this.#server.output.tail())
    this.#stage = 'loading'
    const problem = await this.#putUnderLoad()
    if (interrupted.aborted || problem !== null) return problem
    this.#stage = 'settling'
    await this.#unlessInterrupted(sleep(settleMs, undefined, { signal: interrupted }))
    if (interrupted.aborted) return null
    this.#rssAfter = this.#sampler.sample()
    this.#stage = 'stopping'
    return null
  }

  /** Puts together what a run gave, once its server has ended. */
  finish(end: RunResult | Alloc8Error, obeyed: boolean, problem: Failure | null): ServiceRun {
    const serverOutput = this.#server.output.tail()
    const read = this.#options.reader.finish()
    const failure = problem ?? this.#failureOf(end, obeyed, serverOutput)
    const result = end instanceof Alloc8Error ? null : end
    const stopped = result !== null && this.#stage === 'stopping' && failure === null
    return {
      values: { ...this.#measured(result), ...read.values },
      problems: { ...this.#unmeasured(), ...read.problems },
      failure,
      verdict: result?.verdict ?? null,
      probe: result?.probe ?? null,
      wallNs: this.#load?.wallNs ?? 0,
      suspendedNs: this.#load?.suspendedNs ?? 0,
      output: failure?.output ?? read.tail,
      serverOutput,
      loadOutput: read.tail,
      timeline: { points: this.#sampler.points(), loadFromMs: this.#loadFromMs, loadToMs: this.#loadToMs },
      warnings: stopped ? stopWarnings(this.#service, result, obeyed) : [],
      sampling: this.#sampler.cost(),
    }
  }

  /** What the server's own end says; null where it lived until it was stopped, and ended as it should. */
  #failureOf(end: RunResult | Alloc8Error, obeyed: boolean, output: string): Failure | null {
    if (end instanceof Alloc8Error) return launcherLost('server', end.message, output)
    if (this.#stage !== 'stopping') return diedIn(this.#stage, end, output)
    return crashStopping(this.#service, end, obeyed, output)
  }

  async #putUnderLoad(): Promise<Failure | null> {
    const { tree, interrupted } = this.#server
    const before = tree?.usage() ?? null
    this.#loadFromMs = this.#sampler.beginLoad()
    const load = await this.#unlessInterrupted(this.#runLoad().catch(lostLauncher))
    this.#loadToMs = this.#sampler.endLoad()
    const after = tree?.usage() ?? null
    if (load === undefined || interrupted.aborted) return null
    if (load instanceof Alloc8Error) return launcherLost('load', load.message, '')
    this.#load = load
    this.#usage = before === null || after === null ? null : difference(after, before)
    if (load.timedOut) return loadTimedOut(load, this.#options.timeoutMs, this.#loadOutput.tail())
    if (load.exitCode === 0 || (await this.#server.endsWithin(deathNewsMs))) return null
    return loadFailed(load, this.#loadOutput.tail())
  }

  /** Without a heap: only the server is measured. */
  #runLoad(): Promise<LaunchResult> {
    const { load, cwd, env } = this.#service
    const { reader, onOutput, timeoutMs } = this.#options
    const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      reader.push(chunk, stream)
      this.#loadOutput.push(chunk, stream)
      onOutput?.(chunk)
    }
    return launch({
      path: load.path,
      argv0: load.argv0,
      args: load.args,
      cwd,
      env,
      timeoutMs,
      signal: this.#server.interrupted,
      stdin: 'ignore',
      stdout: take('stdout'),
      stderr: take('stderr'),
      killTree: true,
      lifeline: true,
      detached: true,
    })
  }

  #measured(result: RunResult | null): Record<string, number | null> {
    const usage = this.#usage
    return {
      wall: this.#load?.wallNs ?? null,
      user: usage?.userNs ?? null,
      sys: usage?.sysNs ?? null,
      cpu: usage === null ? null : usage.userNs + usage.sysNs,
      faults: usage?.faults ?? null,
      'peak-rss': result?.tree.peakRssBytes ?? null,
      'rss-mean': this.#sampler.mean,
      'rss-peak': this.#sampler.peak,
      'rss-after': this.#rssAfter,
    }
  }

  /** Why a number is missing in a run that succeeded: then /proc did not show the server. */
  #unmeasured(): Record<string, string> {
    const why = "/proc does not show the server's processes"
    const names = this.#usage === null ? ['user', 'sys', 'cpu', 'faults'] : []
    if (this.#rssAfter === null) names.push('rss-mean', 'rss-peak', 'rss-after')
    return Object.fromEntries(names.map((name) => [name, `${name}: ${why}`]))
  }

  /** undefined where the server's end, or the caller's abort, came in between. */
  async #unlessInterrupted<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      if (this.#server.interrupted.aborted) return undefined
      throw error
    }
  }
}

function difference(after: CpuUsage, before: CpuUsage): CpuUsage {
  // What a parent that ignores SIGCHLD does not account for may make it smaller.
  const since = (key: keyof CpuUsage) => Math.max(0, after[key] - before[key])
  return { userNs: since('userNs'), sysNs: since('sysNs'), faults: since('faults') }
}

function lostLauncher(error: unknown): Alloc8Error {
  if (error instanceof Alloc8Error && error.code === 'LAUNCHER_LOST') return error
  throw error
}
