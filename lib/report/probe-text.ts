/** What the probe has counted in a run, on one screen: totals and rates, sizes, threads, and what was left at the end. */

import type {
  LatencyTimes,
  ProbeEntryName,
  ProbeProcess,
  ProbeReport,
  ProbeSize,
  ProbeTally,
  RunResult,
} from '../types.ts'
import { clean, wrapHanging } from './layout.ts'
import { type Signs, signsOf, type TextStyle } from './style.ts'
import { countOf, formatBytes, formatDuration, formatPercent, grouped } from './units.ts'

const label = 15
/** Rows of a list; what is beyond is counted. */
const mostRows = 8
const barWidth = 24

/** Lines to stand under a run's summary. */
export function probeLines(
  probe: ProbeReport,
  { wallNs, tree }: Pick<RunResult, 'wallNs' | 'tree'>,
  style: TextStyle,
): string[] {
  const { processes } = probe
  const line = (name: string, text: string): string[] => {
    const lines = wrapHanging(`  ${name.padEnd(label)}`, clean(text), style.width)
    return lines.map((each, index) => (index === 0 ? each.replace(name, (word) => style.palette.dim(word)) : each))
  }
  if (processes.length === 0) return line('probe', `nothing was counted${unreadable(probe)}`)
  const total = sum(processes.map((process) => process.total))
  return [
    ...line(
      'probe',
      `${probe.levels.join(', ')}, in ${countOf(processes.length, 'process', 'processes')}${unreadable(probe)}`,
    ),
    ...(probe.unrecorded.length === 0 ? [] : line('unrecorded', unrecordedText(probe))),
    ...line('allocations', allocationsText(total, wallNs)),
    ...line('calls', callsText(total)),
    ...memoryLines(processes, line, signsOf(style)),
    ...(wasteText(total) === null ? [] : line('waste', wasteText(total) ?? '')),
    ...table('requested', sizeRows(total.sizes), style),
    ...table('left', leftRows(processes), style),
    ...table('threads', threadRows(processes), style),
    ...latencyTable(probe, style),
    ...line('probe cost', costText(processes, tree.userNs + tree.sysNs, signsOf(style))),
  ]
}

const unreadable = ({ unreadable: files }: ProbeReport) =>
  files.length === 0 ? '' : `; ${countOf(files.length, 'file')} could not be read: ${files[0]}`

/** So many are named. */
const mostNamed = 4

function unrecordedText({ unrecorded, unrecordedOmitted }: ProbeReport): string {
  const all = unrecorded.length + unrecordedOmitted
  const named = unrecorded
    .slice(0, mostNamed)
    .map(({ pid, executable }) => (executable === null ? `${pid}` : `${pid} (${executable})`))
  const more = all > named.length ? ` and ${countOf(all - named.length, 'more', 'more')}` : ''
  return `nothing is known of ${countOf(all, 'process', 'processes')}: ${named.join(', ')}${more}`
}

/** All of them as one. */
function sum(tallies: readonly ProbeTally[]): ProbeTally {
  const total: ProbeTally = { entries: {}, sizes: [], requestedBytes: 0 }
  const sizes = new Map<number | null, ProbeSize>()
  for (const tally of tallies) {
    total.requestedBytes += tally.requestedBytes
    for (const [name, entry] of Object.entries(tally.entries)) {
      const key = name as keyof typeof tally.entries
      const into = total.entries[key] ?? { calls: 0, failures: 0, requestedBytes: 0 }
      total.entries[key] = into
      into.calls += entry.calls
      into.failures += entry.failures
      into.requestedBytes += entry.requestedBytes
    }
    for (const size of tally.sizes) {
      const into = sizes.get(size.upToBytes) ?? { ...size, ...noBlocks }
      for (const key of countedKeys) into[key] += size[key]
      sizes.set(size.upToBytes, into)
    }
  }
  const order = (size: ProbeSize) => size.upToBytes ?? Number.POSITIVE_INFINITY
  total.sizes = [...sizes.values()].sort((a, b) => order(a) - order(b))
  return total
}

const countedKeys = ['requests', 'givenBlocks', 'givenBytes', 'takenBlocks', 'takenBytes'] as const
const noBlocks = { requests: 0, givenBlocks: 0, givenBytes: 0, takenBlocks: 0, takenBytes: 0 }

const requestsOf = ({ sizes }: ProbeTally) => sizes.reduce((all, { requests }) => all + requests, 0)

function allocationsText(total: ProbeTally, wallNs: number): string {
  const entries = Object.values(total.entries)
  const bytes = entries.reduce((all, { requestedBytes }) => all + requestedBytes, 0)
  const failures = entries.reduce((all, entry) => all + entry.failures, 0)
  const requests = requestsOf(total)
  const rate = wallNs > 0 ? `, ${grouped(Math.round(requests / (wallNs / 1e9)))} a second` : ''
  const failed = failures === 0 ? '' : `; ${grouped(failures)} failed`
  return `${grouped(requests)} of ${formatBytes(bytes)} in all${rate}${failed}`
}

const callsText = ({ entries }: ProbeTally) =>
  (Object.entries(entries) as [ProbeEntryName, { calls: number }][])
    .sort(([, a], [, b]) => b.calls - a.calls)
    .map(([name, { calls }]) => `${shortName(name)} ${grouped(calls)}`)
    .join(', ')

const shortName = (name: ProbeEntryName) => name.replace('operator_', '').replace('_array', '[]')

/** The process with the highest peak, of those whose peak is known. */
const highestOf = (processes: readonly ProbeProcess[]): ProbeProcess | undefined =>
  processes.filter(({ peakBytes }) => peakBytes !== null).sort((a, b) => (b.peakBytes ?? 0) - (a.peakBytes ?? 0))[0]

/** Peak and rest of the process that has the highest peak, and what all together leave. */
function memoryLines(
  processes: readonly ProbeProcess[],
  line: (name: string, text: string) => string[],
  signs: Signs,
): string[] {
  const highest = highestOf(processes)
  if (highest === undefined) return netLines(processes, line, signs)
  const of = processes.length === 1 ? '' : ` in process ${highest.pid}, the one with the highest peak`
  const when = `, ${formatDuration(highest.peakAfterNs ?? 0, signs)} after its start`
  const peak = `${formatBytes(highest.peakBytes ?? 0)}${when}${of}`
  const left = `${formatBytes(highest.liveBytes ?? 0)} in ${countOf(highest.liveBlocks ?? 0, 'block')}`
  return [...line('peak live', peak), ...line('live at exit', left)]
}

/** What was given and not taken in the time in which that was counted, of processes in which it was not always. */
function netLines(
  processes: readonly ProbeProcess[],
  line: (name: string, text: string) => string[],
  signs: Signs,
): string[] {
  const known = processes.filter(({ netBytesSince }) => netBytesSince !== null)
  const [first] = known
  if (first === undefined) return []
  const bytes = known.reduce((sum, { netBytesSince }) => sum + (netBytesSince ?? 0), 0)
  const blocks = known.reduce((sum, { netBlocksSince }) => sum + (netBlocksSince ?? 0), 0)
  const sign = (value: number, text: string) => `${value < 0 ? '-' : '+'}${text}`
  const gaps = Math.max(...known.map(({ gaps }) => gaps ?? 0))
  const since =
    known.length > 1
      ? `in ${countOf(known.length, 'process', 'processes')} since live bytes were counted`
      : `since ${formatDuration(Math.max(0, first.sinceNs ?? 0), signs)} after its start, when live bytes began to be counted`
  const text = `${sign(bytes, formatBytes(Math.abs(bytes)))} in ${sign(blocks, countOf(Math.abs(blocks), 'block'))} ${since}`
  return line('net', gaps === 0 ? text : `${text}; that was off ${countOf(gaps, 'time')} in between`)
}

/** The heap's own time by entry point, most calls first. */
function latencyTable({ latency }: ProbeReport, style: TextStyle): string[] {
  if (latency === null) return []
  const signs = signsOf(style)
  const time = (ns: number) => (ns < 0.5 ? '0 ns' : formatDuration(ns < 1000 ? Math.round(ns) : ns, signs))
  const cells = (entry: ProbeEntryName, times: LatencyTimes) => [
    shortName(entry),
    grouped(times.count),
    time(times.p50Ns),
    time(times.p99Ns),
    time(times.p9999Ns),
    time(times.maxNs),
  ]
  const entries = [...latency.entries].sort((a, b) => b.count - a.count)
  const timed = latency.every === 1 ? 'timed' : `1 in ${grouped(latency.every)}`
  const rows = [
    ['', timed, 'p50', 'p99', 'p99.99', 'max'],
    ...entries.slice(0, mostRows).map(({ entry, ...times }) => cells(entry, times)),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row, index) => {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    const head = (index === 0 ? 'latency' : '').padEnd(label)
    return `  ${index === 0 ? style.palette.dim(head) : head}${padded.join('  ')}`
  })
  const more = entries.length - mostRows
  if (more > 0) lines.push(`  ${''.padEnd(label)}and ${countOf(more, 'more', 'more')}`)
  const lost = latency.lostCalls + latency.lostThreads
  return lost === 0
    ? lines
    : [
        ...lines,
        `  ${''.padEnd(label)}${grouped(latency.lostCalls)} calls and ${countOf(latency.lostThreads, 'thread')} had no room`,
      ]
}

function costText(processes: readonly ProbeProcess[], cpuNs: number, signs: Signs): string {
  const totalNs = processes.reduce((sum, { cost }) => sum + cost.totalNs, 0)
  const calls = processes.reduce((sum, { cost }) => sum + cost.calls, 0)
  const each = calls === 0 ? '' : `, ${(totalNs / calls).toFixed(1)} ns a call`
  const share = cpuNs > 0 ? `, ${formatPercent(totalNs / cpuNs)} of the CPU time` : ''
  return `about ${formatDuration(totalNs < 1000 ? Math.round(totalNs) : totalNs, signs)}${each}${share}`
}

/** How much more the heap gave than was asked for; null where that was not counted. */
function wasteText({ sizes, requestedBytes }: ProbeTally): string | null {
  const given = sizes.reduce((all, { givenBytes }) => all + givenBytes, 0)
  if (given === 0 || requestedBytes === 0) return null
  const more = given / requestedBytes - 1
  return `usable sizes are ${(more * 100).toFixed(1)} % above the requested ones`
}

interface Row {
  name: string
  value: number
  text: string
}

const sizeName = ({ upToBytes }: ProbeSize) => (upToBytes === null ? 'larger' : `up to ${formatBytes(upToBytes)}`)

function sizeRows(sizes: readonly ProbeSize[]): Row[] {
  return sizes
    .filter(({ requests }) => requests > 0)
    .sort((a, b) => b.requests - a.requests)
    .map((size) => ({ name: sizeName(size), value: size.requests, text: grouped(size.requests) }))
}

/** What the process with the highest peak has left, by size; nothing of one that took blocks over from its parent. */
function leftRows(processes: readonly ProbeProcess[]): Row[] {
  const highest = highestOf(processes)
  if (highest === undefined || highest.inherits) return []
  return highest.total.sizes
    .map((size) => ({ size, blocks: size.givenBlocks - size.takenBlocks, bytes: size.givenBytes - size.takenBytes }))
    .filter(({ blocks, bytes }) => blocks > 0 && bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ size, blocks, bytes }) => ({
      name: sizeName(size),
      value: bytes,
      text: `${formatBytes(bytes)} in ${grouped(blocks)}`,
    }))
}

function threadRows(processes: readonly ProbeProcess[]): Row[] {
  const threads = processes.flatMap(({ pid, threads: all }) => all.map((thread) => ({ pid, thread })))
  if (threads.length < 2) return []
  return threads
    .map(({ pid, thread }) => ({
      name: thread.thread === pid ? `${pid}` : `${pid}/${thread.thread}`,
      value: requestsOf(thread),
    }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
    .map(({ name, value }) => ({ name, value, text: grouped(value) }))
}

/** Rows with bars, the largest first. */
function table(title: string, rows: readonly Row[], style: TextStyle): string[] {
  const shown = rows.slice(0, mostRows)
  if (shown.length === 0) return []
  const nameWidth = Math.max(...shown.map(({ name }) => name.length))
  const textWidth = Math.max(...shown.map(({ text }) => text.length))
  const most = shown[0]?.value ?? 1
  const room = Math.max(0, Math.min(barWidth, style.width - 2 - label - nameWidth - textWidth - 4))
  const full = style.unicode ? '█' : '#'
  const lines = shown.map(({ name, value, text }, index) => {
    const bar = full.repeat(Math.max(1, Math.round((value / most) * room)))
    const head = (index === 0 ? title : '').padEnd(label)
    return `  ${index === 0 ? style.palette.dim(head) : head}${name.padEnd(nameWidth)}  ${text.padStart(textWidth)}  ${room > 0 ? bar : ''}`.trimEnd()
  })
  const more = rows.length - shown.length
  return more > 0 ? [...lines, `  ${''.padEnd(label)}and ${countOf(more, 'more', 'more')}`] : lines
}
