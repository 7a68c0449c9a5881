// Formats both languages, or checks that they are formatted: Biome for TypeScript and JSON, clang-format for C and C++.
//
//   node scripts/format.mjs --write | --check

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const write = process.argv.includes('--write')
const run = (command, args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' })

let failed = run('node_modules/.bin/biome', ['check', ...(write ? ['--write'] : []), '.']).status !== 0
const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.c', '*.cpp', '*.h'], {
  cwd: root,
  encoding: 'utf8',
})
const files = listed.stdout.split('\n').filter((file) => file !== '')
const formatted = run('clang-format', write ? ['-i', ...files] : ['--dry-run', '--Werror', ...files])
if (formatted.error) {
  console.log('skipped clang-format: not installed (Debian: apt-get install clang-format)')
  failed ||= process.env.CI === 'true'
} else {
  failed ||= formatted.status !== 0
}
if (failed && !write) console.error('Not formatted: run `npm run format`.')
process.exit(failed ? 1 : 0)
