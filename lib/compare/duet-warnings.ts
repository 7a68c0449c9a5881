/**
 * What is to be said of duets: which of them failed, and where they and runs alone contradict each other. Both are
 * measured where a comparison asks for CPU time and for something that needs runs alone, so that it costs nothing to look.
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

/**
 * Failures that only duets had: of a heap's partner, and of the heap itself where its runs alone are told of elsewhere.
 * `messagesOf` says what went wrong.
 */
export function failedDuets(
  runs: readonly SubjectRuns[],
  control: SubjectRuns,
  messagesOf: (failures: readonly { message: string }[]) => string,
): string[] {
  const baseline = runs[0]?.spec
  return [...runs.slice(1), control].flatMap((heap) => {
    if (heap.duets === null) return []
    const { own, partners } = heap.duets
    const label = heap === control ? `the control, ${heap.spec} a second time,` : heap.spec
    const sides = [
      { who: label, samples: heap.samples === own ? [] : own },
      { who: `its partner, ${baseline}`, samples: partners },
    ]
    const told = sides.flatMap(({ who, samples }) => {
      const failures = samples.flatMap(({ failure }) => failure ?? [])
      return failures.length === 0 ? [] : `${who} failed in ${failures.length} (${messagesOf(failures)})`
    })
    if (told.length === 0) return []
    const where = `of ${own.length} duets of ${label.replace(/,$/, '')}`
    return [`${where}, ${told.join(' and ')}: those count for nothing. See whether the command may run twice at once`]
  })
}
