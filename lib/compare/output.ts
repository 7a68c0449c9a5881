/**
 * Reads what a target prints while it prints it: finds the numbers that metrics ask for, and keeps the end for a
 * failure's report. A target may print gigabytes, so what is held at any time is bounded.
 */

import { StringDecoder } from 'node:string_decoder'
import { metricPattern } from './metrics.ts'
import type { CompareMetric } from './types.ts'

/** Longest line that is searched, in characters; the rest of a longer one is passed over. */
export const LINE_LIMIT = 64 * 1024
/** How much of the end of the output is kept, in bytes. */
export const TAIL_LIMIT = 64 * 1024

/** Which of the target's two outputs a chunk came from: lines of one are not cut apart by the other. */
export type OutputStream = 'stdout' | 'stderr'

/** What the output held. */
export interface MatchedOutput {
  /** By metric with a pattern: the last number that matched, or null. */
  values: Record<string, number | null>
  /** By metric: why its value is null. */
  problems: Record<string, string>
  /** The last 64 KiB of what came, as text. */
  tail: string
}

/** Lines of one stream as they come in pieces. A carriage return ends a line too: progress bars use it. */
class LineReader {
  // On bytes that are no text twice as fast as TextDecoder.
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string, cut: boolean) => void
  #line = ''
  #cut = false

  constructor(onLine: (line: string, cut: boolean) => void) {
    this.#onLine = onLine
  }

  push(chunk: Uint8Array): void {
    this.#text(this.#decoder.write(chunk))
  }

  end(): void {
    this.#text(this.#decoder.end())
    this.#flush()
  }

  #text(text: string): void {
    const pieces = text.split(/[\r\n]/)
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#flush()
      const room = LINE_LIMIT - this.#line.length
      this.#line += piece.length > room ? piece.slice(0, room) : piece
      this.#cut ||= piece.length > room
    }
  }

  #flush(): void {
    if (this.#line !== '') this.#onLine(this.#line, this.#cut)
    this.#line = ''
    this.#cut = false
  }
}

/** The last bytes of a stream of chunks. */
class Tail {
  #chunks: Uint8Array[] = []
  #bytes = 0

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice(-TAIL_LIMIT))
    this.#bytes += Math.min(chunk.length, TAIL_LIMIT)
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= TAIL_LIMIT) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0
    }
  }

  text(): string {
    const whole = new Uint8Array(this.#bytes)
    let offset = 0
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset)
      offset += chunk.length
    }
    // A character of several bytes may have lost its first ones.
    let start = Math.max(0, whole.length - TAIL_LIMIT)
    if (start > 0) while (((whole[start] ?? 0) & 0xc0) === 0x80) start++
    return new TextDecoder().decode(whole.subarray(start))
  }
}

/** Fed with a target's output in chunks of any size; at the end, `finish` says what matched. */
export class OutputMatcher {
  readonly #patterns: { name: string; regex: RegExp }[] = []
  readonly #found = new Map<string, string>()
  readonly #tail = new Tail()
  readonly #encoder = new TextEncoder()
  readonly #readers: Record<OutputStream, LineReader>

  /** Metrics that alloc8 measures itself are passed over. A wrong pattern is a METRIC error. */
  constructor(metrics: readonly CompareMetric[]) {
    for (const metric of metrics) {
      const regex = metricPattern(metric)
      if (regex !== null) this.#patterns.push({ name: metric.name, regex })
    }
    const search = (line: string, cut: boolean) => this.#search(line, cut)
    this.#readers = { stdout: new LineReader(search), stderr: new LineReader(search) }
  }

  /** Takes the next chunk of a stream. The matcher keeps no reference to it. */
  push(chunk: Uint8Array | string, stream: OutputStream = 'stdout'): void {
    const bytes = typeof chunk === 'string' ? this.#encoder.encode(chunk) : chunk
    this.#tail.push(bytes)
    if (this.#patterns.length > 0) this.#readers[stream].push(bytes)
  }

  /** Ends both streams. The last match of a metric counts; what matched must be a finite number as it stands. */
  finish(): MatchedOutput {
    this.#readers.stdout.end()
    this.#readers.stderr.end()
    const values: Record<string, number | null> = {}
    const problems: Record<string, string> = {}
    for (const { name, regex } of this.#patterns) {
      const text = this.#found.get(name)
      // Number('') is 0, which nobody printed.
      const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
      values[name] = Number.isFinite(value) ? value : null
      if (text === undefined) problems[name] = `${name}: nothing in the output matched /${regex.source}/`
      else if (!Number.isFinite(value))
        problems[name] = `${name}: /${regex.source}/ matched ${shown(text)}, not a number`
    }
    return { values, problems, tail: this.#tail.text() }
  }

  #search(line: string, cut: boolean): void {
    for (const { name, regex } of this.#patterns) {
      // matchAll makes a copy of the expression each time, for lines that match hardly ever.
      regex.lastIndex = 0
      if (!regex.test(line)) continue
      regex.lastIndex = 0
      for (const match of line.matchAll(regex)) {
        // A match up to where a long line was cut may hold half a number.
        if (cut && match.index + match[0].length === line.length) continue
        this.#found.set(name, match[1] ?? '')
      }
    }
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}
