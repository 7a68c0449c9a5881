/**
 * Where duets and runs alone contradict each other. Both are measured where a comparison asks for CPU time and for
 * something that needs runs alone, so that it costs nothing to look.
 */

import { pairedRatio } from '../stats/index.ts'
import { sampleValue, subjectValues } from './cells.ts'
import type { ComparisonOptions, SubjectRuns } from './types.ts'

/**
 * Where CPU time was measured in duets and alone as well, both should tell the same; a program whose speed hangs on a
 * cache that it then shares may not.
 */
export function duetDisagreements({ metrics, seed }: ComparisonOptions, runs: readonly SubjectRuns[]): string[] {
  const [baseline, ...candidates] = runs
  if (baseline === undefined || baseline.duets === null || baseline.samples === baseline.duets.own) return []
  const alone = (heap: SubjectRuns, metric: string) => heap.samples.map((sample) => sampleValue(sample, metric))
  return metrics.flatMap(({ name }) =>
    candidates.flatMap((heap) => {
      if (!heap.duets?.metrics.has(name)) return []
      const partners = heap.duets.partners.map((sample) => sampleValue(sample, name))
      const together = pairedRatio(subjectValues(heap, name), partners, { seed })
      const apart = pairedRatio(alone(heap, name), alone(baseline, name), { seed })
      if (together.low === null || apart.low === null) return []
      if (together.low <= (apart.high ?? 0) && apart.low <= (together.high ?? 0)) return []
      const [inDuets, byItself] = [together, apart].map(({ low, high }) => `[${low?.toFixed(3)}, ${high?.toFixed(3)}]`)
      return [
        `${heap.spec} has another ratio of ${name} in duets, ${inDuets}, than alone, ${byItself}: the two programs share ` +
          'caches, and this one depends on them. Where it will have the machine to itself, use --pairing alone',
      ]
    }),
  )
}
