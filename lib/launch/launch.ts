/**
 * One run of one target, without a verdict: starts alloc8-launch, which starts the target, and turns the launcher's
 * report into a result. Everything that has to hold however a run ends (no process left behind where that was asked
 * for, every byte of output delivered, the report waited for) is held here.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { nativeFile } from '../binding/native.ts'
import { Alloc8Error, usageError } from '../errors.ts'
import { OutputPipe } from './capture.ts'
import { checkOptions, type LaunchOptions, launcherArguments, launcherStdio } from './options.ts'
import { endOrphans } from './orphans.ts'
import { type LaunchResult, parseCapture, parseReport } from './report.ts'

export type { LauncherHandle, LaunchOptions, OutputTarget } from './options.ts'
export type { LaunchResult, TreeUsage, Usage } from './report.ts'

/** How long to wait, after the launcher ended, for the last output when a left-over process keeps the pipe open. */
const lastOutputMs = 200

/** No report is near this long; what exceeds it is not a report. */
const longestReport = 1 << 20

/**
 * Runs a target and resolves once it has ended, whatever it ended with: a status, a signal and a timeout are results.
 *
 * @throws Alloc8Error TARGET_NOT_FOUND, TARGET_NOT_EXECUTABLE: it could not be executed. USAGE: an option is wrong.
 *   ABORTED: `signal` was aborted; with a lifeline no descendant is alive any more when this is thrown. LAUNCH: the
 *   launcher itself failed. LAUNCHER_LOST: it was killed; with a lifeline its target was ended too. NATIVE: it is not built. Whatever an output callback throws ends the run and is rethrown.
 */
export async function launch(options: LaunchOptions): Promise<LaunchResult> {
  checkOptions(options)
  if (options.signal?.aborted) throw abortedError(options.signal)
  const run = new Run(options, await startLauncher(options))
  try {
    return await run.finish()
  } finally {
    run.release()
  }
}

/** A launcher that has been spawned, with our ends of its pipes. */
interface Launcher {
  child: ChildProcess
  exit: Promise<unknown[]>
  report: Duplex
  lifeline: Duplex | null
}

async function startLauncher(options: LaunchOptions): Promise<Launcher> {
  const file = nativeFile('alloc8-launch')
  let child: ChildProcess
  try {
    child = spawn(file, launcherArguments(options), {
      env: options.env,
      cwd: options.cwd,
      detached: options.detached,
      stdio: launcherStdio(options),
    })
    if (child.pid === undefined) await once(child, 'spawn')
  } catch (error) {
    throw startError(options, file, error)
  }
  const launcher = {
    child,
    exit: once(child, 'exit'),
    report: child.stdio[3] as Duplex,
    lifeline: options.lifeline ? (child.stdio[4] as Duplex) : null,
  }
  // A pipe whose other end has gone: what was lost is told by the missing report.
  launcher.report.on('error', () => {})
  launcher.lifeline?.on('error', () => {}).resume()
  return launcher
}

/** The life of one run after its launcher was spawned. */
class Run {
  readonly #options: LaunchOptions
  readonly #launcher: Launcher
  readonly #outputs: OutputPipe[] = []
  readonly #onAbort = (): void => this.#stop()
  #failure: { error: unknown } | null = null
  #stopped = false
  #wakeStopping = (): void => {}
  readonly #stopping = new Promise<void>((resolve) => {
    this.#wakeStopping = resolve
  })

  constructor(options: LaunchOptions, launcher: Launcher) {
    this.#options = options
    this.#launcher = launcher
    options.signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (options.signal?.aborted) this.#stop()
  }

  async finish(): Promise<LaunchResult> {
    const { child, exit } = this.#launcher
    const reading = this.#readReport()
    this.#options.onStart?.({
      pid: child.pid ?? 0,
      kill: (signal) => child.kill(signal),
      endTree: () => this.#launcher.lifeline?.destroy(),
    })
    const [[status, signal], lines] = await Promise.all([exit, reading])
    const { lifeline, detached, env } = this.#options
    if (signal !== null && lifeline && detached && child.pid !== undefined) endOrphans(child.pid, env['ALLOC8_SESSION'])
    await Promise.all(this.#outputs.map((output) => output.finish(lastOutputMs)))
    if (this.#failure !== null) throw this.#failure.error
    if (this.#options.signal?.aborted) throw abortedError(this.#options.signal)
    const last = lines.at(-1)
    if (last === undefined && signal !== null) {
      throw new Alloc8Error('LAUNCHER_LOST', `alloc8-launch was killed by ${signal} while the target ran`, {
        hint: lifeline
          ? 'the system did it for want of memory (see dmesg), or the target kills its parent'
          : 'the target may still run; the system did it for want of memory (see dmesg), or the target kills its parent',
      })
    }
    if (last === undefined) {
      throw new Alloc8Error('LAUNCH', `alloc8-launch ended with status ${status} without a report`, {
        hint: 'see its message above',
      })
    }
    return parseReport(last, this.#options.path)
  }

  release(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#launcher.report.destroy()
    this.#launcher.lifeline?.destroy()
    for (const output of this.#outputs) output.destroy()
  }

  /** Ends the target: its whole tree where there is a lifeline, else by a SIGTERM that the launcher passes on. */
  #stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#wakeStopping()
    if (this.#launcher.lifeline === null) this.#launcher.child.kill('SIGTERM')
    else this.#launcher.lifeline.destroy()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop()
  }

  /** Collects the launcher's lines until it closes its end, and answers the one that announces pipes. */
  async #readReport(): Promise<string[]> {
    const { report } = this.#launcher
    const lines: string[] = []
    let announced = !this.#captures()
    let text = ''
    report.setEncoding('utf8')
    report.on('data', (chunk: string) => {
      text += chunk
      if (text.length > longestReport) report.destroy()
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        if (announced) lines.push(line)
        else void this.#openOutputs(line)
        announced = true
      }
    })
    await new Promise((resolve) => report.once('close', resolve))
    if (text !== '') lines.push(text)
    return lines
  }

  #captures(): boolean {
    return typeof this.#options.stdout === 'function' || typeof this.#options.stderr === 'function'
  }

  /** Opens the pipes that the launcher made for the target's output, then lets it start the target when the gate opens. */
  async #openOutputs(line: string): Promise<void> {
    const { report } = this.#launcher
    try {
      const { procPid, stdoutFd, stderrFd } = parseCapture(line)
      for (const [fd, sink] of [[stdoutFd, this.#options.stdout] as const, [stderrFd, this.#options.stderr] as const]) {
        if (fd === null || typeof sink !== 'function') continue
        this.#outputs.push(new OutputPipe(`/proc/${procPid}/fd/${fd}`, sink, (error) => this.#fail(error)))
      }
      if (this.#options.gate !== undefined) await Promise.race([this.#options.gate(), this.#stopping])
      // An end instead of an answer: the launcher gives up without starting anything.
      if (this.#stopped) report.end()
      else report.write('\n')
    } catch (error) {
      this.#fail(error)
      report.end()
    }
  }
}

function abortedError(signal: AbortSignal): Alloc8Error {
  return new Alloc8Error('ABORTED', 'the run was stopped', { cause: signal.reason })
}

/** Why the launcher itself did not start. Node names the program even where the folder is what is missing. */
function startError(options: LaunchOptions, file: string, cause: unknown): Alloc8Error {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
  if (options.cwd !== undefined && !existsSync(`${options.cwd}/.`)) {
    return usageError('cwd', 'an existing folder', options.cwd)
  }
  const hint =
    code === 'E2BIG'
      ? 'the arguments and the environment are too long together for the system: shorten them'
      : undefined
  return new Alloc8Error('LAUNCH', `cannot start ${file}: ${code}`, { hint, cause })
}
