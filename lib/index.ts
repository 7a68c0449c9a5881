/** alloc8's public names: the functions behind the command line, their options, results and errors. */

export {
  type BuildOptions,
  type BuildResult,
  type BuildWarning,
  build,
  type CreateResult,
  create,
} from './api/author.ts'
export { type CheckOptions, check, conformanceCases } from './api/check.ts'
export { type CompareOptions, compare, type Progress } from './api/compare.ts'
export { type DoctorOptions, doctor } from './api/doctor.ts'
export { heaps } from './api/heaps.ts'
export { type RunOptions, run } from './api/run.ts'
export { compareSuite, defineConfig, type SuiteOptions } from './api/suite.ts'
export { Alloc8Error, type ErrorCode, errorCodes } from './errors.ts'
export * as theory from './theory/index.ts'
export type * from './types.ts'
