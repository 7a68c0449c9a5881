/**
 * What a server or its load prints, while it prints it: the lines for who waits for one, and the end for a failure's
 * report. A server may print for ever, so what is held is bounded.
 */

import { StringDecoder } from 'node:string_decoder'

/** How much of the end is kept, in bytes. */
export const tailLimit = 64 * 1024
const lineLimit = 64 * 1024

type Stream = 'stdout' | 'stderr'

/** Takes both streams of one program. */
export class ProgramOutput {
  #chunks: Buffer[] = []
  #bytes = 0
  #onLine: ((line: string) => void) | null = null
  readonly #streams: Record<Stream, { decoder: StringDecoder; line: string }> = {
    stdout: { decoder: new StringDecoder('utf8'), line: '' },
    stderr: { decoder: new StringDecoder('utf8'), line: '' },
  }

  push(chunk: Buffer, stream: Stream): void {
    this.#keep(chunk)
    if (this.#onLine === null) return
    const state = this.#streams[stream]
    const [first = '', ...rest] = state.decoder.write(chunk).split(/[\r\n]/)
    const lines = [state.line + first, ...rest]
    state.line = (lines.pop() ?? '').slice(0, lineLimit)
    for (const line of lines) this.#onLine?.(line)
    // A prompt without an end of line counts, too.
    if (state.line !== '') this.#onLine?.(state.line)
  }

  /** Calls `listener` for each line, and for what there is of one that has not ended; null ends it. */
  listen(listener: ((line: string) => void) | null): void {
    this.#onLine = listener
  }

  /** The last 64 KiB. */
  tail(): string {
    const whole = Buffer.concat(this.#chunks).subarray(-tailLimit)
    // A character of several bytes may have lost its first ones.
    let start = 0
    if (whole.length === tailLimit) while (((whole[start] ?? 0) & 0xc0) === 0x80) start++
    return whole.toString('utf8', start)
  }

  /** The chunk's own memory is the reader's again afterwards. */
  #keep(chunk: Buffer): void {
    const kept = Buffer.from(chunk.subarray(-tailLimit))
    this.#chunks.push(kept)
    this.#bytes += kept.length
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= tailLimit) this.#bytes -= this.#chunks.shift()?.length ?? 0
  }
}
