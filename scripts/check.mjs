// All that must hold, in the order in which it is cheap to find out. CI runs exactly this; a step whose tool is missing
// is skipped by name, except in CI, where a skip is a failure.
//
//   node scripts/check.mjs [--long] [STEP...]

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const ci = process.env.CI === 'true'
const node = process.execPath
const bin = (name) => `node_modules/.bin/${name}`
const cliTest = (name) => `test/cli/${name}.test.ts`

/** Name, what it needs on the PATH, and the commands. */
const steps = [
  ...(ci ? [{ name: 'dependencies', commands: [['bash', 'scripts/test-deps.sh']] }] : []),
  { name: 'format', commands: [[node, 'scripts/format.mjs', '--check']] },
  { name: 'types', commands: [[bin('tsc'), '--noEmit', '-p', '.']] },
  { name: 'build', commands: [['npm', 'run', '--silent', 'build']] },
  {
    name: 'build:cmake',
    needs: ['cmake'],
    commands: [
      [node, 'scripts/build-cmake.mjs'],
      ['ctest', '--test-dir', 'build-cmake', '--parallel', '2', '--output-on-failure'],
    ],
  },
  { name: 'tidy', needs: ['cmake', 'clang-tidy'], commands: [[node, 'scripts/tidy.mjs']] },
  { name: 'asan', needs: ['cmake'], commands: [[node, 'scripts/sanitize.mjs', 'address']] },
  { name: 'tsan', needs: ['cmake'], commands: [[node, 'scripts/sanitize.mjs', 'thread']] },
  { name: 'tests', commands: [[bin('vitest'), 'run']] },
  {
    name: 'tests of the CMake build',
    needs: ['cmake'],
    // Each product is run by one of these; what else the command line does is not of the build's making.
    commands: [[bin('vitest'), 'run', 'test/repo/exports', ...['lab', 'profile', 'run', 'suite'].map(cliTest)]],
    env: { ALLOC8_NATIVE_DIR: `${root}build-cmake/Release` },
  },
]

function has(tool) {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const env = { ...process.env, ...(process.argv.includes('--long') ? { ALLOC8_LONG: '1' } : {}) }
const skipped = []
for (const step of steps) {
  if (wanted.length > 0 && !wanted.includes(step.name)) continue
  const missing = (step.needs ?? []).filter((tool) => !has(tool))
  if (missing.length > 0) {
    skipped.push(`${step.name}: ${missing.join(', ')} not installed`)
    continue
  }
  console.log(`\n== ${step.name}`)
  const started = Date.now()
  for (const [command, ...args] of step.commands) {
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...env, ...step.env } })
    if (status !== 0) {
      console.error(`\ncheck failed: ${step.name}`)
      process.exit(1)
    }
  }
  console.log(`== ${step.name}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
for (const line of skipped) console.log(`skipped ${line}`)
if (ci && skipped.length > 0) process.exit(1)
