// The main job on a real program: a Node program that makes thumbnails, under every allocator that this machine has.
// Prints the command that it runs; further arguments are passed on (`npm run demo -- --blocks 15`).

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)
const options = ['--metric', 'peak-rss', '--metric', 'wall', '--blocks', '7', ...given]
const target = ['node', 'examples/thumbnails/thumbnails.mjs']
console.log(`$ npx alloc8 compare ${[...options, '--', ...target].join(' ')}\n`)
const { status, signal } = spawnSync(process.execPath, ['dist/cli/main.js', 'compare', ...options, '--', ...target], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? (signal === null ? 1 : 130))
