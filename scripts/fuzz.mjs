// Fuzzes the readers of what targets write, with clang's libFuzzer and the sanitizers of addresses and undefined
// behaviour. What it finds that is new stays in test/fuzz/corpus, made small; a crash is a failure, and its input is kept
// beside the build.
//
//   node scripts/fuzz.mjs [READER...] [--seconds N]     npm run fuzz: all, ten minutes in all

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A harness of each name is in test/fuzz; what it needs besides. */
const readers = {
  probe: ['native/record/probe_reader.cpp'],
  latency: ['native/record/latency_reader.cpp'],
  samples: ['native/record/samples_reader.cpp'],
  journal: ['native/record/journal_reader.cpp', 'native/record/witness_reader.cpp'],
  witness: ['native/record/witness_reader.cpp'],
}

/** As large as an input may be: a probe's file with one slot, as it stands. */
const mostBytes = 24 << 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '600' } },
})
const seconds = Number(values.seconds)
const unknown = positionals.filter((name) => !(name in readers))
if (unknown.length > 0 || !Number.isSafeInteger(seconds) || seconds < 1) {
  fail(`usage: node scripts/fuzz.mjs [${Object.keys(readers).join('] [')}] [--seconds N]`)
}
const compiler = ['clang++', ...[19, 18, 17, 16, 15, 14].map((version) => `clang++-${version}`)].find(has)
if (compiler === undefined) fail('there is no clang++: apt-get install clang (scripts/test-deps.sh does)')

const wanted = positionals.length > 0 ? positionals : Object.keys(readers)
for (const name of wanted) fuzz(name, Math.max(1, Math.floor(seconds / wanted.length)))

function fuzz(name, time) {
  const build = join(root, 'build-fuzz', name)
  const [found, small] = [join(build, 'found'), join(build, 'small')]
  const corpus = join(root, 'test/fuzz/corpus', name)
  // Inputs that once were too much for the reader: for ever, whether or not they reach anything new.
  const regressions = join(root, 'test/fuzz/regressions', name)
  const given = [corpus, ...(existsSync(regressions) ? [regressions] : [])]
  for (const folder of [found, corpus]) mkdirSync(folder, { recursive: true })
  const program = join(build, 'fuzz')
  const sources = [`test/fuzz/${name}.cpp`, ...readers[name]]
  const include = ['-Inative', '-Inative/include', '-Itest/fuzz']
  const checks = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all', '-g', '-O1']
  run(compiler, ['-std=c++20', ...checks, ...include, '-o', program, ...sources])
  const limits = [`-max_len=${mostBytes}`, '-timeout=10', '-rss_limit_mb=1024']
  run(program, [
    ...limits,
    `-max_total_time=${time}`,
    '-print_final_stats=1',
    `-artifact_prefix=${build}/`,
    found,
    ...given,
  ])
  // The fewest and smallest inputs that reach all that was reached.
  rmSync(small, { recursive: true, force: true })
  mkdirSync(small)
  run(program, [...limits, '-merge=1', small, ...given, found])
  rmSync(corpus, { recursive: true })
  renameSync(small, corpus)
  const files = readdirSync(corpus)
  const bytes = files.reduce((sum, file) => sum + statSync(join(corpus, file)).size, 0)
  console.log(`${name}: the corpus has ${files.length} inputs of ${bytes} bytes`)
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) fail(`${command} failed${error ? `: ${error.message}` : ''}`)
}

function has(tool) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, tool)))
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
