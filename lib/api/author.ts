/** `build()` and `create()`: a preload library from a heap's sources, and the sources of a heap to begin with. */

import { join } from 'node:path'
import { type BuildOptions, type BuildResult, buildHeap, type CreateResult, createHeap } from '../author/index.ts'
import { packageRoot } from '../binding/native.ts'

export type { BuildOptions, BuildResult, BuildWarning, CreateResult } from '../author/index.ts'

/**
 * Compiles a heap's sources into a preload library, as fast as one with hand-written exports.
 *
 * @throws Alloc8Error USAGE, SOURCE, COMPILER, COMPILE (with all of the compiler's words), OUTPUT_PATH, ABORTED
 */
export function build(options: BuildOptions): Promise<BuildResult> {
  return buildHeap(join(packageRoot, 'native'), options)
}

/**
 * Writes the project of a new heap into a folder of its name: class, CMake, test, README; it works at once.
 *
 * @param parent where the folder is made; default: the current folder
 * @throws Alloc8Error USAGE, OUTPUT_PATH
 */
export function create(name: string, parent: string = process.cwd()): CreateResult {
  return createHeap(join(packageRoot, 'lib/author/template'), name, parent)
}
