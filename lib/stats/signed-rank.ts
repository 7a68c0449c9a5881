/**
 * Wilcoxon's signed-rank test and Holm's correction: what reviewers ask for beside an interval. They say whether there
 * is a difference, not how large it is, so that no verdict looks at them.
 */

import { normalTail } from './distributions.ts'

/** Most pairs for which the distribution is counted out; beyond, the normal one is within 0.001 of it. */
export const EXACT_PAIRS = 25

/** Values with their ranks doubled (ties share the mean of their ranks, which may end in a half); zeros left out. */
function signedRanks(values: readonly number[]): { value: number; rank: number }[] {
  const sorted = values.map((value) => ({ value, rank: 0 })).sort((a, b) => Math.abs(a.value) - Math.abs(b.value))
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    const size = Math.abs(sorted[from]?.value as number)
    while (to < sorted.length && Math.abs(sorted[to]?.value as number) === size) to++
    for (const tied of sorted.slice(from, to)) tied.rank = from + 1 + to
  }
  return sorted.filter(({ value }) => value !== 0)
}

/**
 * The probability of a sum of positive ranks as far from the middle as `sum`, when each rank's sign is a fair coin:
 * the number of sets of ranks with each sum, by the recurrence that a rank is in the set or not.
 */
function exactP(ranks: readonly number[], sum: number): number {
  const total = ranks.reduce((all, rank) => all + rank, 0)
  const sets = new Float64Array(total + 1)
  sets[0] = 1
  for (const rank of ranks) {
    for (let at = total; at >= rank; at--) sets[at] = (sets[at] as number) + (sets[at - rank] as number)
  }
  const distance = Math.abs(2 * sum - total)
  let extreme = 0
  for (const [at, count] of sets.entries()) if (Math.abs(2 * at - total) >= distance) extreme += count
  return extreme / 2 ** ranks.length
}

/** The same by the normal distribution. The squares of the ranks as they are tied make the correction for ties. */
function normalP(ranks: readonly number[], sum: number): number {
  const total = ranks.reduce((all, rank) => all + rank, 0)
  const deviation = Math.sqrt(ranks.reduce((all, rank) => all + rank * rank, 0)) / 2
  // Half a rank of continuity, which is one in doubled ranks.
  const distance = Math.max(0, Math.abs(sum - total / 2) - 1)
  return Math.min(1, 2 * normalTail(distance / deviation))
}

/**
 * The two-sided p of Wilcoxon's signed-rank test of differences against 0 (Biometrics Bulletin 1, 1945): exact up to
 * 25 differences, ties and all, else by the normal distribution with corrections for ties and continuity. Zeros are
 * treated as Pratt does (Journal of the American Statistical Association 54, 1959): they are ranked with the others and
 * then left out, as a test that forgot them would find a difference more surely the more pairs show none. 1 when all
 * are zero; a value that is not finite, or none at all, is a RangeError.
 */
export function signedRankP(differences: readonly number[]): number {
  if (differences.length === 0) throw new RangeError('signedRankP: expected at least one value, got none')
  for (const value of differences) {
    if (!Number.isFinite(value)) throw new RangeError(`signedRankP: expected finite values, got ${value}`)
  }
  const signed = signedRanks(differences)
  if (signed.length === 0) return 1
  const ranks = signed.map(({ rank }) => rank)
  const sum = signed.reduce((all, { value, rank }) => all + (value > 0 ? rank : 0), 0)
  return differences.length <= EXACT_PAIRS ? exactP(ranks, sum) : normalP(ranks, sum)
}

/**
 * Holm's correction (Scandinavian Journal of Statistics 6, 1979) of several tests' p values: calling those below 0.05
 * real is wrong anywhere at most once in twenty such families. In the order given.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  const result = new Array<number>(ps.length).fill(1)
  let most = 0
  for (const [rank, { p, index }] of order.entries()) {
    most = Math.max(most, Math.min(1, p * (ps.length - rank)))
    result[index] = most
  }
  return result
}
