/**
 * Before all tests: the native part must be built, and tests must not inherit what would change their targets.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** vitest calls this once. */
export default function setup(): void {
  const folder = process.env['ALLOC8_NATIVE_DIR'] ?? fileURLToPath(new URL('../../build/Release', import.meta.url))
  if (!existsSync(`${folder}/alloc8-launch`)) {
    throw new Error(`${folder} has no alloc8-launch: run \`npm run build\` first`)
  }
  for (const name of ['LD_PRELOAD', 'ALLOC8_SESSION', 'MALLOC_CONF', 'GLIBC_TUNABLES']) delete process.env[name]
}
