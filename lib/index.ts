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
export { heapMapHtml, type LabRunOptions, lab, labExperiments, pictureSvg } from './api/lab.ts'
export { profile } from './api/profile.ts'
export { type RunOptions, run } from './api/run.ts'
export { openSession, runningSessions, type StartedRun, start } from './api/session.ts'
export { compareSuite, defineConfig, type SuiteOptions } from './api/suite.ts'
export { Alloc8Error, type ErrorCode, errorCodes } from './errors.ts'
export {
  type Address,
  Batch,
  type BatchOptions,
  type MmapOptions,
  memoryFlags,
} from './lab/batch.ts'
export type { BatchResult, Later } from './lab/batch-result.ts'
export { outcomeOf, PuppetDied, PuppetHung, type StackFrame } from './lab/died.ts'
export { defineExperiment, type Experiment, Facts, type Lab } from './lab/experiment.ts'
export { type HeapMapOptions, heapMap } from './lab/heap-map.ts'
export type { ProcessEnd } from './lab/kernel-words.ts'
export { type LoadedHeap, loadHeap } from './lab/loaded-heap.ts'
export type { Mapping, MemorySums, PageState } from './lab/memory.ts'
export type { PuppetProcess } from './lab/process.ts'
export { type Puppet, type PuppetOptions, puppet } from './lab/puppet.ts'
export type { LabProgress } from './lab/run.ts'
export type { Mallinfo, PuppetThread, ThreadEnding } from './lab/thread.ts'
export * as theory from './theory/index.ts'
export type * from './types.ts'
