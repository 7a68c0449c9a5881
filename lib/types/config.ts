/**
 * What a suite is made of, as `alloc8.config.ts` says it: workloads, heaps, metrics, thresholds. Only data; checking
 * and loading stand in `config/`.
 */

import type { Pairing } from './compare.ts'
import type { ProbeLevel } from './probe.ts'

/** A command as a list of its words, or as one text for the shell. */
export type CommandWords = readonly string[] | string

/** What every workload may say; what it leaves out comes from the suite. */
export interface WorkloadBase {
  /** Unique in the suite; what reports call it. */
  name: string
  /**
   * Run once before the workload's first run and once after its last. Untimed, under no heap. The teardown is run however
   * the workload ended: also when its setup failed, and after Ctrl-C.
   */
  setup?: CommandWords | undefined
  teardown?: CommandWords | undefined
  /** Run, untimed, before each run. */
  prepare?: CommandWords | undefined
  /** Relative to the configuration's folder, which it is unless given; so are programs and files. */
  cwd?: string | undefined
  /** Joined to the environment; undefined takes a variable out. */
  env?: Record<string, string | undefined> | undefined
  /** As `--metric`: `cpu`, `peak-rss`, `rps=/Requests per second: ([\\d.]+)/`. */
  metrics?: readonly string[] | undefined
  higherIsBetter?: readonly string[] | undefined
  /** What counts as a difference: a share, for all metrics or by the name of one. */
  threshold?: number | Readonly<Record<string, number>> | undefined
  blocks?: number | undefined
  warmupBlocks?: number | undefined
  timeoutMs?: number | undefined
  /** How long setup and teardown may take each; 10 minutes unless given. */
  setupTimeoutMs?: number | undefined
  pairing?: Pairing | undefined
  /** As `--probe`; of a service it is in the server alone, and counts from its start to its stop. */
  probe?: readonly ProbeLevel[] | undefined
  untilDecided?: boolean | undefined
}

/** A program that runs under the heaps and ends by itself. */
export interface CommandWorkload extends WorkloadBase {
  command: CommandWords
  /** Another program, or an earlier build of it: the baseline. All workloads have one or none has, and there is one heap. */
  against?: CommandWords | undefined
  /** A file for its stdin; empty unless given. */
  stdin?: string | undefined
  /** Takes runs that exit with another status than 0 for good. */
  ignoreFailure?: boolean | undefined
}

/** When a server counts as ready: it listens on a port, prints a line, or answers a URL with a status below 500. */
export type Readiness = { port: number; host?: string } | { line: string | RegExp } | { url: string }

/**
 * A server that runs under the heaps, and a load that runs without one. The metrics with a pattern are looked for in
 * the load's output; `rss-mean`, `rss-peak` and `rss-after` are the server's.
 */
export interface ServiceWorkload extends WorkloadBase {
  server: CommandWords
  /** Who the server runs as, where alloc8 runs as root: some refuse root. */
  user?: string | undefined
  ready: Readiness
  /** How long it may take to be ready; 30 s unless given. */
  readyTimeoutMs?: number | undefined
  load: CommandWords
  /** How long to wait between the end of the load and the reading of `rss-after`; 1 s unless given. */
  settleMs?: number | undefined
  /** The signal that ends the server, SIGTERM unless given, and how long it may take before SIGKILL; 10 s unless given. */
  stopSignal?: 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | undefined
  graceMs?: number | undefined
}

export type Workload = CommandWorkload | ServiceWorkload

/** `alloc8.config.ts`: what `defineConfig` takes. */
export interface Alloc8Config extends Omit<WorkloadBase, 'name' | 'setup' | 'teardown' | 'prepare'> {
  /** The first is the baseline; all that can be found, unless given. */
  heaps?: readonly string[] | undefined
  workloads: readonly Workload[]
  /** The metrics that `alloc8 ci` passes judgement on; all unless given. */
  gate?: readonly string[] | undefined
  /** For the whole suite: each workload gets an equal part of what is left. */
  maxTimeMs?: number | undefined
  seed?: number | undefined
}
