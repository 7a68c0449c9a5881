/**
 * Before all tests: the native part must be built, the programs that they run are made anew where a source of theirs has
 * changed, and tests must not inherit what would change their targets.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { faults, kitOutput } from './programs.ts'

/**
 * By how much the programs' own deadlines are put off, 30 s most of them: there are machines whose kernel takes fifty
 * times as long for a page or a fork, and a deadline is to tell a deadlock from an end only.
 */
const SLOWNESS = '8'

/** vitest calls this once. */
export default function setup(): void {
  const folder = process.env['ALLOC8_NATIVE_DIR'] ?? fileURLToPath(new URL('../../build/Release', import.meta.url))
  if (!existsSync(`${folder}/alloc8-launch`)) {
    throw new Error(`${folder} has no alloc8-launch: run \`npm run build\` first`)
  }
  const kit = fileURLToPath(new URL('../../native/conformance', import.meta.url))
  make(kit, kitOutput())
  make(faults.sources, faults.output)
  process.env['PROGRAM_SLOWNESS'] = SLOWNESS
  for (const name of ['LD_PRELOAD', 'ALLOC8_SESSION', 'MALLOC_CONF', 'GLIBC_TUNABLES']) delete process.env[name]
}

function make(folder: string, output: string): void {
  execFileSync('make', ['--silent', '-C', folder, '-j', '2', `OUT=${output}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
