// Builds everything with CMake into build-cmake: the addon through cmake-js, whose Node API headers come from npm, so
// that nothing is downloaded, and the preload libraries, the launcher, the workloads and the native tests beside it.
//
//   node scripts/build-cmake.mjs

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { buildConformance } from './conformance.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js')
const done = spawnSync(process.execPath, [cmakeJs, 'compile', '--out', 'build-cmake', '--parallel', '2'], {
  cwd: root,
  stdio: 'inherit',
})
if (done.status !== 0) {
  console.error('alloc8: the CMake build failed. It needs cmake 3.21 or newer, make and g++ 11 or newer.')
  process.exit(1)
}
if (!buildConformance(`${root}build-cmake/Release/conformance`)) process.exit(1)
