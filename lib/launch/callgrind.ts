/**
 * Valgrind's callgrind: where it is, how a target is run in it, and what it counted. The target's heap must be preloaded
 * into the target and not into valgrind's own programs, so the tool itself is started, which is static, and not
 * `valgrind`, which on Debian is a shell script in front of a launcher.
 */

import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { platform } from '../binding/machine.ts'
import { Alloc8Error } from '../errors.ts'

/** What is installed. */
export interface Callgrind {
  /** The static program that runs a target of this machine. */
  tool: string
  /** What starts the tool for each program that a target starts. */
  launcher: string
}

/** Valgrind's names for the machines that alloc8 runs on. */
const machines: Record<string, string> = { x64: 'amd64-linux', arm64: 'arm64-linux' }

/**
 * Finds valgrind in `PATH` and its callgrind beside it.
 * @throws Alloc8Error METRIC with the package to install
 */
export function findCallgrind(env: NodeJS.ProcessEnv): Callgrind {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const found = folders.map((folder) => join(folder, 'valgrind')).find(isExecutable)
  if (found === undefined) throw missing('expected valgrind in PATH, found none')
  const program = realpathSync(found)
  const prefix = dirname(dirname(program))
  const homes = [env['VALGRIND_LIB'], ...['libexec', 'lib', 'lib64'].map((name) => join(prefix, name, 'valgrind'))]
  const name = `callgrind-${machines[platform().arch] ?? platform().arch}`
  const tools = homes.flatMap((home) => (home === undefined ? [] : join(home, name)))
  const tool = tools.find(isExecutable)
  if (tool === undefined) throw missing(`expected ${name} of ${found} at ${tools.join(' or ')}, found none`)
  const launcher = `${program}.bin`
  return { tool: realpathSync(tool), launcher: existsSync(launcher) ? realpathSync(launcher) : program }
}

function missing(message: string): Alloc8Error {
  return new Alloc8Error('METRIC', `instructions: this machine has no counters that may be used, and ${message}`, {
    hint: 'install it (Debian: apt-get install valgrind), or allow counters: sysctl kernel.perf_event_paranoid=2',
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Where callgrind writes a part and starts from zero: what a forked child counted would else hold all that its parent
 * had counted before. posix_spawn, system and popen go through the last.
 */
const forks = ['fork', '__fork', '__libc_fork', '_Fork', 'vfork', '__vfork', 'posix_spawn', 'posix_spawnp']

/** The tool's arguments in front of the target's path; it writes into `folder`. */
export function callgrindArguments(folder: string): string[] {
  return [
    '--tool=callgrind',
    '--trace-children=yes',
    '--vgdb=no',
    '--quiet',
    '--dump-line=no',
    ...forks.map((name) => `--dump-before=${name}`),
    `--callgrind-out-file=${join(folder, 'out.%p')}`,
    `--log-file=${join(folder, 'log.%p')}`,
    '--',
  ]
}

/** What the processes of a run counted. */
export interface CallgrindCounts {
  instructions: number
  /** Processes whose count is whole. */
  processes: number
  /** Process ids of which no count is left: they were killed before it could be written. */
  unfinished: number[]
}

/**
 * Sums what callgrind wrote into `folder`. Every process has a log from its birth on (`log.PID`), and at its end a last
 * file (`out.PID`), which tells how many parts came before it (`out.PID.1` and so on). Parts of a higher number are of a
 * program that the process ran before another, whose other parts are overwritten: each process counts with the last
 * program that it ran.
 */
export function readCounts(folder: string): CallgrindCounts {
  const counts: CallgrindCounts = { instructions: 0, processes: 0, unfinished: [] }
  for (const pid of new Set(readdirSync(folder).flatMap((file) => /^(?:log|out)\.(\d+)$/.exec(file)?.[1] ?? []))) {
    const total = totalOf(join(folder, `out.${pid}`))
    if (total === null) counts.unfinished.push(Number(pid))
    else {
      counts.processes++
      counts.instructions += total
    }
  }
  return counts
}

/** What a process counted, by its last file; null where something of it is missing. */
function totalOf(file: string): number | null {
  const last = readPart(file)
  if (last === null) return null
  let sum = last.total
  for (let part = 1; part < last.part; part++) {
    const earlier = readPart(`${file}.${part}`)
    if (earlier === null) return null
    sum += earlier.total
  }
  return sum
}

/** A file's number and total; null where it is not there or was not written to its end. */
function readPart(path: string): { part: number; total: number } | null {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch {
    return null
  }
  const part = /^part: (\d+)$/m.exec(text)?.[1]
  const total = /^totals: (\d+)\s*$/m.exec(text.slice(-200))?.[1]
  return part === undefined || total === undefined ? null : { part: Number(part), total: Number(total) }
}
