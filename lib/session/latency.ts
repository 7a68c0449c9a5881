/**
 * How long calls to a heap took: histograms of a process, which can be joined, of which an earlier reading can be taken
 * off (for a view of what went on between two), and which say how long all but one in so many calls took.
 */

import { addon, type RawLatency } from '../binding/native.ts'
import type { LatencyTimes, ProbeEntryName, ProbeLatency, ProbeLatencyRow } from '../types.ts'
import { isFreeing } from './entries.ts'
import { readUpTo, withFile } from './files.ts'

const firstBytes = 4096

/** More than any probe writes. */
const largestBytes = 128 << 20

/** Two processes of one machine measure its clock a little differently; further apart they are other clocks. */
const sameClock = 0.01

/** Times in buckets: those of native/record/latency_format.h, eight to a doubling. */
export interface LatencyHistogram {
  nsPerTick: number
  /** Calls by bucket. */
  counts: Float64Array
  sumTicks: number
  /** The longest call, exactly; of a difference, where the longest is not known, the upper end of its bucket. */
  maxTicks: number
}

/** The smallest number of ticks that a bucket has; of the one behind the last, where it ends. */
export const latencyBucketLow = (bucket: number): number =>
  bucket < 8 ? bucket : (8 + (bucket % 8)) * 2 ** (Math.floor(bucket / 8) - 1)

const bucketOf = (ticks: number): number => {
  if (ticks < 8) return Math.floor(ticks)
  const top = Math.floor(Math.log2(ticks))
  // Where the logarithm was rounded up.
  const exact = 2 ** top > ticks ? top - 1 : top
  return (exact - 2) * 8 + (Math.floor(ticks / 2 ** (exact - 3)) % 8)
}

/** The middle of what a bucket has. */
const middleOf = (bucket: number): number =>
  bucket < 8 ? bucket : (latencyBucketLow(bucket) + latencyBucketLow(bucket + 1) - 1) / 2

export const latencyCount = ({ counts }: LatencyHistogram): number => counts.reduce((sum, count) => sum + count, 0)

/** Two histograms as one, in the first's ticks. */
export function mergeLatency(a: LatencyHistogram, b: LatencyHistogram): LatencyHistogram {
  const scale = b.nsPerTick / a.nsPerTick
  const counts = Float64Array.from(a.counts)
  for (const [bucket, count] of b.counts.entries()) {
    if (count === 0) continue
    const scaled = Math.abs(scale - 1) <= sameClock ? bucket : bucketOf(middleOf(bucket) * scale)
    const into = Math.min(scaled, counts.length - 1)
    counts[into] = (counts[into] ?? 0) + count
  }
  return {
    nsPerTick: a.nsPerTick,
    counts,
    sumTicks: a.sumTicks + b.sumTicks * scale,
    maxTicks: Math.max(a.maxTicks, b.maxTicks * scale),
  }
}

/** What came between two readings of one process. */
export function subtractLatency(later: LatencyHistogram, earlier: LatencyHistogram): LatencyHistogram {
  const counts = later.counts.map((count, bucket) => Math.max(0, count - (earlier.counts[bucket] ?? 0)))
  const highest = counts.findLastIndex((count) => count > 0)
  // A new longest call came in between; an old one may have come before.
  const known = later.maxTicks > earlier.maxTicks
  const end = highest < 0 ? 0 : Math.max(0, latencyBucketLow(highest + 1) - 1)
  return {
    nsPerTick: later.nsPerTick,
    counts,
    sumTicks: Math.max(0, later.sumTicks - earlier.sumTicks),
    maxTicks: known ? later.maxTicks : Math.min(end, later.maxTicks),
  }
}

/**
 * How long a share of the calls took at most, in nanoseconds: the middle of the bucket in which that call is, so that it
 * is 6 % off at most, and exact where it is the longest of all. Null where there are no calls.
 */
export function latencyPercentile(histogram: LatencyHistogram, share: number): number | null {
  const { counts, maxTicks, nsPerTick } = histogram
  const count = latencyCount(histogram)
  if (count === 0) return null
  const rank = Math.min(count, Math.max(1, Math.ceil(share * count - 1e-9)))
  if (rank === count) return maxTicks * nsPerTick
  let seen = 0
  const bucket = counts.findIndex((each) => {
    seen += each
    return seen >= rank
  })
  return Math.min(middleOf(bucket), maxTicks) * nsPerTick
}

/**
 * Reads one process's file of latencies.
 * @throws an Error that says what is wrong with it, and at which offset
 */
export function readLatency(file: string): RawLatency {
  return withFile(file, largestBytes, (fd, bytes) => {
    // What the file says of its length is the target's word.
    const used = Math.min(addon().latencyBytesInUse(readUpTo(fd, firstBytes)), bytes)
    return addon().parseLatency(readUpTo(fd, used))
  })
}

/** One process's histograms by entry point and size group, or those of several as one; null of none. */
export function toLatency(files: readonly RawLatency[]): ProbeLatency | null {
  const [first] = files
  if (first === undefined) return null
  const sizes = new Map<string, { row: RowKey; histogram: LatencyHistogram }>()
  const entries = new Map<ProbeEntryName, LatencyHistogram>()
  for (const { nsPerTick, histograms } of files) {
    for (const { entry, upToBytes, bySize, ...rest } of histograms) {
      const histogram = { nsPerTick, ...rest }
      const key = `${entry} ${upToBytes} ${bySize}`
      const known = sizes.get(key)?.histogram
      const row = { entry, upToBytes, bySize }
      sizes.set(key, { row, histogram: known ? mergeLatency(known, histogram) : histogram })
      const all = entries.get(entry)
      entries.set(entry, all ? mergeLatency(all, histogram) : histogram)
    }
  }
  const rows = [...sizes.values()].map(({ row, histogram }): ProbeLatencyRow => ({ ...row, ...timesOf(histogram) }))
  const together = (freeing: boolean): LatencyTimes | null => {
    const [some, ...others] = [...entries].flatMap(([name, each]) => (isFreeing(name) === freeing ? [each] : []))
    return some === undefined ? null : timesOf(others.reduce(mergeLatency, some))
  }
  return {
    every: first.every,
    lostCalls: files.reduce((sum, { lostCalls }) => sum + lostCalls, 0),
    lostThreads: files.reduce((sum, { lostThreads }) => sum + lostThreads, 0),
    entries: [...entries].map(([entry, histogram]) => ({ entry, ...timesOf(histogram) })),
    allocating: together(false),
    freeing: together(true),
    sizes: rows.sort((a, b) => a.entry.localeCompare(b.entry) || orderOf(a) - orderOf(b)),
  }
}

/** The times of all calls of some processes, whatever their entry point; null where none was timed. */
export function allTimesOf(files: readonly RawLatency[]): LatencyTimes | null {
  const all = files.flatMap(({ nsPerTick, histograms }) =>
    histograms.map(({ entry: _, upToBytes: __, bySize: ___, ...rest }): LatencyHistogram => ({ nsPerTick, ...rest })),
  )
  const [first, ...others] = all
  return first === undefined ? null : timesOf(others.reduce(mergeLatency, first))
}

type RowKey = Pick<ProbeLatencyRow, 'entry' | 'upToBytes' | 'bySize'>

const orderOf = ({ upToBytes, bySize }: RowKey) => (bySize ? (upToBytes ?? Number.MAX_VALUE) : Number.POSITIVE_INFINITY)

function timesOf(histogram: LatencyHistogram): LatencyTimes {
  const at = (share: number) => latencyPercentile(histogram, share) ?? 0
  const count = latencyCount(histogram)
  return {
    count,
    meanNs: count === 0 ? 0 : (histogram.sumTicks / count) * histogram.nsPerTick,
    p50Ns: at(0.5),
    p90Ns: at(0.9),
    p99Ns: at(0.99),
    p999Ns: at(0.999),
    p9999Ns: at(0.9999),
    maxNs: at(1),
  }
}
