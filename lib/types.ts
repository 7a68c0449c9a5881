/**
 * The shapes of alloc8's results, as DESIGN's "Results" names them: plain data, units in the names, the same objects
 * that the functions return and that `--json` writes. Fields may be added; none is renamed. `schema` is the version
 * of the shape; the JSON Schemas stand in `schema/`.
 */

export type * from './types/check.ts'
export type * from './types/compare.ts'
export type * from './types/config.ts'
export type * from './types/doctor.ts'
export type * from './types/gate.ts'
export type * from './types/heaps.ts'
export type * from './types/lab.ts'
export type * from './types/probe.ts'
export type * from './types/profile.ts'
export type * from './types/run.ts'
export type * from './types/session.ts'
export type * from './types/verdict.ts'
