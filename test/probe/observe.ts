/** Tests of cases under the probe: each is run without us first, and then must end the same, with a readable session. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProbeLevel, ProbeProcess, ProbeReport, RunResult } from '../../lib/types.ts'
import { requireOrSkip } from '../support/needs.ts'
import type { Observed } from '../support/run-under.ts'
import { type ProbeCase, probeCases } from './cases.ts'

/** Under which heap, at which levels. */
export interface ProbedRun {
  heap: string
  levels: readonly ProbeLevel[]
}

/** Of behaviours.c: the allocations of one thread's work, and the class that they are in. */
const work = { allocations: 50, upToBytes: 5120 }

/** Registers the tests of every case; `runsOf` says what a case is run under. */
export function observeCases(runsOf: (index: number) => readonly ProbedRun[]): void {
  const root = mkdtempSync(join(tmpdir(), 'alloc8-probe-'))
  // Other users' programs run in it.
  chmodSync(root, 0o755)
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  for (const [index, each] of probeCases.entries()) {
    describe(each.name, () => {
      const lacking = each.lacking()
      const folder = join(root, String(index))
      let expected: unknown
      beforeAll(async () => {
        if (lacking !== null) return
        mkdirSync(folder)
        await each.prepare?.(folder)
        expected = endOf(each, await each.run('default', folder, {}))
      })
      it.for(runsOf(index).map((run) => [run.levels.join(' and '), run.heap, run] as const))(
        '%s under %s',
        async ([, , { heap, levels }], { skip }) => {
          requireOrSkip(skip, lacking)
          const sampled = levels.includes('sample')
          const observed = await each.run(heap, folder, { probe: { levels, sampleBytes }, profile: sampled })
          expect(endOf(each, observed), observed.stderr).toEqual(expected)
          checkSession(each, levels, observed.result)
          if (sampled) checkProfile(each, levels, observed.result)
        },
      )
    })
  }
}

/** So that programs of some megabytes give samples enough to be held against what they have allocated. */
const sampleBytes = 32 << 10

/** What was sampled agrees with what was counted, and nearly all stacks are whole where that is promised. */
function checkProfile(each: ProbeCase, levels: readonly ProbeLevel[], { profile, probe }: RunResult): void {
  if (profile === null || probe === null) expect.fail('the run has no profile')
  expect(profile.unreadable).toEqual([])
  const samples = sum(profile.stacks.map((stack) => stack.samples))
  if (each.wholeStacks === true) {
    expect(samples).toBeGreaterThan(50)
    expect(profile.completeShare).toBeGreaterThan(0.9)
  }
  // Samples stand for usable bytes, which are counted at this level only.
  if (!levels.includes('live') || each.samplesAll === false) return
  const counted = sum(probe.processes.flatMap(({ total }) => total.sizes.map(({ givenBytes }) => givenBytes)))
  const { value, variance } = profile.allocatedBytes
  const estimate = value + sum(profile.processes.map(({ lostBytes }) => lostBytes))
  // Six standard deviations, and where there are few samples what so many of them may have missed.
  const off = Math.abs(estimate - counted)
  expect(off, `${estimate} sampled, ${counted} counted`).toBeLessThan(6 * Math.sqrt(variance) + 16 * sampleBytes)
}

function endOf({ name }: ProbeCase, { result, stdout, stderr }: Observed) {
  const { exitCode, signal, timedOut } = result
  // Of its own programs nothing is expected there; servers write times.
  return { exitCode, signal, timedOut, stdout, ...(name.startsWith('behaviours') ? { stderr } : {}) }
}

function checkSession(each: ProbeCase, levels: readonly ProbeLevel[], { probe, verdict }: RunResult): void {
  if (probe === null || probe === undefined) expect.fail('the run has no report of the probe')
  expect(probe.unreadable).toEqual([])
  if (each.processes !== undefined) expect(probe.processes).toHaveLength(each.processes)
  if (each.least !== undefined) expect(probe.processes.length).toBeGreaterThanOrEqual(each.least)
  for (const process of probe.processes) checkProcess(process, levels)
  checkFamily(probe, each.strangers ?? 0)
  const recorded = new Set(probe.processes.map(({ pid }) => pid))
  const missing = verdict.processes.filter(({ pid }) => !recorded.has(pid))
  expect(missing.length > 0).toBe(each.unrecorded === true)
  const listed = missing.map(({ pid, ppid, executable }) => ({ pid, ppid, executable }))
  expect([probe.unrecorded, probe.unrecordedOmitted]).toEqual([listed, 0])
  if (each.works !== undefined) expect(worksIn(probe)).toBe(each.works)
  const lost = probe.processes.reduce((sum, process) => sum + process.lostThreads, 0)
  expect(lost > 0).toBe(each.loses === true)
}

/** Requests of the work's size, in all processes, by the work of one thread. */
function worksIn({ processes }: ProbeReport): number {
  const sizes = processes.flatMap(({ total }) => total.sizes)
  const requests = sizes.filter(({ upToBytes }) => upToBytes === work.upToBytes).map((size) => size.requests)
  return requests.reduce((sum, one) => sum + one, 0) / work.allocations
}

/** Every forked child is linked to a process of this session, and has what was live there. */
function checkFamily({ processes }: ProbeReport, strangers: number): void {
  const pids = processes.map(({ pid }) => pid)
  const forked = processes.filter((process) => process.forked)
  for (const { ppid } of forked) expect(pids).toContain(ppid)
  expect(forked.filter(({ inherits }) => !inherits)).toHaveLength(strangers)
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

const taking = ['free', 'free_sized', 'operator_delete', 'operator_delete_array']

/** What is counted agrees with itself; a program that was killed may be in the middle of one call a thread. */
function checkProcess(process: ProbeProcess, levels: readonly ProbeLevel[]): void {
  const { total, threads, forked } = process
  expect(process.levels).toEqual(['counts', ...levels.filter((level) => level !== 'counts')])
  const entries = Object.entries(total.entries)
  const calls = sum(entries.filter(([name]) => !taking.includes(name)).map(([, entry]) => entry.calls))
  const failures = sum(entries.map(([, entry]) => entry.failures))
  const requests = sum(total.sizes.map((size) => size.requests))
  expect(requests).toBeLessThanOrEqual(calls - failures)
  expect(calls - failures - requests).toBeLessThanOrEqual(threads.length)
  if (!forked) expect(calls).toBeGreaterThan(0)
  expect(process.threadsSeen).toBeGreaterThanOrEqual(threads.length)
  for (const [name, entry] of entries) {
    const inThreads = sum(threads.map((thread) => thread.entries[name as keyof typeof thread.entries]?.calls ?? 0))
    expect(inThreads).toBeLessThanOrEqual(entry.calls)
  }
  checkTimes(process, levels)
  if (!levels.includes('live') || (forked && !process.inherits)) {
    expect(process.liveBytes).toBeNull()
    return
  }
  expect(process.liveBlocks).toBeGreaterThanOrEqual(0)
  expect(process.peakBytes).toBeGreaterThanOrEqual(process.liveBytes ?? Number.NaN)
  expect(sum(total.sizes.map((size) => size.givenBytes))).toBeGreaterThanOrEqual(total.requestedBytes)
}

/** Each allocation is timed once, but those for which there was no room, and one a thread that was in the midst of it. */
function checkTimes({ latency, total, threads, lostThreads }: ProbeProcess, levels: readonly ProbeLevel[]): void {
  if (!levels.includes('latency')) {
    expect(latency).toBeNull()
    return
  }
  if (latency === null) return
  const lost = latency.lostCalls + (latency.lostThreads + lostThreads > 0 ? Number.POSITIVE_INFINITY : 0)
  for (const { entry, count, p50Ns, p99Ns, maxNs } of latency.entries) {
    const calls = total.entries[entry]?.calls ?? 0
    expect(count, entry).toBeLessThanOrEqual(calls + threads.length)
    if (!taking.includes(entry)) expect(calls - count, entry).toBeLessThanOrEqual(threads.length + lost)
    expect(p50Ns).toBeLessThanOrEqual(p99Ns)
    expect(p99Ns).toBeLessThanOrEqual(maxNs)
  }
}
