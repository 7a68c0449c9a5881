/**
 * Statistics of alloc8: numbers in, numbers out. Nothing here knows of heaps, files or processes, and nothing imports
 * anything from outside this folder.
 */

export { type Decision, decide, type RatioBounds } from './decide.ts'
export { type BootstrapOptions, type MeanInterval, meanInterval, studentT975 } from './interval.ts'
export { logRatio, MINIMUM_PAIRS, type PairedRatio, pairedRatio } from './paired.ts'
export { Rng } from './rng.ts'
export { geometricMean, mad, mean, median, modifiedZ, quantile } from './summary.ts'
export { type Trend, trend } from './trend.ts'
