// Builds the programs of the conformance kit by its own Makefile.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const kit = fileURLToPath(new URL('../native/conformance', import.meta.url))

/** Builds into `output`; false, with make's own words on the terminal, where that fails. */
export function buildConformance(output) {
  const { status } = spawnSync('make', ['--silent', '-C', kit, '-j', '2', `OUT=${output}`], { stdio: 'inherit' })
  return status === 0
}
