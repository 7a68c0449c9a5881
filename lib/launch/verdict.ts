/**
 * The verdict on a run: whether the requested heap was in effect in every process that was witnessed, and if not, why.
 * It joins what the witness wrote with a look at the executables, because where the witness could not be loaded
 * (static, secure-exec, another ELF class) its silence has a reason that can be named.
 */

import { realpathSync } from 'node:fs'
import { type Journal, journalFlags, type WitnessRecord } from '../binding/native.ts'
import type { ProcessVerdict, Reason, ReasonCode, Verdict, VerdictState } from '../types.ts'
import { type ImageFinding, judgeImage } from './bindings.ts'
import { listImages, type ProcessImage } from './images.ts'
import { reasonFor } from './reasons.ts'
import { type LibraryLooks, Suspicions } from './suspicions.ts'

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
  /** Its bits say so, whoever starts it. */
  hasSetId?: boolean
  capabilities: boolean
  /** How it is seen that the executable defines malloc itself, or null. */
  definesMalloc: string | null
  sanitizer: string | null
}

/** What a verdict is made of. */
export interface VerdictInput extends LibraryLooks {
  /** The libraries of the requested heap; empty for `default`. */
  heapLibraries: string[]
  /** The bits of the heap's library and of this machine. */
  heapBits: 32 | 64
  rootPid: number
  /** How the target exited; null for a signal. The loader exits with 127 when it cannot load what it must. */
  rootExitCode: number | null
  target: ExecutableFacts
  records: WitnessRecord[]
  journals: Journal[]
  unreadable: string[]
  /** The session folder is not where it was made any more. */
  sessionRemoved: boolean
  /** The real path of the shell that `system` and `popen` start. */
  shell: string
  /** What /etc/ld.so.preload names. */
  preloadedByFile: readonly string[]
  /** Looks at the executable of another process of the run; null when it cannot be read. */
  inspect(path: string): ExecutableFacts | null
}

/** Whether a library is the requested heap; null where none was requested. */
type IsHeap = ((path: string) => boolean) | null

/** ld.so's exit status (glibc, elf/rtld.c and elf/dl-error-skeleton.c). */
const loaderFailure = 127

const rank: Record<VerdictState, number> = { active: 0, partial: 1, inactive: 2 }

/** Says whether the heap was in effect: the worst state of all processes, with each process's own. */
export function judge(input: VerdictInput): Verdict {
  const isHeap = heapMatcher(input.heapLibraries)
  const processes = judgeProcesses(input, isHeap)
  const rootSeen = input.records.some((record) => record.pid === input.rootPid)
  if (!rootSeen) processes.unshift(unwitnessedRoot(input))
  // A record that cannot be read is a process of which nothing is known.
  const unknown = [...unreadableReasons(input.unreadable), ...lostReasons(input.journals)]
  const least: VerdictState = isHeap !== null && unknown.length > 0 ? 'partial' : 'active'
  const state = processes.reduce<VerdictState>((worst, { state }) => (rank[state] > rank[worst] ? state : worst), least)
  return { state, reasons: [...summarise(processes), ...unknown], processes }
}

function judgeProcesses(input: VerdictInput, isHeap: IsHeap): ProcessVerdict[] {
  const outOfReach = reachTest(input)
  const suspicions = isHeap === null ? null : new Suspicions(input, isHeap)
  const images = listImages(input.records, input.journals, input.shell, (path) => outOfReach(path) !== null)
  return images.map((image) => {
    const { pid, ppid, executable, record } = image
    const finding =
      record === null ? judgeUnseen(input, image, outOfReach) : judgeSeen(input, image, record, isHeap, suspicions)
    return { pid, ppid, executable, ...finding }
  })
}

/** The programs that were started and left no record, of which the probe may know more. */
export function unseenPrograms(input: VerdictInput): Pick<ProcessImage, 'pid' | 'ppid' | 'executable' | 'timeNs'>[] {
  const outOfReach = reachTest(input)
  const images = listImages(input.records, input.journals, input.shell, (path) => outOfReach(path) !== null)
  return images.filter(({ record, pid }) => record === null && pid !== 0)
}

/** An image by its bindings, and by what its executable shows of an allocator inside. */
function judgeSeen(
  input: VerdictInput,
  image: ProcessImage,
  record: WitnessRecord,
  isHeap: IsHeap,
  suspicions: Suspicions | null,
): ImageFinding {
  const found = judgeImage(record, isHeap, image.late, input.preloadedByFile)
  if (suspicions === null) return found
  const { executable } = record
  const facts = executable === input.target.path ? input.target : input.inspect(executable)
  const named = found.reasons.some((reason) => reason.code === 'own-malloc')
  if (facts?.definesMalloc != null && !named) {
    const message = `${executable} has a malloc of its own (${facts.definesMalloc})`
    return { ...found, state: 'inactive', reasons: [reasonFor('own-malloc', message)] }
  }
  const reasons = [...found.reasons, ...suspicions.of(image, record, named), ...loadReasons(image)]
  const doubt = reasons.some(({ code }) => code === 'suspected' || code === 'own-namespace' || code === 'deep-bind')
  const state = found.state === 'active' && doubt ? 'partial' : found.state
  if (record.audited) reasons.push(reasonFor('audited', auditText(executable)))
  return { ...found, state, reasons }
}

/** Libraries that were asked for before the process was killed, and at which nobody could look. */
function loadReasons({ unseenLoads }: ProcessImage): Reason[] {
  return unseenLoads.map(({ text, flags }) => {
    if ((flags & journalFlags.ownNamespace) !== 0) {
      return reasonFor('own-namespace', `${text} was asked for by dlmopen, into a namespace of its own`)
    }
    if ((flags & journalFlags.deepBound) !== 0) {
      return reasonFor('deep-bind', `${text} was opened with RTLD_DEEPBIND, so that its own malloc is libc's`)
    }
    return reasonFor('late-unseen', `${text} was opened late, and the process ended before it could be looked at`)
  })
}

function auditText(executable: string): string {
  return `LD_AUDIT is set for ${executable}: an auditor has libc's malloc for itself, and may send any call elsewhere`
}

/** A program that was started and left no record: why, and whether the heap can be in it all the same. */
function judgeUnseen(input: VerdictInput, { executable, start }: ProcessImage, outOfReach: ReachTest): ImageFinding {
  const reason = unseenReason(input, executable, start?.flags ?? 0, outOfReach)
  return { state: unseenState(input, reason), reasons: [reason], bindings: {} }
}

/** Reasons why a program left no record that tell nothing of its heap. */
const silent: ReadonlySet<ReasonCode> = new Set(['session-dropped', 'not-witnessed', 'other-root'])

function unseenState({ heapLibraries }: VerdictInput, { code }: Reason): VerdictState {
  return heapLibraries.length === 0 ? 'active' : silent.has(code) ? 'partial' : 'inactive'
}

function unseenReason(input: VerdictInput, path: string, flags: number, outOfReach: ReachTest): Reason {
  const has = (flag: number) => (flags & flag) !== 0
  const isOtherRoot = has(journalFlags.otherRoot)
  // Inside another root folder the path means another file than here.
  const kept = isOtherRoot ? null : outOfReach(path)
  if (kept !== null) return kept
  if (!has(journalFlags.preloadKept)) {
    const how = has(journalFlags.preloadPresent) ? 'with another LD_PRELOAD' : 'without LD_PRELOAD'
    return reasonFor('preload-dropped', `${path} was started ${how}`)
  }
  if (isOtherRoot) {
    const message = `${path} was started inside another root folder, where it could not be seen`
    return reasonFor('other-root', message)
  }
  if (!has(journalFlags.sessionKept)) {
    return reasonFor('session-dropped', `${path} was started with LD_PRELOAD, but without ALLOC8_SESSION`)
  }
  if (has(journalFlags.otherUser)) {
    if (input.inspect(path)?.hasSetId) return reasonFor('secure-exec', `${path} is set-user-id or set-group-id`)
    return reasonFor('not-witnessed', `${path} was started as another user, who cannot write to the session folder`)
  }
  return reasonFor('not-witnessed', `${path} was started with the heap preloaded and left no record`)
}

/** Why nothing can be preloaded into a program, or null. */
type ReachTest = (path: string) => Reason | null

function reachTest(input: VerdictInput): ReachTest {
  const known = new Map<string, Reason | null>()
  return (path) => {
    const before = known.get(path)
    if (before !== undefined) return before
    const facts = input.inspect(path)
    const reason = facts === null ? null : staticReason(facts, input.heapBits)
    known.set(path, reason)
    return reason
  }
}

/** Why the target itself left no record. */
function unwitnessedRoot(input: VerdictInput): ProcessVerdict {
  const { target, rootPid: pid } = input
  const reason = staticReason(target, input.heapBits) ?? unexplained(input)
  const state = unseenState(input, reason)
  return { pid, ppid: process.pid, executable: target.path, state, reasons: [reason], bindings: {} }
}

/** The witness speaks before main does: either the loader gave up, or something else took the target's voice. */
function unexplained({ target: { path }, heapLibraries, rootExitCode, sessionRemoved }: VerdictInput): Reason {
  if (sessionRemoved) {
    const message = `the session folder was removed while ${path} ran, with what was recorded of it and its children`
    return reasonFor('not-witnessed', message)
  }
  if (heapLibraries.length > 0 && rootExitCode === loaderFailure) {
    const message = `the loader gave up before ${path} began: the heap's library or one that it needs cannot be loaded`
    return reasonFor('library-not-loaded', message)
  }
  const message = `${path} left no record: it ended before its libraries were ready, or could not write one`
  return reasonFor('not-witnessed', message)
}

/** What about the executable keeps every preloaded library out, or null when nothing does. */
export function staticReason(facts: ExecutableFacts, heapBits: 32 | 64): Reason | null {
  const { path } = facts
  if (!facts.isElf) {
    return reasonFor('not-an-elf', `${path} is not an ELF file`)
  }
  if (facts.bits !== null && facts.bits !== heapBits) {
    return reasonFor('wrong-elf-class', `${path} is a ${facts.bits}-bit program and the heap a ${heapBits}-bit library`)
  }
  if (/\/ld-musl-[^/]*$/.test(facts.interpreter ?? '')) {
    return reasonFor('other-libc', `${path} is linked to musl`)
  }
  if (facts.sanitizer !== null) {
    return reasonFor('sanitizer', `${path} is built with the ${facts.sanitizer} sanitizer`)
  }
  if (facts.isStatic) {
    return reasonFor('static-executable', `${path} is linked statically`)
  }
  if (facts.setuid || facts.capabilities) {
    const what = facts.setuid ? 'set-user-id or set-group-id' : 'file capabilities'
    return reasonFor('secure-exec', `${path} has ${what}`)
  }
  return null
}

/** The reasons of all processes, each once, with the number of processes that have it. */
function summarise(processes: ProcessVerdict[]): Reason[] {
  const counted = new Map<string, { reason: Reason; count: number }>()
  for (const reason of processes.flatMap((process) => process.reasons)) {
    const key = `${reason.code} ${reason.message}`
    const entry = counted.get(key) ?? { reason, count: 0 }
    entry.count += 1
    counted.set(key, entry)
  }
  return [...counted.values()].map(({ reason, count }) =>
    count === 1 ? reason : { ...reason, message: `${reason.message} (${count} processes)` },
  )
}

/** Records that cannot be read: more are counted, not listed. */
const mostUnreadable = 5

function unreadableReasons(unreadable: string[]): Reason[] {
  const listed = unreadable.slice(0, mostUnreadable)
  const omitted = unreadable.length - listed.length
  if (omitted > 0) listed.push(`${omitted} more records cannot be read`)
  return listed.map((message) => reasonFor('witness-unreadable', message))
}

function lostReasons(journals: Journal[]): Reason[] {
  const lost = journals.reduce((sum, { lostEntries }) => sum + lostEntries, 0)
  if (lost === 0) return []
  const message = `${lost} things that processes did are not recorded: a journal holds 4 MiB for each process image`
  return [reasonFor('journal-full', message)]
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
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
