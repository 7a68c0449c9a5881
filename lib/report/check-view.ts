/** What all reports of a check show: its cases counted, its failures in order, its misuse as one row. */

import type { CaseOutcome, CheckedHeap, CheckResult, MisuseOutcome } from '../types.ts'

/** How many cases of a heap passed, failed and were skipped. */
export type CaseCounts = Record<CaseOutcome, number>

/** How many misuses of a heap were stopped, masked and silent. */
export type MisuseCounts = Record<MisuseOutcome, number>

/** The cases of a heap counted, of one group where one is named. */
export function caseCounts({ cases }: CheckedHeap, group?: string): CaseCounts {
  const of = group === undefined ? cases : cases.filter((each) => each.group === group)
  const count = (outcome: CaseOutcome) => of.filter((each) => each.outcome === outcome).length
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') }
}

/** The misuses of a heap counted. */
export function misuseCounts({ misuse }: CheckedHeap): MisuseCounts {
  const count = (outcome: MisuseOutcome) => misuse.filter((each) => each.outcome === outcome).length
  return { stopped: count('stopped'), masked: count('masked'), silent: count('silent') }
}

/** The groups of a result's cases, in the kit's order. */
export function groupsOf({ heaps }: CheckResult): string[] {
  return [...new Set(heaps.flatMap(({ cases }) => cases.map(({ group }) => group)))]
}

/** The reasons of skipped cases, each with its cases. */
export function skipReasons({ cases }: CheckedHeap): { reason: string; ids: string[] }[] {
  const reasons = new Map<string, string[]>()
  for (const { id, outcome, message } of cases) {
    if (outcome === 'skip') reasons.set(message, [...(reasons.get(message) ?? []), id])
  }
  return [...reasons].map(([reason, ids]) => ({ reason, ids }))
}

/** `jemalloc 5.3.0`: the heap as it was asked for, with its version where that is known. */
export function heapTitle({ heap, version }: CheckedHeap): string {
  return version === null ? heap : `${heap} ${version}`
}

/** Whether any heap was tried by misuse: zeros of what was not tried would be taken for findings. */
export function hasMisuse({ heaps }: CheckResult): boolean {
  return heaps.some(({ misuse }) => misuse.length > 0)
}
