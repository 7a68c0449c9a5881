/**
 * Our end of a pipe that carries a target's output. The pipe is made by the launcher and opened through /proc: Node
 * itself makes socket pairs only, and a target whose stdout is a socket cannot open /dev/stdout.
 */

import { constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { Alloc8Error } from '../errors.ts'

/** Reads a pipe to its end, chunk by chunk, into a callback. */
export class OutputPipe {
  readonly #socket: Socket
  readonly #sink: (chunk: Buffer) => void
  readonly #onError: (error: unknown) => void
  readonly #closed: Promise<void>
  #failed = false

  /**
   * Opens the pipe at `path`. What the callback throws goes to `onError`, once; later chunks are dropped, so that the
   * target does not block on a full pipe. Throws LAUNCH when the pipe cannot be opened.
   */
  constructor(path: string, sink: (chunk: Buffer) => void, onError: (error: unknown) => void) {
    this.#sink = sink
    this.#onError = onError
    let fd: number
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (cause) {
      throw new Alloc8Error('LAUNCH', `cannot open the target's output, ${path}`, {
        hint: 'capturing output needs /proc of this pid namespace to be mounted',
        cause,
      })
    }
    this.#socket = new Socket({ fd, readable: true, writable: false })
    this.#socket.on('data', (chunk) => this.#deliver(chunk))
    this.#socket.on('error', this.#onError)
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
  }

  /**
   * Resolves when every writer has closed the pipe, or after `patienceMs` when a process that outlived the target
   * keeps it open. What the target wrote before it ended has been delivered either way.
   */
  async finish(patienceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#giveUp(), patienceMs)
    await this.#closed
    clearTimeout(timer)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /**
   * Timers come first in a turn of the event loop, and slow callbacks make them late. What a pipe holds is at most
   * 1 MiB, and Node reads twice as much in one turn: after the reads of this turn, what the target wrote is here.
   */
  #giveUp(): void {
    setImmediate(() => this.#socket.destroy())
  }

  #deliver(chunk: Buffer): void {
    if (this.#failed) return
    try {
      this.#sink(chunk)
    } catch (error) {
      this.#failed = true
      this.#onError(error)
    }
  }
}
