/**
 * Comparisons: plan of blocks, runs through a runner that is passed in, result with intervals, verdicts, warnings.
 */

export { runComparison } from './compare.ts'
export {
  builtinMetricNames,
  defaultMetrics,
  measuredValues,
  metricPattern,
  parseMetric,
  parseMetrics,
} from './metrics.ts'
export { LINE_LIMIT, type MatchedOutput, OutputMatcher, type OutputStream, TAIL_LIMIT } from './output.ts'
export { type PlannedBlock, planBlocks } from './plan.ts'
export type * from './types.ts'
export { type WarningCode, warningCodes } from './warnings.ts'
