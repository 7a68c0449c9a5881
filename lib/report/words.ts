/** What metrics and ratios are called in sentences, headings and tables. */

import type { Signs } from './style.ts'
import { formatRatio, ratioDigits } from './units.ts'

const nouns: Record<string, { verb: string; noun: string }> = {
  wall: { verb: 'takes', noun: 'wall time' },
  user: { verb: 'takes', noun: 'user CPU time' },
  sys: { verb: 'takes', noun: 'system CPU time' },
  cpu: { verb: 'takes', noun: 'CPU time' },
  'peak-rss': { verb: 'uses', noun: 'peak memory' },
  faults: { verb: 'has', noun: 'page faults' },
  instructions: { verb: 'executes', noun: 'instructions' },
  'rss-mean': { verb: 'uses', noun: 'mean memory' },
  'rss-peak': { verb: 'uses', noun: 'peak memory over time' },
  'rss-after': { verb: 'uses', noun: 'memory after the load' },
  'peak-live': { verb: 'has', noun: 'peak live bytes' },
  allocations: { verb: 'makes', noun: 'allocations' },
  allocated: { verb: 'asks for', noun: 'bytes allocated' },
  'alloc-p50': { verb: 'has', noun: 'median time of an allocation' },
  'alloc-p99': { verb: 'has', noun: 'p99 of allocation times' },
  'alloc-p99.9': { verb: 'has', noun: 'p99.9 of allocation times' },
  'free-p50': { verb: 'has', noun: 'median time of a free' },
  'free-p99': { verb: 'has', noun: 'p99 of free times' },
  'free-p99.9': { verb: 'has', noun: 'p99.9 of free times' },
  waste: { verb: 'has', noun: 'usable over requested bytes' },
}

/** What a metric is called in a sentence or a heading. */
export function metricNoun(metric: string): string {
  return nouns[metric]?.noun ?? metric
}

/** What a heap does with a metric: takes time, uses memory. */
export const metricVerb = (metric: string) => nouns[metric]?.verb ?? 'has'

/** `0.84x` and `[0.80, 0.88]`, with the digits that the interval is worth. */
export function ratioTexts(cell: { ratio: number; low: number; high: number }, signs: Signs, digits?: number) {
  const shown = digits ?? ratioDigits(cell.low, cell.high)
  return {
    ratio: formatRatio(cell.ratio, shown) + signs.times,
    interval: `[${formatRatio(cell.low, shown)}, ${formatRatio(cell.high, shown)}]`,
  }
}

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
