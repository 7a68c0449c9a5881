/**
 * What one run of a service is given and what it gives back. The latter has the shape of a comparison's run, with the
 * server's memory over time beside it.
 */

import type { PreparedTarget, RunTargetOptions } from '../launch/run.ts'
import type { ProbeReport, Readiness, RunFailure, ServiceWorkload, Timeline, Verdict, Warning } from '../types.ts'

/** A service whose server and load were found and whose numbers were checked; see `prepareService`. */
export interface PreparedService {
  server: PreparedTarget
  /** The group of the user that the server goes on as; null where that is ours. */
  group: number | null
  load: PreparedTarget
  ready: Readiness
  readyTimeoutMs: number
  settleMs: number
  stopSignal: NonNullable<ServiceWorkload['stopSignal']>
  graceMs: number
  cwd: string
  /** The environment of both, complete; only the server's gets a heap. */
  env: NodeJS.ProcessEnv
}

/**
 * Who looks for metrics in what the load prints: `OutputMatcher` of compare/ is one, which is passed in because this
 * folder knows nothing of comparisons.
 */
export interface LoadReader {
  push(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void
  finish(): { values: Record<string, number | null>; problems: Record<string, string>; tail: string }
}

/** What `runService` takes besides the service and the heap. */
export interface ServiceRunOptions {
  /** Finds the metrics in the load's output; a fresh one per run. */
  reader: LoadReader
  /** How long the load may take. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
  /** Grows the server's environment by so many bytes, against layout bias. */
  paddingBytes?: number | undefined
  /** Gets everything that server and load print. */
  onOutput?: ((chunk: Buffer) => void) | undefined
  /** Puts the probe in front of the server's heap. */
  probe?: RunTargetOptions['probe']
  /** The time between two readings of the server's memory; 50 ms unless given. */
  sampleMs?: number | undefined
}

/** What watching the server's memory took, on the same machine as the server: so much is noise of ours. */
export interface SamplingCost {
  samples: number
  /** CPU time of the readings together. */
  totalMs: number
  /** As a share of one CPU from the server's start to its stop. */
  share: number
}

/** What one run of a service gave. */
export interface ServiceRun {
  /**
   * By metric: `wall` is the load's; `user`, `sys`, `cpu` and `faults` are those of the server's tree while the load
   * ran; `peak-rss` is the largest single process of the server over its life; `rss-mean` is over the load, `rss-peak`
   * from the server's start to its stop, `rss-after` after `settleMs`. And what the load printed.
   */
  values: Record<string, number | null>
  /** By metric: why its value is null though the run succeeded. */
  problems: Record<string, string>
  failure: Omit<RunFailure, 'block'> | null
  /** Whether the heap was in effect in the server's processes; null when it could not be told. */
  verdict: Verdict | null
  /** What the probe has counted of the server, from its start to its stop; null without one. */
  probe: ProbeReport | null
  /** Of the load. */
  wallNs: number
  suspendedNs: number
  /** The last of what the load printed, or the server where that failed. */
  output: string
  serverOutput: string
  loadOutput: string
  timeline: Pick<Timeline, 'points' | 'loadFromMs' | 'loadToMs'>
  warnings: Warning[]
  sampling: SamplingCost
}
