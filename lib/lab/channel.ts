/**
 * The connections of one puppet: every thread of it, and of its forks, opens one to a socket in a folder of our own and
 * says by a token which it is. A line sends lists of commands and gives their results in order.
 */

import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import { createSession, type Session } from '../session/folder.ts'
import { sessionPlace } from '../session/place.ts'
import {
  type Command,
  decodeMessage,
  encodeRequest,
  type Hello,
  type LastWords,
  layout,
  meetings,
  messageBytes,
  PROTOCOL_VERSION,
  type RawResults,
  type RequestOptions,
} from './protocol.ts'

/** A socket's path may have so many bytes, of which a folder of ours takes up to so many. */
const longestPath = 107
const ownBytes = 48

/** What a line tells of besides results. */
export interface LineEvents {
  /** The process is about to die; it waits until what is returned is done, and hears nothing more. */
  onDied(words: LastWords, commands: readonly Command[]): Promise<void>
  /** The thread has gone, with or without last words. */
  onClosed(): void
}

interface Waiting {
  commands: readonly Command[]
  done(results: RawResults): void
  fail(error: unknown): void
}

/** One thread's connection. */
export class Line {
  closed = false
  #events: LineEvents | null = null
  /** Last words that came together with the first, before anybody listened. */
  #early: LastWords | null = null
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #sequence = 0
  #parts: Buffer[] = []
  #have = 0
  #need = 0
  #onHello: ((hello: Hello) => void) | null

  constructor(socket: Socket, onHello: (hello: Hello) => void) {
    this.#socket = socket
    this.#onHello = onHello
    socket.on('data', (chunk) => this.#take(chunk))
    // What was lost is told by the close that follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#events?.onClosed()
    })
  }

  /** Who is told from now on, and of what has come before once the caller is done. */
  listen(events: LineEvents): void {
    this.#events = events
    queueMicrotask(() => {
      if (this.#early !== null) this.#die(this.#early, [])
      else if (this.closed) events.onClosed()
    })
  }

  /** Sends a list. The promise settles with its results, or when `fail` is called. */
  send(commands: readonly Command[], options: Omit<RequestOptions, 'sequence'>): Promise<RawResults> {
    const sequence = ++this.#sequence
    const bytes = encodeRequest(commands, { ...options, sequence })
    return new Promise((done, fail) => {
      this.#waiting.set(sequence, { commands, done, fail })
      this.#socket.write(bytes)
    })
  }

  /** How many lists are under way. */
  get pending(): number {
    return this.#waiting.size
  }

  /** Ends all that is waited for. */
  fail(error: unknown): void {
    for (const { fail } of this.#waiting.values()) fail(error)
    this.#waiting.clear()
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#have += chunk.length
    while (this.#have >= this.#need) {
      const buffer = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts)
      this.#parts = [buffer]
      const bytes = messageBytes(buffer)
      this.#need = bytes ?? 32
      if (bytes === null || buffer.length < bytes) return
      this.#parts = [buffer.subarray(bytes)]
      this.#have -= bytes
      this.#need = 32
      if (!this.#hear(buffer.subarray(0, bytes))) return
      if (this.#have === 0) return
    }
  }

  #die(words: LastWords, commands: readonly Command[]): void {
    if (this.#events === null) this.#early = words
    else void this.#events.onDied(words, commands).finally(() => this.#socket.end())
  }

  /** False where the line is of no use any more. */
  #hear(bytes: Buffer): boolean {
    try {
      const message = decodeMessage(bytes)
      if (message.kind === 'hello') {
        this.#onHello?.(message.hello)
        this.#onHello = null
      } else if (message.kind === 'done') {
        this.#waiting.get(message.sequence)?.done(message.results)
        this.#waiting.delete(message.sequence)
      } else {
        const commands = this.#waiting.get(message.sequence)?.commands ?? []
        this.#die(message.words, commands)
      }
      return true
    } catch (error) {
      this.fail(error)
      this.close()
      return false
    }
  }
}

/** A line with what its thread said first. */
export interface Arrival {
  line: Line
  hello: Hello
}

/** Where the threads of one puppet connect. */
export class Channel {
  readonly path: string
  /**
   * Where threads meet (protocol.h). All of it is on the disk from the beginning: a page that finds no room ends whoever
   * writes to it.
   */
  readonly meetings: string
  readonly #folder: Session
  readonly #server: Server
  readonly #expected = new Map<bigint, (arrival: Arrival) => void>()
  readonly #lines = new Set<Line>()
  #tokens = 0n
  #closed = false
  /** In a folder as sessions have: where this process is killed, the next one sweeps it up. */
  private constructor(folder: Session) {
    this.#folder = folder
    this.path = join(folder.directory, 's')
    this.meetings = join(folder.directory, 'm')
    writeFileSync(this.meetings, Buffer.alloc(meetings.count * layout.meeting), { mode: 0o600 })
    this.#server = createServer((socket) => {
      const line = new Line(socket, (hello) => {
        const arrive = this.#expected.get(hello.token)
        this.#expected.delete(hello.token)
        if (arrive === undefined || hello.version !== PROTOCOL_VERSION) line.close()
        else arrive({ line, hello })
      })
      this.#lines.add(line)
      socket.on('close', () => this.#lines.delete(line))
    })
    // An end that nobody waits for any more.
    this.#server.on('error', () => {})
  }

  /**
   * @throws Alloc8Error PUPPET where no socket can be made
   */
  static async open(): Promise<Channel> {
    const place = sessionPlace()
    const base = Buffer.byteLength(place) + ownBytes > longestPath ? '/tmp' : place
    let folder: Session | null = null
    try {
      folder = createSession({ parent: base })
      const channel = new Channel(folder)
      await new Promise<void>((listening, failed) => {
        channel.#server.once('error', failed)
        channel.#server.listen({ path: channel.path, backlog: 1024 }, listening)
      })
      return channel
    } catch (cause) {
      folder?.remove()
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Alloc8Error('PUPPET', `no socket for a puppet can be made in ${base}: ${why}`, {
        cause,
        hint: 'set TMPDIR to a folder that can be written to, and has room',
      })
    }
  }

  /** A token, and the arrival of the thread that has it. */
  expect(): { token: bigint; arrival: Promise<Arrival> } {
    const token = this.#tokens++
    const arrival = new Promise<Arrival>((resolve) => this.#expected.set(token, resolve))
    return { token, arrival }
  }

  /** Not all who were to meet there will come: those who wait go on, and who comes does not wait. */
  abandon(place: number): void {
    if (this.#closed) return
    const one = Buffer.from([1, 0, 0, 0])
    const file = openSync(this.meetings, 'r+')
    writeSync(file, one, 0, one.length, place * layout.meeting + meetings.abandonedAt)
    closeSync(file)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const line of this.#lines) line.close()
    this.#server.close()
    this.#folder.remove()
  }
}
