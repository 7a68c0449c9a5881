// What the parts of the benchmark share: the folders, compiling its small programs, medians, rows of the table.
//
// A row is { what, value, unit, against, reference, budget, note } (budget and note may be null); one that could not be
// measured is { what, skipped } with the reason.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, without a slash behind. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The folder of the native products. */
export const nativeFolder = path.resolve(root, process.env.ALLOC8_NATIVE_DIR ?? 'build/Release')

/** The path of a native product. Throws Unmeasurable where it was not built. */
export function product(name) {
  const file = path.join(nativeFolder, name)
  if (!existsSync(file)) throw new Unmeasurable(`${file} is not built; run \`npm run build\``)
  return file
}

/** The reason why something cannot be measured here. */
export class Unmeasurable extends Error {}

/** Throws Unmeasurable unless the tool is on the PATH. */
export function need(tool, debianPackage = tool) {
  if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) {
    throw new Unmeasurable(`${tool} is not installed (Debian: apt-get install ${debianPackage})`)
  }
}

/** Runs a compiler from the root. Throws with what it said. */
export function compile(compiler, args) {
  try {
    execFileSync(compiler, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    throw new Error(`${compiler} ${args.join(' ')}\n${error.stderr}`)
  }
}

/** The middle of some numbers; the mean of the two middle ones where there is no middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** An environment in which nothing of alloc8 or of another allocator is set, with additions. */
export function cleanEnvironment(additions = {}) {
  const names = ['LD_PRELOAD', 'ALLOC8_SESSION', 'GLIBC_TUNABLES', 'MALLOC_CONF']
  const inherited = Object.entries(process.env).filter(([name]) => !names.includes(name))
  return { ...Object.fromEntries(inherited), ...additions }
}
