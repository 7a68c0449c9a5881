/**
 * Comparisons: plan of blocks, runs through a runner that is passed in, result with intervals, verdicts, warnings.
 */

export { withTests } from './cell-tests.ts'
export { runComparison } from './compare.ts'
export { gateResult } from './gate.ts'
export { type MergeOptions, mergeResults, preventsRuns, type WorkloadResult } from './merge.ts'
export {
  addMetrics,
  builtinMetricNames,
  checkMetricsOf,
  defaultMetricNames,
  defaultMetrics,
  measuredValues,
  metricPattern,
  parseMetric,
  parseMetrics,
} from './metrics.ts'
export { LINE_LIMIT, type MatchedOutput, OutputMatcher, type OutputStream, TAIL_LIMIT } from './output.ts'
export { type OverallOptions, overallResults } from './overall.ts'
export { type ParetoOptions, paretoSets } from './pareto.ts'
export { type PlannedBlock, planBlocks } from './plan.ts'
export { levelsNeeded, metricsOfLevels, probeMetricNames, probeValues } from './probe-metrics.ts'
export { parseCompareResult } from './result-file.ts'
export { sinceResult } from './since.ts'
export type * from './types.ts'
export { type WarningCode, warningCodes } from './warnings.ts'
