/** A session's samples as one profile: stacks of named frames, with estimates and their intervals. */

import type { RawSamples, RawSite } from '../binding/native.ts'
import type { SessionSamples } from '../session/samples.ts'
import { sampledSum } from '../stats/index.ts'
import type { Profile, ProfileProcess, ProfileStack, ProfileThread, Warning } from '../types.ts'
import { FrameTable, type JitNames } from './frames.ts'
import { ancestors, keptNames, nameless } from './kept-maps.ts'
import { namesFromPerfMap, perfMapFolder } from './perf-map.ts'
import type { Place, Symboliser } from './tool.ts'

/** What a profile is made of besides the samples. */
export interface ProfileInputs {
  /** The program of a process image, by its number and when it began on the monotonic clock; null: not known. */
  executableOf?: ((pid: number, startNs: bigint) => string | null) | undefined
  /** The symboliser to ask, null for none; the best of the machine unless given. */
  symboliser?: Symboliser | null | undefined
  /** Where runtimes leave their perf maps; /tmp unless given. */
  perfMaps?: string | undefined
  /** The folder of a session that was kept, with the maps that it has of its own. */
  session?: string | undefined
}

/** Makes the profile. What has no name keeps its file and address, and a warning says why. */
export async function buildProfile(samples: SessionSamples, inputs: ProfileInputs = {}): Promise<Profile> {
  const processes = samples.samples
  const table = new FrameTable()
  await table.nameAll(processes, inputs.symboliser)
  const jit = jitNames(samples, inputs.perfMaps ?? perfMapFolder, inputs.session)
  const threads: ProfileThread[] = []
  const stacks: ProfileStack[] = []
  const sampleBytes = processes.reduce((most, each) => Math.max(most, each.sampleBytes), 0)
  for (const [at, raw] of processes.entries()) {
    const first = threads.length
    for (const { thread, name } of raw.threads) threads.push({ pid: raw.pid, thread, name })
    for (const stack of stacksOf(raw, first, table, jit.names[at] ?? new Map())) stacks.push(stack)
  }
  stacks.sort((a, b) => b.allocatedBytes.value - a.allocatedBytes.value)
  const complete = stacks.reduce((all, stack) => all + (stack.complete ? stack.samples : 0), 0)
  const all = stacks.reduce((sum, { samples: count }) => sum + count, 0)
  return {
    schema: 1,
    sampleBytes,
    processes: processes.map((raw) => toProcess(raw, processes, inputs)),
    threads,
    frames: table.frames,
    stacks,
    lifetimeLimitsNs: processes[0]?.lifetimeLimitsNs ?? [],
    allocatedBytes: sumOf(stacks, 'allocatedBytes', sampleBytes),
    liveBytes: sumOf(stacks, 'liveBytes', sampleBytes),
    completeShare: all === 0 ? 0 : complete / all,
    unreadable: samples.unreadable,
    warnings: [...table.warnings, ...jit.warnings, ...lossWarnings(processes)],
  }
}

/** What one sample stands for where none was taken: nothing, where every allocation is one. */
const standsFor = (sampleBytes: number) => (sampleBytes <= 1 ? 0 : sampleBytes)

function sumOf(stacks: readonly ProfileStack[], key: 'allocatedBytes' | 'liveBytes', sampleBytes: number) {
  const value = stacks.reduce((sum, stack) => sum + stack[key].value, 0)
  const variance = stacks.reduce((sum, stack) => sum + stack[key].variance, 0)
  return sampledSum(value, variance, standsFor(sampleBytes))
}

function stacksOf(raw: RawSamples, firstThread: number, table: FrameTable, jit: JitNames): ProfileStack[] {
  const known = new Map<bigint, number[]>()
  const framesOf = (frame: bigint) => {
    const found = known.get(frame) ?? table.framesOf(raw, frame, jit)
    known.set(frame, found)
    return found
  }
  return raw.sites.map((site) => toStack(site, firstThread, [...site.frames].flatMap(framesOf), raw.sampleBytes))
}

function toStack(site: RawSite, firstThread: number, frames: number[], sampleBytes: number): ProfileStack {
  const none = standsFor(sampleBytes)
  return {
    frames,
    thread: firstThread + site.thread,
    complete: site.complete,
    samples: site.samples,
    liveSamples: site.liveSamples,
    allocatedBytes: sampledSum(site.bytes, site.bytesVariance, none),
    allocatedBlocks: site.blocks,
    liveBytes: sampledSum(site.liveBytes, site.liveBytesVariance, none),
    liveBlocks: site.liveBlocks,
    freedElsewhereBlocks: site.freedElsewhereBlocks,
    freedElsewhereBytes: site.freedElsewhereBytes,
    lifetimes: site.lifetimes,
  }
}

/** A forked child runs its parent's program, and the witness records it only where it begins another. */
function toProcess(raw: RawSamples, all: readonly RawSamples[], { executableOf }: ProfileInputs): ProfileProcess {
  const line = [raw, ...ancestors(raw, all)]
  const executable = line.map(({ pid, startNs }) => executableOf?.(pid, startNs) ?? null).find((path) => path !== null)
  const { pid, ppid, lostSamples, lostBytes } = raw
  return { pid, ppid, executable: executable ?? null, lostSamples, lostBytes }
}

/**
 * Names of code made at run time: what the session has kept, else from the process's own map, and what that lacks from
 * those of its ancestors.
 */
function jitNames(
  samples: SessionSamples,
  folder: string,
  session: string | undefined,
): { names: JitNames[]; warnings: Warning[] } {
  const warnings: Warning[] = []
  const { samples: processes, bornMs } = samples
  const names = processes.map((raw): JitNames => {
    const wanted = new Set(nameless(raw))
    const kept = wanted.size === 0 || session === undefined ? null : keptOf(raw, session, wanted, warnings)
    if (kept !== null) return kept
    const found = new Map<number, Place>()
    for (const each of wanted.size === 0 ? [] : [raw, ...ancestors(raw, processes)]) {
      try {
        for (const [address, place] of namesFromPerfMap(each.pid, wanted, bornMs, folder) ?? []) {
          found.set(address, place)
          wanted.delete(address)
        }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        warnings.push({ code: 'perf-map', message: `the perf map of process ${each.pid} is not read: ${why}` })
      }
    }
    return found
  })
  return { names, warnings }
}

function keptOf(raw: RawSamples, session: string, wanted: ReadonlySet<number>, warnings: Warning[]): JitNames | null {
  try {
    return keptNames(raw, session, wanted)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    warnings.push({ code: 'perf-map', message: `the kept names of process ${raw.pid} are not read: ${why}` })
    return null
  }
}

function lossWarnings(processes: readonly RawSamples[]): Warning[] {
  const lost = processes.reduce((sum, { lostSamples }) => sum + lostSamples, 0)
  if (lost === 0) return []
  const message = `${lost} samples were lost for want of room: take fewer, with a larger distance between them (--sample-bytes)`
  return [{ code: 'lost-samples', message }]
}
