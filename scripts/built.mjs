// `npx alloc8` in a clone runs the install scripts of the clone once more, silently, and under whatever else is running.
// What is there already is then good enough; `npm run build` builds anew.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Whether npx is asking and `file`, a path from the repository's root, has been built. */
export function builtForExec(file) {
  return process.env.npm_command === 'exec' && existsSync(fileURLToPath(new URL(`../${file}`, import.meta.url)))
}
