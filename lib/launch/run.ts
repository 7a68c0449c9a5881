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
import { createControl } from '../session/control.ts'
import { createSession, type Session } from '../session/folder.ts'
import { type OtherKnowledge, readProbes } from '../session/probes.ts'
import { readRecords, type SessionRecords } from '../session/records.ts'
import { readAllSamples, type SessionSamples } from '../session/samples.ts'
import type { ProbeLevel, ProbeSettings, ResolvedHeap, RunResult, Verdict, Warning } from '../types.ts'
import { targetEnvironment } from './environment.ts'
import { type LaunchOptions, type LaunchResult, launch } from './launch.ts'
import { probeSettings } from './probe-settings.ts'
import { type ExecutableFacts, judge, realPath, staticReason, unseenPrograms, type VerdictInput } from './verdict.ts'

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
  /** Watches what the target asks of its heap, by the probe in front of it: a level, several, or with numbers. */
  probe?: ProbeLevel | readonly ProbeLevel[] | ProbeSettings | undefined
  /** Real paths of programs that stand between the target and its children and are none of its own: a tool's. */
  betweenPrograms?: readonly string[] | undefined
  /** The group of the user that the target goes on as: its processes leave their records through it. */
  sessionGroup?: number | undefined
  /** Told when the session's folder is there, and before it goes. */
  watcher?: SessionWatcher | undefined
}

/** Who looks at a session while it grows. */
export interface SessionWatcher {
  begin(session: Session): void
  /** Called once nothing more comes, and the files are still there. */
  end(): void
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

/** A run with what its result does not hold: the launcher's report, and what is read before the session's folder goes. */
export interface LaunchedRun {
  result: RunResult
  launched: LaunchResult
  records: SessionRecords
  /** Null where nothing was to be sampled. */
  samples: SessionSamples | null
}

/** The same, with all that was found. */
export async function runLaunched(
  target: PreparedTarget,
  heap: ResolvedHeap,
  options: RunTargetOptions = {},
): Promise<LaunchedRun> {
  const {
    env = process.env,
    paddingBytes = 0,
    sessionDirectory,
    sessionGroup,
    betweenPrograms,
    probe: asked,
    watcher,
    ...launchOptions
  } = options
  const probe = asked === undefined ? null : probeSettings(asked)
  const session = createSession({ path: sessionDirectory, group: sessionGroup })
  try {
    watcher?.begin(session)
    // What cannot be preloaded into is left alone: the loader would only complain on the target's stderr.
    const reachable = staticReason(target.facts, platform().elf.bits) === null
    const placed = reachable ? heap : { ...heap, preload: [] }
    const environment = targetEnvironment(env, placed, {
      witness: reachable ? nativeFile('liballoc8-witness.so') : null,
      probe: reachable && probe !== null ? { library: nativeFile('liballoc8-probe.so'), settings: probe } : null,
      sessionDirectory: session.directory,
      paddingBytes,
    })
    if (probe !== null) createControl(session.anchor, probe, sessionGroup)
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
    const evidence: VerdictInput = {
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
    }
    const verdict = judge(evidence)
    const found = {
      verdict,
      threads: threadsOf(records.journals),
      probe: probe === null ? null : readProbes(session.anchor, probe.levels, whatWitnessKnows(evidence, verdict)),
      session: session.kept ? session.directory : null,
    }
    const samples = probe === null ? null : sampled(session.anchor, probe)
    return { result: toResult(target, heap, launched, found), launched, records, samples }
  } finally {
    watcher?.end()
    session.remove()
  }
}

/** Null where nothing was to be sampled, at the start or since. */
function sampled(folder: string, { levels }: ProbeSettings): SessionSamples | null {
  const found = readAllSamples(folder)
  const any = found.samples.length + found.unreadable.length > 0
  return any || levels.includes('sample') ? found : null
}

/** What the probe cannot know of processes that it was not in. */
function whatWitnessKnows(evidence: VerdictInput, { processes }: Verdict): OtherKnowledge {
  const executables = new Map(processes.map(({ pid, executable }) => [pid, executable]))
  return { started: unseenPrograms(evidence), executableOf: (pid) => executables.get(pid) ?? null }
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
  found: Pick<RunResult, 'verdict' | 'threads' | 'probe' | 'session'>,
): RunResult {
  const { tree } = launched
  const { verdict, threads, probe, session } = found
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
    probe,
    profile: null,
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
