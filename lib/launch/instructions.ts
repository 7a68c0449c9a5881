/**
 * The instructions that a target takes with all its children: the one cost that is the same on a busy machine and on a
 * quiet one. Counted by the processor where it has counters and lets us use them, else under callgrind, some fifty
 * times slower. Either way what makes a program take another path each time is switched off as far as it can be.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ResolvedHeap, RunResult, Verdict } from '../types.ts'
import { callgrindArguments, findCallgrind, readCounts } from './callgrind.ts'
import { launch } from './launch.ts'
import { type PreparedTarget, type RunTargetOptions, runLaunched } from './run.ts'

/** What counts: the processor's counters, or valgrind's callgrind. */
export type InstructionCounter = 'counters' | 'callgrind'

/** One counted run. */
export interface InstructionCount {
  /** In user space, the whole tree; null where `failure` says why there is no such number. */
  instructions: number | null
  by: InstructionCounter
  verdict: Verdict
  /** Why the run was not counted. How the target ended is in `result` and is none of this. */
  failure: string | null
  /** The run; its times and memory are those of callgrind, where that counted. */
  result: RunResult
}

/**
 * What a counted run takes. The environment is not padded, as its layout is to be the same each time. `timeoutMs` is
 * what the target may take by itself: callgrind gets `CALLGRIND_SLOWER` times as much.
 */
export interface CountOptions extends Omit<RunTargetOptions, 'aslr' | 'paddingBytes' | 'countInstructions'> {
  /** `counters` where they can be used, else `callgrind`, unless given. */
  by?: InstructionCounter | undefined
}

/** How much slower a target may be under callgrind: fifty times is usual, and threads run one at a time. */
export const CALLGRIND_SLOWER = 200

/**
 * Variables that make hashes the same in every run, where the user has not set them: Python's, Perl's. (Node has an
 * option for it that NODE_OPTIONS does not take, and others have none: such programs differ from run to run.)
 */
const fixedHashes = { PYTHONHASHSEED: '0', PERL_HASH_SEED: '0', PERL_PERTURB_KEYS: '0' }

let counters: Promise<boolean> | undefined

/** Whether the processor's counters can be used here: not in most virtual machines and containers. */
export function hasCounters(): Promise<boolean> {
  counters ??= launch({
    ...{ path: '/bin/sh', args: ['-c', ':'], env: {}, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
    ...{ killTree: true, lifeline: true, detached: true, countInstructions: true },
  }).then(({ instructions }) => instructions !== null)
  return counters
}

/**
 * What would count here.
 * @throws Alloc8Error METRIC: there is nothing to count with
 */
export async function chooseCounter(env: NodeJS.ProcessEnv = process.env): Promise<InstructionCounter> {
  if (await hasCounters()) return 'counters'
  findCallgrind(env)
  return 'callgrind'
}

/**
 * Runs a target once under a heap and counts its instructions, without address space randomisation and with hashes
 * fixed.
 *
 * @throws Alloc8Error METRIC: there is nothing to count with; else as `runTarget` does
 */
export async function countInstructions(
  target: PreparedTarget,
  heap: ResolvedHeap,
  options: CountOptions = {},
): Promise<InstructionCount> {
  const { env = process.env, by = await chooseCounter(env), ...rest } = options
  const fixed: RunTargetOptions = { ...rest, env: { ...fixedHashes, ...env }, aslr: false }
  return by === 'counters' ? underCounters(target, heap, fixed) : underCallgrind(target, heap, fixed)
}

async function underCounters(
  target: PreparedTarget,
  heap: ResolvedHeap,
  options: RunTargetOptions,
): Promise<InstructionCount> {
  const { result, launched } = await runLaunched(target, heap, { ...options, countInstructions: true })
  const { instructions } = launched
  const failure =
    instructions === null ? 'the counters of the processor were not there, or not for the whole of the run' : null
  return { instructions, by: 'counters', verdict: result.verdict, failure, result }
}

async function underCallgrind(
  target: PreparedTarget,
  heap: ResolvedHeap,
  options: RunTargetOptions,
): Promise<InstructionCount> {
  const { tool, launcher } = findCallgrind(options.env ?? process.env)
  const folder = mkdtempSync(join(tmpdir(), 'alloc8-callgrind-'))
  try {
    const inTool = {
      ...target,
      path: tool,
      argv0: tool,
      args: [...callgrindArguments(folder), target.path, ...target.args],
    }
    const { result } = await runLaunched(inTool, heap, {
      ...options,
      timeoutMs: options.timeoutMs === undefined ? undefined : options.timeoutMs * CALLGRIND_SLOWER,
      env: { ...options.env, VALGRIND_LAUNCHER: launcher, VALGRIND_OPTS: undefined },
      betweenPrograms: [launcher],
    })
    const { instructions, processes, unfinished } = readCounts(folder)
    const failure = whyNotWhole(processes, unfinished)
    const whole = failure === null ? instructions : null
    return { instructions: whole, by: 'callgrind', verdict: result.verdict, failure, result }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function whyNotWhole(processes: number, unfinished: readonly number[]): string | null {
  if (unfinished.length > 0) {
    const who = unfinished.length === 1 ? `process ${unfinished[0]} was` : `${unfinished.length} processes were`
    return `${who} killed before callgrind could write what it had counted`
  }
  return processes === 0 ? 'callgrind could not run the target: see what it printed' : null
}
