/** Suites of which a part is missing: too few blocks, a setup that failed, a metric that only some have, open ends. */

import { mergeResults, type Runner, runComparison, type WorkloadResult } from '../../../lib/compare/index.ts'
import type { ComparisonOptions } from '../../../lib/compare/types.ts'
import type { CompareResult } from '../../../lib/types.ts'
import { crash, options, sample } from '../compare/machine.ts'

/** A workload of `a` and `b`: what `b` costs in time and memory, and which of the two fail. */
export function part(
  name: string,
  b: { s?: number; mem?: number; fails?: ('a' | 'b')[] } = {},
  more: Partial<ComparisonOptions> = {},
): Promise<CompareResult> {
  const runner: Runner = async ({ subject }) => {
    if (b.fails?.includes(subject === 1 ? 'b' : 'a')) return crash()
    return subject === 1 ? sample((b.s ?? 1) * 1e9, (b.mem ?? 1) * 50e6) : sample(1e9)
  }
  return runComparison(options(['a', 'b'], { workload: name, blocks: 6, ...more }), runner)
}

/** A workload that was not run, as its setup failed. */
export async function unrun(name: string): Promise<WorkloadResult> {
  const result = await part(name, {}, { signal: AbortSignal.abort() })
  const message = 'the setup command ended with exit status 7'
  return { result: { ...result, partial: false, warnings: [] }, problem: { phase: 'setup', message, hint: 'look' } }
}

/** The parts as a suite. */
export function inSuite(...parts: (CompareResult | WorkloadResult)[]): CompareResult {
  const all = parts.map((each) => ('result' in each ? each : { result: each }))
  return mergeResults(all, { seed: 1, threshold: 0.01, reproduce: null })
}

/** A comparison that goes on until it is decided, from 5 blocks on, and is stopped in the block after `blocks`. */
export function openEnded(blocks: number, more: Partial<ComparisonOptions> = {}): Promise<CompareResult> {
  const controller = new AbortController()
  const runner: Runner = async ({ subject, block }) => {
    if (block === blocks) controller.abort()
    return sample(1e9 * (subject === 1 && block % 2 === 0 ? 1.4 : 1))
  }
  return runComparison(
    options(['a', 'b'], { blocks: 5, untilDecided: true, signal: controller.signal, ...more }),
    runner,
  )
}
