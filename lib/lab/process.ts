/** A puppet's process, the first one or a fork: its threads, its blocks, its memory, and how it ends. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Alloc8Error, usageError } from '../errors.ts'
import { type Batch, type BatchOptions, type BatchResult, checkOptions, errorName, wholeIn } from './batch.ts'
import { BlockTable } from './blocks.ts'
import type { Arrival } from './channel.ts'
import { framesOf, PuppetDied, PuppetHung, signalName, untold } from './died.ts'
import type { Family } from './family.ts'
import {
  attempt,
  endWithin,
  faultAddress,
  hasEnded,
  type ProcessEnd,
  stateOf,
  unknownEnd,
  wentWith,
  withoutHandler,
} from './kernel-words.ts'
import { type Mapping, type MemorySums, type PageState, readMappings, readMemorySums, readPages } from './memory.ts'
import { type Command, checkLength, type LastWords, type RawResults } from './protocol.ts'
import { nameFrames } from './symbols.ts'
import { describeCommand, endings, PuppetThread, type ThreadEnding } from './thread.ts'
import { checkParties, runTogether } from './together.ts'

/** How long a process may take to say why its connections are gone. */
const lastWordsMs = 3000

/** How often a child that has not come is looked for, and how long its words may take once it has ended. */
const birthPollMs = 20
const lateMs = 200

export class PuppetProcess {
  readonly pid: number
  /** Null of the first. */
  readonly parent: PuppetProcess | null
  readonly blocks: BlockTable
  /** The process's first thread; in a fork, the one that forked. */
  readonly main: PuppetThread
  /** Those that were started, in order, also after their end. */
  readonly threads: PuppetThread[] = []
  /** Its death, once it has died of a signal or by itself. */
  died: PuppetDied | null = null
  /** It was told to end. */
  ended = false
  /** What is being found out about its death; null where it has not said its last words. */
  dying: Promise<void> | null = null
  readonly #family: Family
  /** By call that is waited for, what ends that. */
  readonly #waiting = new Set<(why: PuppetDied | null) => void>()
  /** `main` is what runs the program's main function, whose return ends the process. */
  readonly #returns: boolean
  /** By child, its end: of two who ask the system only one is told. */
  readonly #ends = new Map<number, Promise<ProcessEnd>>()

  constructor(
    family: Family,
    parent: PuppetProcess | null,
    first: Arrival,
    forker: PuppetThread | null = null,
    inherited?: BlockTable,
  ) {
    this.#family = family
    this.#returns = parent === null || (parent.#returns && forker === parent.main)
    this.parent = parent
    this.pid = first.hello.pid
    this.blocks = inherited ?? new BlockTable(`puppet ${this.pid} (${family.heap})`)
    this.main = this.#adopt('main', first)
    family.processes.push(this)
  }

  /**
   * One of the started threads.
   * @throws Alloc8Error USAGE where there is none of that number
   */
  thread(index: number): PuppetThread {
    const thread = this.threads[index]
    if (thread !== undefined) return thread
    const known = this.threads.length === 0 ? '' : `a number from 0 to ${this.threads.length - 1}, or `
    throw usageError('thread', `${known}startThread() first`, index)
  }

  /** Forks from one of the started threads; without a number from `main`, or, once that has left, another. */
  async fork(index?: number): Promise<PuppetProcess> {
    return this.forkFrom(index === undefined ? (this.#living() ?? this.main) : this.thread(index))
  }

  /**
   * @throws PuppetHung where the fork does not come back, in parent or child. PuppetDied where the child dies first.
   *   Alloc8Error PUPPET where the system refuses
   */
  async forkFrom(thread: PuppetThread): Promise<PuppetProcess> {
    this.#own('fork', thread)
    const { token, arrival } = this.#family.channel.expect()
    const pid = Number(await this.#call(thread, { op: 'fork', args: [token] }))
    this.#ends.delete(pid)
    // As they are now: what other threads allocate from here on is not the child's.
    const blocks = new BlockTable(`puppet ${pid} (${this.#family.heap})`, this.blocks)
    let over = false
    const birth = this.#birth(pid, arrival, () => over)
    // The parent may be gone before anybody waits for it.
    birth.catch(() => {})
    try {
      const first = await this.#arrived(birth, thread, `fork() in the child ${pid}`, pid)
      const child = new PuppetProcess(this.#family, this, first, thread, blocks)
      return first.hello.dying ? await child.#death() : child
    } catch (error) {
      blocks.close()
      throw error
    } finally {
      over = true
    }
  }

  /** Rejects with it once it is known. */
  #death(): Promise<never> {
    return this.#inTime(new Promise(() => {}), this.main, 'dying', this.#family.timeoutMs)
  }

  /** A child's arrival, or its death before that: of its atfork handlers, or of its heap, which had one. */
  async #birth(pid: number, arrival: Promise<Arrival>, isOver: () => boolean): Promise<Arrival> {
    const here = arrival.then(() => true)
    while (!isOver() && !(await Promise.race([here, sleep(birthPollMs, false)]))) {
      if (!hasEnded(pid)) continue
      // What it has sent may be on its way.
      if (await Promise.race([here, sleep(lateMs, false)])) break
      const end = await this.endOfChild(pid)
      throw new PuppetDied({ pid, ...end, ...untold, command: 'fork()', output: this.#family.output() })
    }
    return arrival
  }

  /**
   * Starts a thread, by `main` (or, once that has left, another) unless one is given.
   * @throws Alloc8Error PUPPET where the system refuses
   */
  async startThread(starter: PuppetThread = this.#living() ?? this.main): Promise<PuppetThread> {
    this.#own('startThread', starter)
    const { token, arrival } = this.#family.channel.expect()
    await this.#call(starter, { op: 'startThread', args: [token] })
    const thread = this.#adopt(
      `thread ${this.threads.length}`,
      await this.#arrived(arrival, starter, 'pthread_create()', this.pid),
    )
    this.threads.push(thread)
    return thread
  }

  #own(call: string, thread: PuppetThread): void {
    if (!(thread instanceof PuppetThread) || thread.process !== this) {
      throw usageError(call, `a thread of puppet ${this.pid}`, thread instanceof PuppetThread ? 'another’s' : thread)
    }
  }

  /** Ends a thread and waits for it, by whichever thread is left. See `PuppetThread.exit`. */
  async endThread(thread: PuppetThread, how: ThreadEnding): Promise<void> {
    if (!endings.includes(how)) throw usageError('exit', endings.join(', '), how)
    await this.#call(thread, { op: 'exitThread', args: [BigInt(endings.indexOf(how))] })
    thread.ended = true
    const other = this.#living()
    if (other === null || (thread === this.main && how === 'return' && this.#returns)) {
      this.#over()
      await this.#ending(thread, `exit(${how})`)
    } else if (thread !== this.main) await this.#call(other, { op: 'joinThread', args: [thread.token] })
  }

  /** Nothing is to be asked of it any more; with the first process goes all that there is. */
  #over(): void {
    for (const each of this.parent === null ? this.#family.processes : [this]) each.ended = true
  }

  /** `main`, or, once it has left, another thread; null where none is left. */
  #living(): PuppetThread | null {
    return [this.main, ...this.threads].find((each) => !each.ended) ?? null
  }

  /** Under which number /proc has its memory: a main thread that has left has none any more. */
  get memoryPid(): number {
    return this.main.ended ? (this.#living()?.tid ?? this.pid) : this.pid
  }

  /** Runs batches of several threads, of this process or of its forks, each from the moment when all are ready. */
  async together(batches: readonly Batch[], options: BatchOptions = {}): Promise<BatchResult[]> {
    checkOptions(options)
    checkParties(batches)
    // Where one of them cannot come, the others would wait for it for good.
    for (const batch of batches) {
      const { thread } = batch.runner
      if (!(thread instanceof PuppetThread) || thread.process.#family !== this.#family) {
        throw usageError('together', `batches of puppet ${this.pid} and its forks`, 'one of another puppet')
      }
      batch.runner.check(batch.commands)
      batch.checkBlocks()
    }
    return runTogether(batches, options, this.#family.places)
  }

  /** Its mappings now. */
  mappings(): Mapping[] {
    return readMappings(this.memoryPid)
  }

  /** The pages of a range now: which are there, and which this process has for itself. */
  pages(start: bigint, end: bigint): PageState[] {
    return readPages(this.memoryPid, start, end)
  }

  /** How much memory it has now. */
  memory(): MemorySums {
    return readMemorySums(this.memoryPid)
  }

  /**
   * Ends the process by exit, or by `_exit`, and waits for its end. The forks of a fork stay; with the first process all
   * of a puppet's end.
   */
  async exit(status = 0, options: { quickly?: boolean | undefined } = {}): Promise<ProcessEnd> {
    const args = [BigInt(wholeIn('status', status, 0, 255)), options.quickly ? 1n : 0n]
    const by = this.#living() ?? this.main
    const asked = this.#call(by, { op: 'exitProcess', args })
    this.ended = true
    await asked
    this.#over()
    return this.#ending(by, `exit(${status})`)
  }

  /** Its end, for which its destructors may take as long as any call may. */
  #ending(by: PuppetThread, what: string): Promise<ProcessEnd> {
    const { rootEnd, timeoutMs } = this.#family
    const end = this.parent === null ? rootEnd : this.parent.endOfChild(this.pid, 2 * timeoutMs)
    return this.#inTime(end, by, what, timeoutMs)
  }

  /** Runs a list in a thread; for those who build on this. */
  async ask(
    thread: PuppetThread,
    commands: readonly Command[],
    options: BatchOptions,
    meeting: { place: number; parties: number } | null,
  ): Promise<RawResults> {
    this.#checkUsable(thread)
    const { repeat = 1, timed = false, timeoutMs = this.#family.timeoutMs } = options
    const sent = thread.line.send(commands, { repeat, timed, meeting })
    const last = commands.at(-1)
    const what = commands.length === 1 && last !== undefined ? describeCommand(last) : `a batch of ${commands.length}`
    return this.#inTime(sent, thread, what, timeoutMs)
  }

  /** Throws what `ask` would throw before it asks. */
  checkRequest(thread: PuppetThread, commands: readonly Command[]): void {
    this.#checkUsable(thread)
    checkLength(commands)
  }

  /** Ends all that is waited for, threads that are yet to arrive as well. */
  stopWaiting(why: PuppetDied | null): void {
    for (const stop of this.#waiting) stop(why)
    this.#waiting.clear()
  }

  /** Its death, from whoever noticed it. */
  die(died: PuppetDied): void {
    if (this.died !== null) return
    this.died = died
    this.stopWaiting(died)
    this.blocks.close()
  }

  async #call(thread: PuppetThread, command: Command): Promise<bigint> {
    const { values, errors } = await this.ask(thread, [command], {}, null)
    const error = errors[0] ?? 0
    if (error === 0) return values[0] ?? 0n
    const hint =
      command.op === 'startThread' || command.op === 'fork'
        ? 'a limit of processes, threads or memory: see ulimit -u and ulimit -v'
        : undefined
    throw new Alloc8Error(
      'PUPPET',
      `puppet ${this.pid}, ${thread.name}: ${describeCommand(command)} failed: ${errorName(error)}`,
      { hint },
    )
  }

  #checkUsable(thread: PuppetThread): void {
    if (this.died !== null) throw this.died
    if (this.ended || thread.ended || thread.line.closed) throw this.#gone(thread)
  }

  #gone(thread: PuppetThread): Alloc8Error {
    const what = this.ended || !thread.ended ? 'the process has ended' : 'that thread has ended'
    return new Alloc8Error('PUPPET', `puppet ${this.pid}, ${thread.name}: ${what}`)
  }

  async #arrived(arrival: Promise<Arrival>, thread: PuppetThread, what: string, pid: number): Promise<Arrival> {
    if (this.died !== null || this.ended) throw this.died ?? this.#gone(thread)
    return this.#inTime(arrival, thread, what, this.#family.timeoutMs, pid)
  }

  async #inTime<T>(
    work: Promise<T>,
    thread: PuppetThread,
    what: string,
    timeoutMs: number,
    pid = this.pid,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    let stop: ((why: PuppetDied | null) => void) | undefined
    const late = new Promise<never>((_, reject) => {
      stop = (why) => reject(why ?? this.#gone(thread))
      this.#waiting.add(stop)
      timer = setTimeout(() => {
        const state = stateOf(pid, pid === this.pid ? thread.tid : pid)
        reject(new PuppetHung({ pid, thread: thread.name, command: what, afterMs: timeoutMs, state }))
      }, timeoutMs)
    })
    // A death that comes after the timeout has nobody to hear it.
    work.catch(() => {})
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
      if (stop !== undefined) this.#waiting.delete(stop)
    }
  }

  #adopt(name: string, { line, hello }: Arrival): PuppetThread {
    const thread = new PuppetThread(this, name, line, hello)
    line.listen({
      onDied: (words, commands) => {
        const command = commands[words.command ?? -1]
        const what = command === undefined ? null : describeCommand(command)
        this.dying = this.#hearLastWords(thread, words, hello.dying ? 'fork()' : what)
        return this.dying
      },
      onClosed: () => this.#lost(thread),
    })
    return thread
  }

  async #hearLastWords(thread: PuppetThread, words: LastWords, command: string | null): Promise<void> {
    const mappings = attempt(() => this.mappings()) ?? []
    const signal = signalName(words.signal)
    const backtrace = await nameFrames(framesOf(words.frames, mappings))
    // What was written before comes by another way; a moment for it.
    await sleep(20)
    this.die(
      new PuppetDied({
        pid: this.pid,
        signal,
        exitCode: null,
        address: faultAddress(words),
        thread: thread.name,
        command,
        backtrace: withoutHandler(backtrace),
        output: this.#family.output(),
      }),
    )
  }

  /** A connection has gone, and not because we asked for it. */
  #lost(thread: PuppetThread): void {
    // Of its status nobody needs to be told any more, but its parent keeps it until it has asked.
    if (this.died !== null) return void this.parent?.endOfChild(this.pid)
    if (thread.ended || this.ended) {
      // Whoever still waits for an answer waits for nothing.
      thread.line.fail(this.#gone(thread))
      if (this.ended) void this.parent?.endOfChild(this.pid)
      return
    }
    void this.#end().then((end) => {
      const withFirst = this.parent !== null && wentWith(this.#family.processes[0]?.pid ?? 0, end)
      const how = withFirst ? unknownEnd : end
      this.die(new PuppetDied({ pid: this.pid, ...how, ...untold, output: this.#family.output() }, withFirst))
    })
  }

  /** How it ended: the launcher knows it of the first process, its parent of a fork. */
  async #end(): Promise<ProcessEnd> {
    if (this.parent !== null) return this.parent.endOfChild(this.pid)
    return Promise.race([this.#family.rootEnd, sleep(lastWordsMs, unknownEnd, { ref: false })])
  }

  /** How a child of it ended; unknown where nobody is left to ask, or it goes on. */
  async endOfChild(pid: number, ms = lastWordsMs): Promise<ProcessEnd> {
    const commands: Command[] = [{ op: 'waitProcess', args: [BigInt(pid)] }]
    const reap = () => this.ask(this.#living() ?? this.main, commands, { timeoutMs: lastWordsMs }, null)
    const asked = this.#ends.get(pid) ?? endWithin(ms, pid, reap)
    this.#ends.set(pid, asked)
    const end = await asked
    if (end.exitCode === null && end.signal === null) this.#ends.delete(pid)
    return end
  }
}
