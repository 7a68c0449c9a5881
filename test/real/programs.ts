/**
 * The real programs: how each is prepared once, how it is run under a heap, and what of its output must be the same
 * under all. None listens to anything but loopback or a socket in its own folder.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunOptions } from '../../lib/api/run.ts'
import { compile } from '../support/compile.ts'
import { findTool, lackingTool } from '../support/needs.ts'
import { findProgram, libraryFile } from '../support/programs.ts'
import { type Observed, runUnder } from '../support/run-under.ts'
import { serveNode, serveRedis } from './servers.ts'
import { hundredThreads, manyTypes } from './sources.ts'

/** One program. `folder` is its own, the same for all heaps. */
export interface RealProgram {
  name: string
  /** What the machine lacks to run it, or null. */
  lacking(): string | null
  prepare?(folder: string): Promise<void> | void
  /** `more` goes to `run()`. */
  run(heap: string, folder: string, timeoutMs: number, more?: Partial<RunOptions>): Promise<Observed>
  /** What must be the same under every heap, made of what it wrote; its stdout unless given. */
  essence?(observed: Observed): unknown
  /** It writes nothing, and its exit status says it all. */
  silent?: boolean
}

const nothing = (): null => null

const ls: RealProgram = {
  name: 'ls',
  lacking: nothing,
  run: (heap, _folder, timeoutMs, more) =>
    runUnder(heap, ['ls', '-lR', '/usr/include', '/etc/default'], { timeoutMs, ...more }),
}

const bash: RealProgram = {
  name: 'bash with pipes',
  lacking: nothing,
  run: (heap, _folder, timeoutMs, more) => runUnder(heap, ['bash', '-c', pipes], { timeoutMs, ...more }),
}

const pipes = `
set -o pipefail
seq 1 20000 | sed 's/7/seven/' | sort -r | uniq | awk '{ n += length($0) } END { print NR, n }'
declare -A count
while read -r word; do (( count[$word]++ )); done < <(seq 1 3000 | awk '{ print $1 % 97 }')
echo "\${#count[@]} \${count[13]}"
for i in 1 2 3 4 5 6 7 8; do ( x=$(seq 1 $i | tr '\\n' ' '); echo "$x" ) & wait $!; done
text=$(head -c 100000 /dev/zero | tr '\\0' x); echo "\${#text}"
cat <(echo one) <(echo two) | wc -l
`

/** The tests that CPython has for itself: Debian has them in a package of their own. */
function pythonWithTests(): string | null {
  for (const python of [pythonOnPath(), '/usr/bin/python3']) {
    if (python === null || !existsSync(python)) continue
    try {
      execFileSync(python, ['-c', 'import test.test_json, test.test_threading'], { stdio: 'ignore' })
      return python
    } catch {
      // an interpreter without them
    }
  }
  return null
}

/** The interpreter itself where a version manager has put a script in front of it. */
function pythonOnPath(): string | null {
  const found = findTool('python3')
  return found && execFileSync(found, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
}

let foundPython: string | null | undefined
const python = (): string | null => {
  if (foundPython === undefined) foundPython = pythonWithTests()
  return foundPython
}

/** Test cases that need no more than a second each; those with forks, daemons and subinterpreters above all. */
const threadingCases = [
  ...['LockTests', 'EventTests', 'SubinterpThreadingTests', 'ThreadJoinOnShutdown'],
  ...['ThreadTests.test_various_ops', 'ThreadTests.test_dummy_thread_after_fork', 'ThreadTests.test_fork_at_exit'],
].map((name) => `test.test_threading.${name}`)

const pythonTests: RealProgram = {
  name: 'python3 with its own tests of json and threading',
  lacking: () =>
    python() === null ? 'no python3 with its own tests is installed: apt-get install libpython3.11-testsuite' : null,
  run: (heap, folder, timeoutMs, more) =>
    runUnder(heap, [python() ?? '', '-m', 'unittest', '-q', 'test.test_json', ...threadingCases], {
      timeoutMs,
      cwd: folder,
      ...more,
    }),
  essence: ({ stderr }) => /Ran (\d+) tests? in [\d.]+s\n\n(.*)/.exec(stderr)?.slice(1),
}

const gitEnvironment = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.org',
}

const git: RealProgram = {
  name: 'git clone of a local repository',
  lacking: () => lackingTool('git', 'git'),
  prepare(folder) {
    const repository = join(folder, 'repository')
    mkdirSync(repository)
    const env = { ...process.env, ...gitEnvironment }
    const run = (...words: string[]) => execFileSync('git', words, { cwd: repository, env, stdio: 'ignore' })
    run('init', '-q', '-b', 'main')
    for (let commit = 0; commit < 5; commit++) {
      for (let file = 0; file < 60; file++) {
        const lines = Array.from({ length: 200 }, (_, line) => `${commit * file * line} line ${line} of ${file}`)
        writeFileSync(join(repository, `file-${file}.txt`), `${lines.join('\n')}\n`)
      }
      run('add', '.')
      run('commit', '-q', '-m', `commit ${commit}`)
    }
  },
  run: (heap, folder, timeoutMs, more) =>
    runUnder(heap, ['sh', '-ec', clone, 'sh', `file://${folder}/repository`, `${folder}/clone-${heap}`], {
      timeoutMs,
      env: { ...process.env, ...gitEnvironment },
      ...more,
    }),
}

/** file:// goes through upload-pack and index-pack, which a plain path would not. */
const clone = `
git -c gc.auto=0 clone -q "$1" "$2"
cd "$2"
git fsck --no-progress
git log --format='%H %s'
git status --short
git diff --stat HEAD~4
`

const compiler: RealProgram = {
  name: 'g++ compiling a C++ file',
  lacking: () => lackingTool('g++', 'g++'),
  prepare: (folder) => writeFileSync(join(folder, 'types.cpp'), manyTypes),
  run: (heap, folder, timeoutMs, more) => {
    const script = 'g++ -std=c++17 -O1 -c types.cpp -o "$1.o" && sha256sum < "$1.o"'
    return runUnder(heap, ['sh', '-ec', script, 'sh', heap], { timeoutMs, cwd: folder, ...more })
  },
}

const node: RealProgram = {
  name: 'node as an HTTP server under load',
  lacking: nothing,
  run: serveNode,
}

const redis: RealProgram = {
  name: 'redis-server under redis-benchmark',
  lacking: () => lackingTool('redis-server', 'redis-server') ?? lackingTool('redis-benchmark', 'redis-tools'),
  run: serveRedis,
}

const sqlite: RealProgram = {
  name: 'sqlite3 importing 100,000 rows',
  lacking: () => lackingTool('sqlite3', 'sqlite3'),
  prepare(folder) {
    const rows = Array.from({ length: 100_000 }, (_, i) => `${i},${(i * 7919) % 100_003},name ${i % 997}`)
    writeFileSync(join(folder, 'rows.csv'), `id,value,name\n${rows.join('\n')}\n`)
  },
  run: (heap, folder, timeoutMs, more) => {
    const commands = [
      'pragma journal_mode = memory',
      '.mode csv',
      '.import rows.csv rows',
      'create index by_name on rows (name, value)',
      'select count(*), sum(value), count(distinct name) from rows',
      'select name, count(*), max(cast(value as int)) from rows group by name order by 3 desc, 1 limit 20',
      'select group_concat(value) from (select value from rows where id % 1000 = 7 order by value)',
    ]
    return runUnder(heap, ['sqlite3', `${heap}.db`, ...commands], { timeoutMs, cwd: folder, ...more })
  },
}

const threads: RealProgram = {
  name: 'a C++ program with 100 threads',
  lacking: nothing,
  prepare: async (folder) => {
    await compile(folder, { name: 'threads', source: hundredThreads, language: 'c++', flags: ['-O2', '-pthread'] })
  },
  run: (heap, folder, timeoutMs, more) => runUnder(heap, [join(folder, 'threads')], { timeoutMs, ...more }),
}

const forking = () => findProgram('fork/busy-threads')

const forks: RealProgram = {
  name: '300 forks while 4 threads allocate',
  lacking: nothing,
  silent: true,
  run: (heap, _folder, timeoutMs, more) => runUnder(heap, [forking().program], { timeoutMs, ...more }),
}

const forksWithHandlers: RealProgram = {
  name: '300 forks with a preloaded library whose early atfork handlers allocate',
  lacking: nothing,
  silent: true,
  run: (heap, _folder, timeoutMs, more) =>
    runUnder(heap, [forking().program], {
      timeoutMs,
      env: { ...process.env, LD_PRELOAD: libraryFile('early-atfork') },
      ...more,
    }),
}

/** All of them. */
export const realPrograms: readonly RealProgram[] = [
  ...[ls, bash, pythonTests, git, compiler, node, redis, sqlite, threads, forks, forksWithHandlers],
]
