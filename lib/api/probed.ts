/** A comparison with the probe in front of its heaps: which metrics that gives, and which metrics ask for it. */

import { addMetrics, type CompareMetric, levelsNeeded, metricsOfLevels } from '../compare/index.ts'
import { probeSettings } from '../launch/probe-settings.ts'
import type { ProbeSettings } from '../types.ts'
import type { WorkloadOptions } from './compare.ts'

/** Metrics with those of the probe, and the probe with the levels that they need; none where neither asks for it. */
export function probedMetrics(
  metrics: CompareMetric[],
  asked: WorkloadOptions['probe'],
): { metrics: CompareMetric[]; probe: ProbeSettings | undefined } {
  const needed = levelsNeeded(metrics)
  if (asked === undefined) return { metrics, probe: needed.length === 0 ? undefined : probeSettings(needed) }
  const settings = probeSettings(asked)
  const probe = probeSettings({ ...settings, levels: [...settings.levels, ...needed] })
  return { metrics: addMetrics(metrics, metricsOfLevels(settings.levels)), probe }
}
