// Builds the native tests with a sanitizer and runs them: `npm run test:asan`, `npm run test:tsan`.
//
//   node scripts/sanitize.mjs address|thread    (with address, undefined behaviour is checked too)

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const sanitizer = process.argv[2]
if (sanitizer !== 'address' && sanitizer !== 'thread') {
  console.error('usage: node scripts/sanitize.mjs address|thread')
  process.exit(2)
}
const folder = `build-${sanitizer}`
const steps = [
  ['cmake', '-S', '.', '-B', folder, `-DALLOC8_SANITIZE=${sanitizer}`, '-DCMAKE_BUILD_TYPE=Debug'],
  ['cmake', '--build', folder, '--parallel', '2'],
  ['ctest', '--test-dir', folder, '--parallel', '2', '--output-on-failure'],
]
for (const [command, ...args] of steps) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
