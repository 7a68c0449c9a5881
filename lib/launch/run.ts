/**
 * One run of a target under a heap, whole: environment, session folder, launcher, verdict. What is the same for many
 * runs of one command (where the executable is, what kind of file it is) is prepared once.
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { carriedAllocators, neededLibraries, offeredMalloc } from '../binding/allocators.ts'
import { describeTarget, locateExecutable, type TargetInfo } from '../binding/executable.ts'
import { platform } from '../binding/machine.ts'
import { type Journal, nativeFile } from '../binding/native.ts'
import { systemPreload } from '../binding/preload-lists.ts'
import { createSession } from '../session/folder.ts'
import { readRecords, type SessionRecords } from '../session/records.ts'
import type { ResolvedHeap, RunResult, Warning } from '../types.ts'
import { targetEnvironment } from './environment.ts'
import { type LaunchOptions, type LaunchResult, launch } from './launch.ts'
import { type ExecutableFacts, judge, realPath, staticReason } from './verdict.ts'

/** A command whose executable was found and looked at. */
export interface PreparedTarget {
  command: readonly string[]
  path: string
  argv0: string
  args: readonly string[]
  facts: ExecutableFacts
  /** The files that run: the executable, and of a script also what interprets it. */
  files: readonly string[]
}

/** What a run takes besides the target and the heap: everything of a launch that `runTarget` does not decide itself. */
export interface RunTargetOptions extends Partial<Omit<LaunchOptions, 'path' | 'argv0' | 'args' | 'env'>> {
  /** The base of the target's environment; this process's own unless given. */
  env?: NodeJS.ProcessEnv | undefined
  /** Grows the environment by so many bytes, against layout bias. */
  paddingBytes?: number | undefined
  /** A folder to keep the session in; absent or empty. */
  sessionDirectory?: string | undefined
  /** Real paths of programs that stand between the target and its children and are none of its own: a tool's. */
  betweenPrograms?: readonly string[] | undefined
  /** The group of the user that the target goes on as: its processes leave their records through it. */
  sessionGroup?: number | undefined
}

/**
 * Finds a command's executable and looks at it.
 *
 * @throws Alloc8Error TARGET_NOT_FOUND, TARGET_NOT_EXECUTABLE
 */
export function prepareTarget(
  command: readonly string[],
  options: { cwd?: string | undefined; env?: NodeJS.ProcessEnv | undefined } = {},
): PreparedTarget {
  const [name = '', ...args] = command
  const { path, argv0 } = locateExecutable(name, { cwd: options.cwd, env: options.env })
  const info = describeTarget(path, { cwd: options.cwd, env: options.env })
  const facts = factsOf(info)
  const files = [path, info.path]
  // A text file without a #! line is run by the shell, as execvp does it.
  if (info.needsShell) return { command, path: '/bin/sh', argv0: 'sh', args: [path, ...args], facts, files }
  return { command, path, argv0, args, facts, files }
}

/**
 * Runs a prepared target under a heap. The target's own failure is a result, not an error.
 *
 * @throws Alloc8Error as `launch` and `createSession` do
 */
export async function runTarget(
  target: PreparedTarget,
  heap: ResolvedHeap,
  options: RunTargetOptions = {},
): Promise<RunResult> {
  return (await runLaunched(target, heap, options)).result
}

/** The same, with what the launcher reported besides. */
export async function runLaunched(
  target: PreparedTarget,
  heap: ResolvedHeap,
  options: RunTargetOptions = {},
): Promise<{ result: RunResult; launched: LaunchResult }> {
  const {
    env = process.env,
    paddingBytes = 0,
    sessionDirectory,
    sessionGroup,
    betweenPrograms,
    ...launchOptions
  } = options
  const session = createSession({ path: sessionDirectory, group: sessionGroup })
  try {
    // What cannot be preloaded into is left alone: the loader would only complain on the target's stderr.
    const reachable = staticReason(target.facts, platform().elf.bits) === null
    const placed = reachable ? heap : { ...heap, preload: [] }
    const environment = targetEnvironment(env, placed, {
      witness: reachable ? nativeFile('liballoc8-witness.so') : null,
      sessionDirectory: session.directory,
      paddingBytes,
    })
    const launched = await launch({
      stdin: 'inherit',
      stdout: 'inherit',
      stderr: 'inherit',
      killTree: false,
      lifeline: false,
      detached: false,
      ...launchOptions,
      path: target.path,
      argv0: target.argv0,
      args: target.args,
      env: environment,
    })
    const records = without(betweenPrograms ?? [], readRecords(session.anchor, session.directory))
    const verdict = judge({
      heapLibraries: heap.preload,
      heapBits: platform().elf.bits,
      rootPid: launched.pid,
      rootExitCode: launched.exitCode,
      target: target.facts,
      ...records,
      sessionRemoved: !session.isInPlace(),
      ...surroundings(),
      inspect: inspectOnce,
      workingFolder: resolve(launchOptions.cwd ?? '.'),
      carried: carriedAllocators,
      offered: offeredMalloc,
      needed: neededLibraries,
      exists: existsSync,
    })
    const found = {
      verdict,
      threads: threadsOf(records.journals),
      session: session.kept ? session.directory : null,
    }
    return { result: toResult(target, heap, launched, found), launched }
  } finally {
    session.remove()
  }
}

/** Records without those of some programs; what they did is not looked at either, as only a record leads to it. */
function without(programs: readonly string[], found: SessionRecords): SessionRecords {
  return { ...found, records: found.records.filter(({ executable }) => !programs.includes(executable)) }
}

/** What the heap's thread hooks have seen; null where they saw nothing, not even the thread that starts a process. */
function threadsOf(journals: readonly Journal[]): RunResult['threads'] {
  const begun = journals.reduce((sum, journal) => sum + journal.threadsBegun, 0)
  const ended = journals.reduce((sum, journal) => sum + journal.threadsEnded, 0)
  return begun === 0 ? null : { begun, ended }
}

function toResult(
  target: PreparedTarget,
  heap: ResolvedHeap,
  launched: LaunchResult,
  found: Pick<RunResult, 'verdict' | 'threads' | 'session'>,
): RunResult {
  const { tree } = launched
  const { verdict, threads, session } = found
  return {
    schema: 1,
    heap: heap.spec,
    command: [...target.command],
    exitCode: launched.exitCode,
    signal: launched.signal,
    timedOut: launched.timedOut,
    wallNs: launched.wallNs,
    suspendedNs: launched.suspendedNs,
    userNs: launched.userNs,
    sysNs: launched.sysNs,
    peakRssBytes: launched.peakRssBytes,
    minorFaults: launched.minorFaults,
    majorFaults: launched.majorFaults,
    voluntarySwitches: launched.voluntarySwitches,
    involuntarySwitches: launched.involuntarySwitches,
    tree: {
      processes: new Set(verdict.processes.map((process) => process.pid)).size,
      userNs: tree.userNs,
      sysNs: tree.sysNs,
      peakRssBytes: tree.peakRssBytes,
    },
    threads,
    verdict,
    session,
    leftovers: launched.leftovers,
    warnings: runWarnings(launched),
  }
}

/** The machine slept if it was for longer than this; less is of no account. */
const SUSPENDED_NS = 1_000_000

/** What casts doubt on a run's numbers, each with what to do. */
export function runWarnings(launched: Pick<LaunchResult, 'leftovers' | 'leftoversOmitted' | 'suspendedNs'>): Warning[] {
  const warnings: Warning[] = []
  const left = launched.leftovers.length + launched.leftoversOmitted
  if (left > 0) {
    const message =
      `${left} process${left === 1 ? '' : 'es'} outlived the target; their time and memory are not counted. ` +
      'Wait for them in the target, or end them with --end-descendants'
    warnings.push({ code: 'leftovers', message })
  }
  if (launched.suspendedNs > SUSPENDED_NS) {
    const message =
      `the machine slept for ${(launched.suspendedNs / 1e9).toFixed(3)} s during the run: that is not in its time, but ` +
      'caches and CPU clock were others behind it. Run it again with sleep kept off (systemd-inhibit)'
    warnings.push({ code: 'suspended', message })
  }
  return warnings
}

/** What of this machine bears on a verdict: the shell that libc starts, and what is preloaded into every process. */
function surroundings(): { shell: string; preloadedByFile: string[] } {
  return { shell: realPath('/bin/sh'), preloadedByFile: systemPreload() }
}

const inspected = new Map<string, ExecutableFacts | null>()

/** Facts about an executable that a target started; looked up once per process, as makes run compilers in hundreds. */
function inspectOnce(path: string): ExecutableFacts | null {
  let facts = inspected.get(path)
  if (facts === undefined) {
    try {
      facts = existsSync(path) ? factsOf(describeTarget(path)) : null
    } catch {
      facts = null
    }
    inspected.set(path, facts)
  }
  return facts
}

function factsOf(info: TargetInfo): ExecutableFacts {
  return {
    path: info.path,
    isElf: info.elf !== null,
    bits: info.bits,
    isStatic: info.isStatic,
    interpreter: info.elf?.interpreter,
    setuid: info.setuid,
    hasSetId: info.hasSetId,
    capabilities: info.capabilities,
    definesMalloc: info.definesMalloc,
    sanitizer: info.sanitizer,
  }
}
