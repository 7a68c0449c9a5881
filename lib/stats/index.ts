/**
 * Statistics of alloc8: numbers in, numbers out. Nothing here knows of heaps, files or processes, and nothing imports
 * anything from outside this folder.
 */

export { type Decision, decide, type RatioBounds } from './decide.ts'
export { normalTail, studentT } from './distributions.ts'
export { type BootstrapOptions, type MeanInterval, meanInterval, meanOfMeansInterval } from './interval.ts'
export { type PlannedLooks, plannedLooks } from './looks.ts'
export {
  combinedRatio,
  haveRatio,
  logRatio,
  MINIMUM_PAIRS,
  type PairedLogs,
  type PairedRatio,
  pairedLogs,
  pairedRatio,
} from './paired.ts'
export { type Point, paretoSet } from './pareto.ts'
export { type SampledSum, sampledSum } from './poisson.ts'
export { Rng } from './rng.ts'
export { EXACT_PAIRS, holm, signedRankP } from './signed-rank.ts'
export { geometricMean, mad, mean, median, modifiedZ, quantile } from './summary.ts'
export { type Trend, trend } from './trend.ts'
export { type UnpairedRatio, unpairedRatio } from './unpaired.ts'
