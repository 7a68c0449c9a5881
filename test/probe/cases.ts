/**
 * What is run under the probe: real programs, and what programs do that a probe may trip over (behaviours.c), each with
 * what must be found in the session afterwards.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RunOptions } from '../../lib/api/run.ts'
import { realPrograms } from '../real/programs.ts'
import { compile } from '../support/compile.ts'
import { type Observed, runUnder } from '../support/run-under.ts'
import { lackingPostgres, preparePostgres, servePostgres } from './postgres.ts'

/** One program under the probe. `folder` is its own and may be written to by everybody. */
export interface ProbeCase {
  name: string
  /** What the machine lacks to run it, or null. */
  lacking(): string | null
  prepare?(folder: string): Promise<void> | void
  run(heap: string, folder: string, more: Partial<RunOptions>): Promise<Observed>
  /** Processes that can be recorded: so many images and forked children. At least so many where it is not exact. */
  processes?: number
  least?: number
  /** Of behaviours.c: how many threads and processes of those that are recorded have done their work. */
  works?: number
  /** Whether there must be some threads that found no room. */
  loses?: boolean
  /** Children that were made past libc, and so do not know what was live in their parent. */
  strangers?: number
  /** Some processes leave no record, by what they do. */
  unrecorded?: boolean
  /** False: some processes have no room for a file of samples. */
  samplesAll?: boolean
  /** Nine of ten stacks reach the start of the program or of a thread: promised of redis and node. */
  wholeStacks?: boolean
}

const timeoutMs = 300_000
const nothing = (): null => null
const rootAlone = () => (process.getuid?.() === 0 ? null : 'only root can do that')

/** The ones of the tests of real programs, by the beginning of their names. */
function real(beginning: string, rest: Partial<ProbeCase>): ProbeCase {
  const program = realPrograms.find(({ name }) => name.startsWith(beginning))
  if (program === undefined) throw new Error(`no real program is called ${beginning}`)
  return {
    name: program.name,
    lacking: program.lacking,
    prepare: (folder) => program.prepare?.(folder),
    run: (heap, folder, more) => program.run(heap, folder, timeoutMs, more),
    ...rest,
  }
}

/** Threads that make and give away lists, strings and dictionaries, and a child by fork. */
const pythonThreads = `
import os, queue, threading
boxes = [queue.Queue() for _ in range(8)]
sums = [0] * 8
def work(me):
    for i in range(400):
        boxes[(me + 1) % 8].put({str(j): [j] * (j % 50) for j in range(i % 60)})
        sums[me] += sum(len(each) for each in boxes[me].get().values())
        bytes(i * 1000)
threads = [threading.Thread(target=work, args=(me,)) for me in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
child = os.fork()
if child == 0: os._exit(len(str(bytearray(100000))) % 256)
print(sums, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`

const python: ProbeCase = {
  name: 'python3 with threads',
  lacking: nothing,
  run: (heap, _folder, more) => runUnder(heap, ['/usr/bin/python3', '-c', pythonThreads], { timeoutMs, ...more }),
  processes: 2,
}

const postgres: ProbeCase = {
  name: 'postgres with its forks under pgbench',
  lacking: lackingPostgres,
  prepare: preparePostgres,
  run: servePostgres,
  // The postmaster, its five helpers and four sessions.
  least: 10,
}

/** A word of behaviours.c. Its executable is made once, for all. */
function behaviour(words: string, rest: Partial<ProbeCase>): ProbeCase {
  return {
    name: `behaviours ${words}`,
    lacking: nothing,
    prepare: prepareBehaviours,
    run: (heap, folder, more) => {
      const command = words.split(' ').map((word) => (word === 'FOLDER' ? folder : word))
      return runUnder(heap, [join(folder, 'behaviours'), ...command], { timeoutMs, ...more })
    },
    ...rest,
  }
}

async function prepareBehaviours(folder: string): Promise<void> {
  const source = readFileSync(join(import.meta.dirname, 'behaviours.c'), 'utf8')
  await compile(folder, { name: 'behaviours', source, flags: ['-O1', '-pthread'] })
}

/** The session, and the target's own file, on a disk that holds next to nothing. */
const fullDisk = behaviour('fill', {
  lacking: lackingMounts,
  async run(heap, folder, more) {
    const disk = join(folder, 'disk')
    mkdirSync(disk, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk])
    try {
      const command = [join(folder, 'behaviours'), 'fill', join(disk, 'file')]
      return await runUnder(heap, command, { timeoutMs, sessionDirectory: join(disk, 'session'), ...more })
    } finally {
      execFileSync('umount', [disk])
    }
  },
  // The child has no room for a file, the threads none for a slot.
  processes: 1,
  works: 0,
  loses: true,
  unrecorded: true,
})

let mounts: string | null | undefined
function lackingMounts(): string | null {
  if (mounts === undefined) {
    const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0
    if (mounted) execFileSync('umount', [folder])
    rmSync(folder, { recursive: true })
    mounts = mounted ? null : 'mounting a small disk needs root'
  }
  return mounts
}

/** Twenty threads, then a child that cannot make a file. */
const alone = { processes: 1, works: 20, unrecorded: true }

/** All of them. */
export const probeCases: readonly ProbeCase[] = [
  real('node', { processes: 1, wholeStacks: true }),
  real('redis', { processes: 1, wholeStacks: true }),
  python,
  postgres,
  real('g++', { least: 5 }),
  behaviour('threads 200', { processes: 1, works: 200 }),
  behaviour('children 1000', { processes: 1001, works: 1000 }),
  behaviour('chain 30', { processes: 31, works: 30 }),
  behaviour('kill', { processes: 1, works: 1 }),
  behaviour('segv', { processes: 1, works: 1 }),
  behaviour('abort', { processes: 1, works: 1 }),
  behaviour('_exit', { processes: 1, works: 1 }),
  behaviour('killed-child', { processes: 2 }),
  behaviour('daemon', { processes: 3, works: 1 }),
  behaviour('clone', { processes: 3, works: 2, strangers: 1 }),
  behaviour('close', { processes: 2, works: 21 }),
  behaviour('root FOLDER', { lacking: rootAlone, ...alone }),
  behaviour('become 65534', { lacking: rootAlone, ...alone }),
  behaviour('limit 0', alone),
  // Room for two threads, of which the child has one.
  behaviour('limit 40000', { processes: 2, works: 21, samplesAll: false }),
  fullDisk,
]
