// Compiles lib/ into dist/ and makes `npx alloc8` in this folder mean what was just built: without the link, npx would
// install the folder into its own cache and run the install scripts again.
//
//   node scripts/build-lib.mjs

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(1)
chmodSync(`${root}dist/cli/main.js`, 0o755)
const link = `${root}node_modules/.bin/alloc8`
mkdirSync(`${root}node_modules/.bin`, { recursive: true })
rmSync(link, { force: true })
symlinkSync('../../dist/cli/main.js', link)
