/** How addresses lie to one another: steps, distances between threads, and the stretches that threads have to themselves. */

/** A block as it was asked for. */
export interface Placed {
  address: bigint
  size: number
}

/** From each address to the next one, in the order given. */
export function stepsOf(addresses: readonly bigint[]): bigint[] {
  return addresses.slice(1).map((address, i) => address - (addresses[i] ?? 0n))
}

/** By address, the lowest first. */
export function ascending(addresses: readonly bigint[]): bigint[] {
  return [...addresses].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** The value that more than half of them have; null where none has. */
export function usual(values: readonly bigint[]): bigint | null {
  const counts = new Map<bigint, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const found = [...counts].find(([, count]) => count * 2 > values.length)
  return found?.[0] ?? null
}

/** Each block with a number for its owner, by address. */
function labelled(owners: readonly (readonly Placed[])[]): (Placed & { owner: number })[] {
  const all = owners.flatMap((blocks, owner) => blocks.map((block) => ({ ...block, owner })))
  return all.sort((a, b) => (a.address < b.address ? -1 : 1))
}

/** The least distance from the end of one owner's block to the start of another's behind it; null of a single owner. */
export function leastDistance(owners: readonly (readonly Placed[])[]): bigint | null {
  const blocks = labelled(owners)
  let least: bigint | null = null
  for (const [i, block] of blocks.entries()) {
    const before = blocks[i - 1]
    if (before === undefined || before.owner === block.owner) continue
    const distance = block.address - before.address - BigInt(before.size)
    if (least === null || distance < least) least = distance
  }
  return least
}

const LEAST_STRETCH = 16n
const MOST_STRETCH = 1n << 40n

/**
 * The largest power of two such that no stretch of it, at a multiple of it, holds a byte of two owners. 0 where even 16
 * bytes do; null where one owner is all there is.
 */
export function unsharedStretch(owners: readonly (readonly Placed[])[]): bigint | null {
  const blocks = labelled(owners.filter((each) => each.length > 0))
  if (new Set(blocks.map(({ owner }) => owner)).size < 2) return null
  for (let stretch = MOST_STRETCH; stretch >= LEAST_STRETCH; stretch /= 2n) {
    // Nested blocks apart, two owners that meet in a stretch are neighbours in it.
    const isShared = blocks.some((block, i) => {
      const before = blocks[i - 1]
      if (before === undefined || before.owner === block.owner) return false
      return (before.address + BigInt(Math.max(before.size, 1)) - 1n) / stretch >= block.address / stretch
    })
    if (!isShared) return stretch
  }
  return 0n
}

/** How many of some blocks have bytes in common with any of others. */
export function countMet(blocks: readonly Placed[], others: readonly Placed[]): number {
  return blocks.filter((block) => others.some((other) => meet(block, other))).length
}

/** Whether two blocks have bytes in common. */
export function meet(one: Placed, other: Placed): boolean {
  return one.address < other.address + BigInt(other.size) && other.address < one.address + BigInt(one.size)
}

/** How many groups blocks form when those less than a MiB apart belong together. */
export function groupsOf(blocks: readonly Placed[]): number {
  const distance = 1n << 20n
  return 1 + stepsOf(ascending(blocks.map(({ address }) => address))).filter((step) => step >= distance).length
}
