/**
 * Resident memory over time: reads it at intervals, keeps a bounded number of points for a picture, and the mean and
 * the peak of all that was read. How long the readings took is counted, because they are taken on the machine that is
 * being measured.
 */

import type { SamplingCost } from './types.ts'

/** More points than this are thinned to half: a picture is not wider. */
export const mostPoints = 1000

const usualIntervalMs = 50

/** A machine with very many processes takes long to look at: for so many times as long it is left alone then. */
const leastRest = 50

type Point = [ms: number, rssBytes: number]

/** A series that keeps its shape at any length: of neighbours the larger stays, so that no peak is lost. */
export class ThinnedSeries {
  #points: Point[] = []
  #open: Point | null = null
  #inOpen = 0
  #perPoint = 1

  add(ms: number, value: number): void {
    this.#open = larger(this.#open, [ms, value])
    if (++this.#inOpen < this.#perPoint) return
    this.#points.push(this.#open)
    this.#open = null
    this.#inOpen = 0
    if (this.#points.length < mostPoints) return
    const pairs = Array.from({ length: mostPoints / 2 }, (_, index) => this.#points.slice(index * 2, index * 2 + 2))
    this.#points = pairs.flatMap(([first, second]) => (second ? [larger(first ?? null, second)] : []))
    this.#perPoint *= 2
  }

  points(): Point[] {
    return this.#open === null ? [...this.#points] : [...this.#points, this.#open]
  }
}

function larger(one: Point | null, other: Point): Point {
  return one !== null && one[1] >= other[1] ? one : other
}

/** The mean over time between two moments, each value standing until halfway to its neighbours. */
export class TimedMean {
  #area = 0
  #from: number | null = null
  #last: Point | null = null

  add(ms: number, value: number): void {
    this.#from ??= ms
    if (this.#last !== null) this.#area += ((value + this.#last[1]) / 2) * (ms - this.#last[0])
    this.#last = [ms, value]
  }

  value(): number | null {
    if (this.#last === null || this.#from === null) return null
    const span = this.#last[0] - this.#from
    return span > 0 ? this.#area / span : this.#last[1]
  }
}

/** Reads memory at intervals, from `start` to `stop`. */
export class MemorySampler {
  readonly #read: () => number | null
  readonly #started: number
  readonly #intervalMs: number
  readonly #series = new ThinnedSeries()
  #load: TimedMean | null = null
  #mean: number | null = null
  #peak: number | null = null
  #timer: NodeJS.Timeout | null = null
  #samples = 0
  #totalMs = 0
  #endedMs: number | null = null

  /** `started` is the time that the points count from, by `performance.now()`. */
  constructor(read: () => number | null, started: number, intervalMs: number = usualIntervalMs) {
    this.#read = read
    this.#started = started
    this.#intervalMs = intervalMs
  }

  start(): void {
    this.#schedule(this.#intervalMs)
  }

  /** Reads now, which is `ms` after the start; the value, null where there is nothing to read. */
  sample(ms: number = this.#now()): number | null {
    // CPU time: on a busy machine a reading may wait for long, which is no cost to anybody.
    const before = process.cpuUsage()
    const value = this.#read()
    const { user, system } = process.cpuUsage(before)
    this.#samples++
    this.#totalMs += (user + system) / 1000
    if (value === null) return null
    this.#series.add(ms, value)
    this.#load?.add(ms, value)
    this.#peak = Math.max(this.#peak ?? 0, value)
    return value
  }

  /** Marks the load's begin, with a reading. Returns the time since the start. */
  beginLoad(): number {
    const now = this.#now()
    this.#load = new TimedMean()
    this.sample(now)
    return now
  }

  /** Marks its end. */
  endLoad(): number {
    const now = this.#now()
    this.sample(now)
    this.#mean = this.#load?.value() ?? null
    this.#load = null
    return now
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#endedMs ??= this.#now()
  }

  /** Over the load; null where it was not ended. */
  get mean(): number | null {
    return this.#mean
  }

  get peak(): number | null {
    return this.#peak
  }

  points(): Point[] {
    return this.#series.points()
  }

  cost(): SamplingCost {
    const span = this.#endedMs ?? this.#now()
    return { samples: this.#samples, totalMs: this.#totalMs, share: span > 0 ? this.#totalMs / span : 0 }
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const before = this.#totalMs
      this.sample()
      this.#schedule(Math.max(this.#intervalMs, (this.#totalMs - before) * leastRest))
    }, delayMs)
  }

  #now(): number {
    return Math.round((performance.now() - this.#started) * 10) / 10
  }
}
