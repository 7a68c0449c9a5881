// Compiles lib/ into dist/.
//
//   node scripts/build-lib.mjs

import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { builtForExec } from './built.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
if (!builtForExec('dist/cli/main.js')) {
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
  chmodSync(`${root}dist/cli/main.js`, 0o755)
}
