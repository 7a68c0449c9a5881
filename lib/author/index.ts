/** For authors of heaps: a new project, and a library from its sources. */

export { type BuildOptions, type BuildResult, buildHeap } from './build.ts'
export { type CreateResult, createHeap } from './create.ts'
export type { BuildWarning } from './lint.ts'
