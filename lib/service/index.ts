/**
 * Services: a server under a heap, and a load that runs without one. `prepareService` finds what can be wrong before
 * the first run; `runService` is one run, in the shape of a comparison's.
 */

export { prepareService, type ServiceWords } from './prepare.ts'
export { runService } from './run.ts'
export type * from './types.ts'
