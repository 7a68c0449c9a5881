/**
 * Snapshots as JSON on stdout, one a line, for a reader that may be slow or go away: nothing waits for it. A pipe is
 * opened once more for that, as a descriptor that does not block would not block for the target either, which may have
 * the same one.
 */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** How long the last line may take when the reader is slow. */
const lastLineMs = 2000

/** Lines to stdout; one that comes before the one before it was taken is left out. */
export class JsonLines {
  readonly #descriptor: number
  readonly #own: boolean
  readonly #socket: Socket | null
  #rest: Buffer = Buffer.alloc(0)
  #gone = false

  constructor() {
    const stdout = fstatSync(1)
    this.#own = stdout.isFIFO()
    this.#descriptor = this.#own ? openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK) : 1
    // A socket cannot be opened once more.
    this.#socket = stdout.isSocket() ? new Socket({ fd: 1, readable: false, writable: true }) : null
    this.#socket?.on('error', () => {
      this.#gone = true
    })
  }

  /** Whether the reader has gone away. */
  get gone(): boolean {
    return this.#gone
  }

  /** Writes a value as a line, unless the reader has not taken the one before. */
  write(value: unknown): void {
    if (this.#gone) return
    if (this.#socket !== null) {
      if (!this.#socket.writableNeedDrain) this.#socket.write(`${JSON.stringify(value)}\n`)
      return
    }
    if (this.#flush()) {
      this.#rest = Buffer.from(`${JSON.stringify(value)}\n`)
      this.#flush()
    }
  }

  /** Writes what is left of the line under way and a last one, for which it waits a little. */
  async end(value: unknown): Promise<void> {
    if (this.#socket !== null) {
      if (!this.#gone)
        await new Promise<void>((done) => this.#socket?.write(`${JSON.stringify(value)}\n`, () => done()))
      return
    }
    if (value !== null) this.#rest = Buffer.concat([this.#rest, Buffer.from(`${JSON.stringify(value)}\n`)])
    const patience = performance.now() + lastLineMs
    while (!this.#flush() && !this.#gone && performance.now() < patience) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    if (this.#own) closeSync(this.#descriptor)
    this.#gone = true
  }

  /** Whether nothing is left to write. */
  #flush(): boolean {
    try {
      while (this.#rest.length > 0) this.#rest = this.#rest.subarray(writeSync(this.#descriptor, this.#rest))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#gone = true
      return false
    }
  }
}
