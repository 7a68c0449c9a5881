/** Which cache lines hold blocks of several threads: what false sharing is made of, counted instead of timed. */

/** The bytes of a line on all machines of today that we run on; a fact states it. */
export const LINE = 64n

/** What was counted. */
export interface LineCount {
  /** Lines that hold a byte of a block. */
  lines: number
  /** Those of them that hold bytes of two threads or more. */
  shared: number
  /** By thread and thread: lines that both have blocks in; on the diagonal, lines of the thread. */
  matrix: number[][]
  /** Blocks whose next one by address is another thread's. */
  foreignNeighbours: number
}

/** Counts the lines under blocks of one size, given by thread. */
export function countLines(blocks: readonly (readonly bigint[])[], size: number): LineCount {
  const owners = new Map<bigint, Set<number>>()
  for (const [thread, own] of blocks.entries()) {
    for (const block of own) {
      for (let line = block / LINE; line <= (block + BigInt(size) - 1n) / LINE; ++line) {
        owners.set(line, (owners.get(line) ?? new Set()).add(thread))
      }
    }
  }
  const matrix = blocks.map(() => blocks.map(() => 0))
  let shared = 0
  for (const threads of owners.values()) {
    if (threads.size > 1) ++shared
    for (const a of threads) for (const b of threads) add(matrix, a, b)
  }
  const byAddress = blocks.flatMap((own, thread) => own.map((address) => ({ address, thread })))
  byAddress.sort((a, b) => (a.address < b.address ? -1 : 1))
  const foreignNeighbours = byAddress.filter(({ thread }, i) => i > 0 && byAddress[i - 1]?.thread !== thread).length
  return { lines: owners.size, shared, matrix, foreignNeighbours }
}

function add(matrix: number[][], row: number, column: number): void {
  const cells = matrix[row]
  if (cells !== undefined) cells[column] = (cells[column] ?? 0) + 1
}
