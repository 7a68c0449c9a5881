/**
 * The verdict on a run: whether the requested heap was in effect in every process that was witnessed, and if not, why.
 * It joins what the witness wrote with a look at the executables, because where the witness could not be loaded
 * (static, secure-exec, another ELF class) its silence has a reason that can be named.
 */

import { realpathSync } from 'node:fs'
import type { WitnessRecord } from '../binding/native.ts'
import type { ProcessVerdict, Reason, Verdict, VerdictState } from '../types.ts'
import { judgeImage } from './bindings.ts'

/** What a look at an executable file says that bears on interposition. */
export interface ExecutableFacts {
  /** The ELF file that really runs (the interpreter of a script). */
  path: string
  isElf: boolean
  bits: 32 | 64 | null
  isStatic: boolean
  /** The loader that starts it, or null. */
  interpreter?: string | null | undefined
  /** Set-user-id or set-group-id that changes who runs it. */
  setuid: boolean
  capabilities: boolean
  /** How it is seen that the executable defines malloc itself, or null. */
  definesMalloc: string | null
  sanitizer: string | null
}

/** What a verdict is made of. */
export interface VerdictInput {
  /** The libraries of the requested heap; empty for `default`. */
  heapLibraries: string[]
  /** The bits of the heap's library and of this machine. */
  heapBits: 32 | 64
  rootPid: number
  /** How the target exited; null for a signal. The loader exits with 127 when it cannot load what it must. */
  rootExitCode: number | null
  target: ExecutableFacts
  records: WitnessRecord[]
  unreadable: string[]
  /** Looks at the executable of another process of the run; null when it cannot be read. */
  inspect(path: string): ExecutableFacts | null
}

/** ld.so's exit status (glibc, elf/rtld.c and elf/dl-error-skeleton.c). */
const loaderFailure = 127

const rank: Record<VerdictState, number> = { active: 0, partial: 1, inactive: 2 }

/** Says whether the heap was in effect: the worst state of all processes, with each process's own. */
export function judge(input: VerdictInput): Verdict {
  const isHeap = heapMatcher(input.heapLibraries)
  const processes = judgeProcesses(input, isHeap)
  const rootSeen = processes.some((process) => process.pid === input.rootPid)
  if (!rootSeen) processes.unshift(unwitnessedRoot(input))
  // A record that cannot be read is a process of which nothing is known.
  const least: VerdictState = isHeap !== null && input.unreadable.length > 0 ? 'partial' : 'active'
  const state = processes.reduce<VerdictState>((worst, { state }) => (rank[state] > rank[worst] ? state : worst), least)
  return { state, reasons: summarise(processes, input.unreadable), processes }
}

/** The last image of a process, as a judgement can still change: a forked child that execs is judged by what it execs. */
interface Image {
  verdict: ProcessVerdict
  forked: boolean
  replaced: boolean
}

function judgeProcesses(input: VerdictInput, isHeap: ((path: string) => boolean) | null): ProcessVerdict[] {
  const images: Image[] = []
  const byPid = new Map<number, Image>()
  const byExecutable = new Map<string, Image>()
  for (const record of input.records) {
    const forked = record.kind === 'fork'
    const earlier = byPid.get(record.pid)
    // Another parent means that the system has given the number to a second process.
    if (earlier?.forked && !forked && earlier.verdict.ppid === record.ppid) earlier.replaced = true
    // The parent may be gone before its child can ask for its number; its image is still that of the same program.
    const parent = byPid.get(record.ppid) ?? byExecutable.get(record.executable)
    const verdict = forked ? judgeFork(input, record, parent?.verdict) : judgeExec(input, record, isHeap)
    const image = { verdict, forked, replaced: false }
    images.push(image)
    byPid.set(record.pid, image)
    byExecutable.set(record.executable, image)
  }
  return images.filter((image) => !image.replaced).map((image) => image.verdict)
}

function judgeExec(
  input: VerdictInput,
  record: WitnessRecord,
  isHeap: ((path: string) => boolean) | null,
): ProcessVerdict {
  const { pid, ppid, executable } = record
  const found = judgeImage(record, isHeap)
  const facts = executable === input.target.path ? input.target : input.inspect(executable)
  const named = found.reasons.some((reason) => reason.code === 'own-malloc')
  if (isHeap !== null && facts?.definesMalloc != null && !named) {
    const message = `${executable} has a malloc of its own (${facts.definesMalloc}), which no preloaded library replaces`
    return { pid, ppid, executable, ...found, state: 'inactive', reasons: [{ code: 'own-malloc', message }] }
  }
  return { pid, ppid, executable, ...found }
}

/** A forked child has its parent's bindings. */
function judgeFork(input: VerdictInput, record: WitnessRecord, parent: ProcessVerdict | undefined): ProcessVerdict {
  const { pid, ppid, executable } = record
  if (parent !== undefined) return { ...parent, pid, ppid }
  const message = `${executable} was forked by a process that left no record`
  const state = input.heapLibraries.length === 0 ? 'active' : 'inactive'
  return { pid, ppid, executable, state, reasons: [{ code: 'not-witnessed', message }], bindings: {} }
}

/** Why the target itself left no record. */
function unwitnessedRoot(input: VerdictInput): ProcessVerdict {
  const { target, rootPid: pid } = input
  const reason = staticReason(target, input.heapBits) ?? unexplained(input)
  const inEffect = input.heapLibraries.length === 0
  const state = inEffect ? 'active' : 'inactive'
  return { pid, ppid: process.pid, executable: target.path, state, reasons: [reason], bindings: {} }
}

/** The witness speaks before main does: either the loader gave up, or something else took the target's voice. */
function unexplained({ target: { path }, heapLibraries, rootExitCode }: VerdictInput): Reason {
  if (heapLibraries.length > 0 && rootExitCode === loaderFailure) {
    const message = `the loader gave up before ${path} began: the heap's library or one that it needs cannot be loaded`
    return { code: 'library-not-loaded', message: `${message}; its own message on stderr says why` }
  }
  const message =
    `${path} left no record: it may have ended before its libraries were ready (look at its stderr), ` +
    'or could not write to the session folder'
  return { code: 'not-witnessed', message }
}

/** What about the executable keeps every preloaded library out, or null when nothing does. */
export function staticReason(facts: ExecutableFacts, heapBits: 32 | 64): Reason | null {
  const { path } = facts
  if (!facts.isElf) {
    return { code: 'not-an-elf', message: `${path} is not an ELF file; run the program that interprets it` }
  }
  if (facts.bits !== null && facts.bits !== heapBits) {
    const message = `${path} is a ${facts.bits}-bit program and the heap a ${heapBits}-bit library; use a heap of its class`
    return { code: 'wrong-elf-class', message }
  }
  if (/\/ld-musl-[^/]*$/.test(facts.interpreter ?? '')) {
    const message = `${path} is linked to musl, and heaps here are built for glibc; use a build of it for glibc`
    return { code: 'other-libc', message }
  }
  if (facts.sanitizer !== null) {
    const message = `${path} is built with the ${facts.sanitizer} sanitizer, which has a malloc of its own; build it without`
    return { code: 'sanitizer', message }
  }
  if (facts.isStatic) {
    const message = `${path} is linked statically, so nothing can be preloaded into it; link it dynamically or link the heap in`
    return { code: 'static-executable', message }
  }
  if (facts.setuid || facts.capabilities) {
    const what = facts.setuid ? 'set-user-id or set-group-id' : 'file capabilities'
    const message = `${path} has ${what}, so the loader ignores LD_PRELOAD for it; run a copy without them`
    return { code: 'secure-exec', message }
  }
  return null
}

/** Records that cannot be read: more are counted, not listed. */
const mostUnreadable = 5

/** The reasons of all processes, each once, with the number of processes that have it. */
function summarise(processes: ProcessVerdict[], unreadable: string[]): Reason[] {
  const counted = new Map<string, { reason: Reason; count: number }>()
  for (const reason of processes.flatMap((process) => process.reasons)) {
    const key = `${reason.code} ${reason.message}`
    const entry = counted.get(key) ?? { reason, count: 0 }
    entry.count += 1
    counted.set(key, entry)
  }
  const reasons = [...counted.values()].map(({ reason, count }) =>
    count === 1 ? reason : { ...reason, message: `${reason.message} (${count} processes)` },
  )
  const listed = unreadable.slice(0, mostUnreadable)
  const omitted = unreadable.length - listed.length
  if (omitted > 0) listed.push(`${omitted} more records cannot be read`)
  for (const message of listed) reasons.push({ code: 'witness-unreadable', message })
  return reasons
}

function heapMatcher(libraries: string[]): ((path: string) => boolean) | null {
  if (libraries.length === 0) return null
  const wanted = new Set(libraries.map(realPath))
  const seen = new Map<string, boolean>()
  return (path) => {
    const known = seen.get(path) ?? wanted.has(realPath(path))
    seen.set(path, known)
    return known
  }
}

/** The file behind a path as the loader prints it; the path itself when it is gone. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
