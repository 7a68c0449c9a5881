/**
 * The command line in a process of its own, as its users start it: the built one, without a terminal, with a folder for
 * temporary files that nobody else uses, so that what it leaves behind shows.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { until } from './launching.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const cliPath = join(root, 'dist/cli/main.js')

/** How a command ended, with all that it wrote. */
export interface CliEnd {
  status: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export interface CliOptions {
  /** What it finds on its stdin; nothing unless given. */
  input?: string
  cwd?: string
  /** Added to the environment; undefined removes a variable. */
  env?: NodeJS.ProcessEnv
  /** A command in front that changes who runs it (`setpriv --reuid=65534 ...`). */
  as?: readonly string[]
}

/** A command under way, in a process group of its own, as a shell would start it. */
export interface RunningCli {
  child: ChildProcess
  end: Promise<CliEnd>
  /** Sends a signal to the whole group, as the terminal's Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void
  /** Sends a signal to the command alone, as `kill` does. */
  signalAlone(signal: NodeJS.Signals): void
}

/** Runs `alloc8 ARGS`, waits for its end, and checks that it left nothing in the folder for temporary files. */
export async function alloc8(args: readonly string[], options: CliOptions = {}): Promise<CliEnd> {
  return start(args, options).end
}

/** Starts `alloc8 ARGS`. */
export function start(args: readonly string[], options: CliOptions = {}): RunningCli {
  buildCli()
  const temporary = mkdtempSync(join(tmpdir(), 'alloc8-cli-test-'))
  if (options.as !== undefined) chmodSync(temporary, 0o1777)
  const [program = '', ...words] = [...(options.as ?? []), process.execPath, cliPath, ...args]
  const child = spawn(program, words, {
    cwd: options.cwd,
    detached: true,
    env: { ...plainEnvironment(), TMPDIR: temporary, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const group = child.pid ?? expect.fail('the command did not start')
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  // A command that does not read its input closes it.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const end = new Promise<CliEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      try {
        const left = readdirSync(temporary)
        rmSync(temporary, { recursive: true, force: true })
        expect(left, 'left in the folder for temporary files').toEqual([])
        resolve({ status, signal, ...output })
      } catch (error) {
        reject(error)
      }
    })
  })
  // Whoever awaits it still sees the error; whoever does not (yet) does not make it unhandled.
  end.catch(() => {})
  return {
    child,
    end,
    signalGroup: (signal) => void process.kill(-group, signal),
    signalAlone: (signal) => void process.kill(group, signal),
  }
}

/** Processes that have `marker` among their arguments, zombies left out. */
export function processesWith(marker: string): number[] {
  return argumentLists().flatMap(({ pid, words }) => (words.includes(marker) ? [pid] : []))
}

/** Waits until a target with that marker runs; alloc8 and its launcher have the target's words among their own. */
export function started(marker: string): Promise<void> {
  const isTarget = (words: string[]) =>
    words.includes(marker) && !words.includes(cliPath) && !words[0]?.endsWith('/alloc8-launch')
  const runs = () => argumentLists().some(({ words }) => isTarget(words))
  return until(runs, `a target with the argument ${marker}`)
}

/** Waits until no process with that marker is left, alloc8 itself included. */
export function gone(marker: string): Promise<void> {
  return until(() => processesWith(marker).length === 0, `no process with the argument ${marker}`)
}

function argumentLists(): { pid: number; words: string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), words: readQuietly(`/proc/${name}/cmdline`).split('\0') }))
}

let count = 0

/** An argument that no other process has. */
export function uniqueMarker(): string {
  count++
  return `marker-${process.pid}-${Date.now()}-${count}`
}

/** This process's environment without what changes colours, letters or heaps. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm' }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'LD_PRELOAD', 'ALLOC8_SESSION', 'NODE_OPTIONS']) delete env[name]
  return env
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

let built = false

/** Builds dist/ where lib/ is newer, once, whichever of vitest's processes comes first. */
export function buildCli(): void {
  if (built) return
  const lock = join(root, 'build-tests', 'dist.lock')
  mkdirSync(join(root, 'build-tests'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      if (Date.now() - timeOf(lock) > 60_000) rmSync(lock, { recursive: true, force: true })
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
  try {
    const newest = Math.max(...filesIn(join(root, 'lib')).map(timeOf))
    if (timeOf(cliPath) < newest) {
      execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { cwd: root })
    }
    built = true
  } finally {
    rmdirSync(lock)
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
