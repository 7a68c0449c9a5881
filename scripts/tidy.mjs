// clang-tidy over the native sources, with the flags of the CMake build.
//
//   node scripts/tidy.mjs

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { products, sourcesOf } from './sources.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
// Not the addon, whose headers come from npm and are not ours to mend.
const files = new Set(Object.keys(products).flatMap((name) => (name === 'alloc8' ? [] : sourcesOf(name))))
const configured = spawnSync(
  'cmake',
  ['-S', '.', '-B', 'build-tidy', '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON', '-DALLOC8_BUILD_TESTS=OFF'],
  {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  },
)
if (configured.status !== 0) process.exit(1)
// gcc's flags that clang does not know are no finding.
const args = [
  '-p',
  'build-tidy',
  '--quiet',
  '--extra-arg=-Wno-unknown-warning-option',
  '--extra-arg=-Wno-ignored-optimization-argument',
]
const found = spawnSync('xargs', ['-n', '4', '-P', '2', 'clang-tidy', ...args], {
  cwd: root,
  input: [...files].join('\n'),
  stdio: ['pipe', 'inherit', 'pipe'],
  encoding: 'utf8',
})
if (found.status !== 0) {
  process.stderr.write(found.stderr)
  process.exit(1)
}
