/** Live blocks at two moments, compared: what was allocated between them and is still there, which is how leaks are found. */

/** What a snapshot has of a block; a number, where there is one, tells it from an earlier one at the same address. */
export interface SnapshotBlock {
  address: bigint
  size: number
  number?: number
}

/** The blocks of the later snapshot that the earlier one has not. */
export function added<T extends SnapshotBlock>(before: readonly T[], after: readonly T[]): T[] {
  const known = new Map(before.map(({ address, number }) => [address, number]))
  return after.filter(({ address, number }) => !known.has(address) || known.get(address) !== number)
}

/** The sum of their sizes. */
export function bytesOf(blocks: readonly SnapshotBlock[]): number {
  return blocks.reduce((sum, { size }) => sum + size, 0)
}
