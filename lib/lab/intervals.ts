/**
 * Whether ranges of addresses overlap: blocks that were handed out twice, arenas that were carved or mapped over one
 * another. Sorts once and looks at each range once more, so that a million blocks are no trouble.
 */

/** A range of addresses. One of no bytes covers nothing and overlaps nothing. */
export interface Interval {
  start: bigint
  bytes: number
}

/** Two ranges that share bytes. */
export interface Overlap<T extends Interval> {
  /** The one that begins first. */
  first: T
  second: T
  /** Where what they share begins, and how much it is. */
  start: bigint
  bytes: number
}

const endOf = ({ start, bytes }: Interval) => start + BigInt(bytes)

function sorted<T extends Interval>(intervals: readonly T[]): T[] {
  const some = intervals.filter(({ bytes }) => bytes > 0)
  return some.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
}

/**
 * Every range that begins within an earlier one, with the one of those that reaches furthest; in order of addresses.
 * Empty just where no two ranges share a byte.
 */
export function findOverlaps<T extends Interval>(intervals: readonly T[]): Overlap<T>[] {
  const overlaps: Overlap<T>[] = []
  let furthest: T | undefined
  for (const second of sorted(intervals)) {
    const end = endOf(second)
    const reached = furthest === undefined ? second.start : endOf(furthest)
    if (furthest !== undefined && second.start < reached) {
      const bytes = Math.min(second.bytes, Number(reached - second.start))
      overlaps.push({ first: furthest, second, start: second.start, bytes })
    }
    if (furthest === undefined || end > reached) furthest = second
  }
  return overlaps
}

/** The ranges of which a byte lies in none of the areas. Areas may touch one another, and overlap. */
export function findOutside<T extends Interval>(intervals: readonly T[], areas: readonly Interval[]): T[] {
  const joined: { start: bigint; end: bigint }[] = []
  for (const area of sorted(areas)) {
    const last = joined.at(-1)
    const end = endOf(area)
    if (last === undefined || area.start > last.end) joined.push({ start: area.start, end })
    else if (end > last.end) last.end = end
  }
  let i = 0
  return sorted(intervals).filter((interval) => {
    let area = joined[i]
    while (area !== undefined && area.end <= interval.start) area = joined[++i]
    return area === undefined || interval.start < area.start || endOf(interval) > area.end
  })
}
